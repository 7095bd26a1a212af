from .base import (
    test_access,
    test_region_migration,
    test_regions,
    test_roles,
    test_working_days,
)
from .chain import (
    test_canonical,
    test_event_check,
)
from .rulebook import (
    test_rulebook,
    test_rulebook_demo,
    test_rulebook_effects,
)
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
from .staff import (
    test_inspectors,
    test_qualifications,
    test_recusals,
)
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
    test_method_migration,
    test_paper,
    test_text_diff,
    test_workbook,
)
from .planning import (
    test_coverage,
    test_lists_and_plans,
    test_plan_generation,
    test_task_approval,
    test_task_strata,
)
from .draw import (
    test_assignment,
    test_certificate,
    test_chain_records,
    test_draw,
    test_draw_change,
    test_draw_doors,
    test_draw_room,
    test_eligibility,
    test_insiders,
    test_joint_draw,
    test_notices,
    test_randomness,
    test_verify_draw,
    test_verify_draw_differences,
    test_vrs,
    test_witnesses,
)
from .inspection import (
    test_inspection,
    test_risk,
)
from .exchange import (
    test_external_list,
    test_registry_attributes,
    test_registry_dates,
    test_registry_export,
    test_registry_import,
    test_registry_import_errors,
    test_registry_import_files,
    test_registry_import_inspectors,
    test_registry_import_keys,
    test_registry_upload,
    test_registry_workbook,
)
