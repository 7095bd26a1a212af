"""Import and export of the registries: a workbook or text file of any size becomes rows of a registry, and back.

``srsp.registry.import`` is the record with its file and workflow, ``srsp.registry.loader`` stages, checks and writes
the rows, ``srsp.registry.table`` knows the columns of one registry and writes exports and templates. Both are for
targets; what differs for inspectors is in ``srsp_registry_inspector``. The entry points are ``action_check``,
``action_import`` and ``_cron_run`` of the import, and ``_write_export``, ``_stream_csv`` and ``_write_template`` of a
table. The room may import every other room; no room imports it.
"""

from . import srsp_registry_table
from . import srsp_registry_import
from . import srsp_registry_import_report
from . import srsp_registry_loader
from . import srsp_registry_inspector
from . import srsp_registry_export
