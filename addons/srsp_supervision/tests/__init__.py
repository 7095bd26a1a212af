from . import test_assignment
from . import test_certificate
from . import test_chain_records
from . import test_draw
from . import test_draw_change
from . import test_draw_doors
from . import test_draw_room
from . import test_eligibility
from . import test_insiders
from . import test_inspection
from . import test_joint_draw
from . import test_notices
from . import test_registry_attributes
from . import test_registry_dates
from . import test_registry_export
from . import test_registry_import
from . import test_registry_import_errors
from . import test_registry_import_files
from . import test_registry_import_inspectors
from . import test_registry_import_keys
from . import test_registry_upload
from . import test_registry_workbook
from . import test_risk
from . import test_sources
from . import test_verify_draw
from . import test_verify_draw_differences
from . import test_vrs
from . import test_witnesses
from .base import (
    test_access,
    test_region_migration,
    test_regions,
    test_roles,
    test_working_days,
)
from .chain import test_canonical, test_event_check
from .rulebook import test_rulebook, test_rulebook_demo, test_rulebook_effects
from .registry import (
    test_contacts,
    test_demo_registry,
    test_key_target,
    test_registry_doors,
    test_registry_health,
    test_registry_insiders,
    test_search,
    test_target,
)
from .staff import test_inspectors, test_qualifications, test_recusals
from .lists import (
    test_demo_lists,
    test_legal_basis,
    test_list_access,
    test_list_calendar,
    test_list_comparison,
    test_list_cycle,
    test_list_diff,
    test_list_frozen,
    test_list_http,
    test_list_input,
    test_list_workbook,
    test_paper,
    test_text_diff,
    test_workbook,
)
from .planning import (
    test_coverage,
    test_external_list,
    test_lists_and_plans,
    test_plan_generation,
    test_task_approval,
    test_task_strata,
)
