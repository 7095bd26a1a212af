from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ...tools import clock
from ...tools.sql import copy_rows, set_local
from ...tools.tables.cells import CellError, Field, convert, show
from ...tools.workbook import WorkbookError
from ..registry.name_search import HASH
from ..registry.srsp_entity import REGISTERED
from . import srsp_registry_sql as sql
from .srsp_registry_import_report import MAX_CHANGES
from .srsp_registry_sql import ENTITY_VALUES, TARGET_VALUES
from .srsp_registry_table import ENTITY, KINDS, TARGET, TARGET_COLUMNS, TYPES, translate

# Per cent of the work that is done after a step.
STAGED, CHECKED = 60, 65


class SrspRegistryLoader(models.AbstractModel):
    """Brings the rows of a file into one registry, in temporary tables and by SQL.

    ``_stage``, ``_check`` and ``_load``, in this order, each take the import: its file goes into ``srsp_import_row``
    (row, a typed column per column of the registry), what is wrong with cells and rows into ``srsp_import_error``
    (row, column, value, reason, other), the rows to load into ``srsp_import_good`` (row, target_id, target_moves,
    entity_moves, proposes). ``srsp.registry.loader.target`` and ``srsp.registry.loader.inspector`` are the two there
    are, and define the last two steps; the environment is that of the import's user and company.
    """

    _name = "srsp.registry.loader"
    _description = "Import into a registry"

    @api.model
    def _stage(self, record, file):
        """Copy the rows below the headings of ``file`` into the staging tables.

        :raises WorkbookError: ``no_rows``, or what reading the file raises
        """
        table, mapping = record._get_table(), record._get_mapping()
        places = {c.kind: at for c, at in mapping}
        beside = {"attribute": places.get("sector")}
        fields = [
            Field(c.name, at, table._make_converter(c), c.required, beside.get(c.kind))
            for c, at in mapping
        ]
        self._create_stage(table)
        only_sector = "sector" not in places and table._get_only_sector_id()
        if only_sector and not record._is_extract():
            self._run_sql(sql.DEFAULT_SECTOR, sector=only_sector)
        names = ["row", *(field.name for field in fields)]
        found = False
        for block in file.blocks():
            if record.with_hidden:
                marks = [mark for mark in block.marks if mark.reason != "hidden_row"]
                block = block._replace(marks=marks)
            good, bad = convert(block, fields, record.header_row)
            copy_rows(self.env.cr, "srsp_import_row", names, good)
            copy_rows(self.env.cr, "srsp_import_error", CellError._fields, bad)
            found = found or bool(good or bad)
            record._set_progress(file.done * STAGED)
        if not found:
            raise WorkbookError("no_rows")
        self.env.cr.execute("ANALYZE srsp_import_row, srsp_import_error")

    def _create_stage(self, table):
        set_local(self.env.cr, work_mem="128MB", default_statistics_target="10")
        columns = [
            SQL("%s %s", SQL.identifier(c.name), SQL(TYPES[c.kind]))
            for c in table._get_columns()
        ]
        self._run_sql(sql.CREATE_STAGE, columns=SQL(", ").join(columns))

    @api.model
    def _check(self, record):
        """Count on the import the rows of ``srsp_import_good``, which the loader of a registry has filled.

        What is wrong with rows as a whole has been added to the errors; nothing in the registry has changed.
        """
        self._count_rows(record.sudo())
        record._set_progress(CHECKED)

    def _count_rows(self, record):
        """Set the counts of the import, before anything is loaded."""
        self.env.cr.execute(sql.COUNT)
        record.write({**self.env.cr.dictfetchone(), "missing_target_ids": False})
        record.missing_count = self._list_missing(record)

    def _list_missing(self, record):
        """List on the import the records that a whole registry's file lacks; return how many there are."""
        return 0

    def _run_sql(self, statement, **parts):
        parts = {
            "company": self.env.company.id,
            "uid": self.env.uid,
            "now": self.env.cr.now(),
            "today": clock.today(),
            **parts,
        }
        self.env.cr.execute(SQL(statement, **parts))


class SrspRegistryLoaderTarget(models.AbstractModel):
    """Entities and targets, set-wise: the result is what the ORM would write row by row.

    Codes come from the sequences in the order of the file; history, tracking and dates are kept. A new record gets no
    note of its own and no followers: the import's note says how many there are. The statements are in
    ``srsp_registry_sql``.
    """

    _name = "srsp.registry.loader.target"
    _description = "Import into a registry"
    _inherit = "srsp.registry.loader"

    @api.model
    def _check(self, record):
        table = record._get_table()
        names = {column.name for column, _place in record._get_mapping()}
        self.env["srsp.entity"].flush_model()
        self.env["srsp.target"].flush_model()
        if record._is_extract():
            self._spread_rows(table, names)
        self._run_sql(
            sql.MATCH,
            entity_moves=sql.moves(ENTITY_VALUES, "e"),
            target_moves=sql.moves(TARGET_VALUES, "t"),
            given=self._get_given_sql(table, names),
            name_key=SQL(HASH % "r.entity_name"),
        )
        self.env.cr.execute(sql.INDEX_MOVING)
        self._find_bad_rows()
        self._keep_changes(record, table)
        return super()._check(record)

    def _spread_rows(self, table, names):
        """Repeat each row of an extract for every target that it is about."""
        plain = [c for c in TARGET_COLUMNS if c.name not in sql.FROM_REGISTRY]
        self._run_sql(
            sql.SPREAD,
            names=sql.identify(plain),
            values=sql.identify(plain, "r"),
            sectors=list(table._get_own_sector_ids()),
            code=next(n for n in ("uscc", "entity_code", "target_code") if n in names),
            # A file of classes is about many more entities than a registry has.
            only=None if "risk_class" in names else table._get_only_sector_id(),
        )

    def _get_given_sql(self, table, names):
        """Return SQL of the attributes in a row ``r`` that its sector has, as JSON; NULL where there are none."""
        by_sector = {}
        for name, pairs in table._get_attributes().items():
            for sector, definition in pairs if name in names else ():
                value = SQL(
                    "(%s, r.%s::jsonb)", definition["name"], SQL.identifier(name)
                )
                by_sector.setdefault(sector.id, []).append(value)
        given = "(SELECT jsonb_object_agg(name, value) FROM (VALUES %s) v (name, value) WHERE value IS NOT NULL)"
        pairs = [(i, SQL(given, SQL(", ").join(v))) for i, v in by_sector.items()]
        return SQL("(%s)::jsonb", sql.case(SQL("r.sector"), pairs))

    def _find_bad_rows(self):
        """Add what is wrong with rows as a whole to ``srsp_import_error``, and remove the bad rows."""
        values = [
            SQL("(%s, %s)", c.name, sql.shown(c, SQL.identifier("g", c.name)))
            for c in ENTITY_VALUES
        ]
        # The changing entities that the user may change.
        entities = self.env["srsp.entity"].sudo().with_context(active_test=False)
        moving = SQL("(SELECT entity_id FROM srsp_import_good WHERE entity_moves)")
        domain = Domain("id", "any!", moving)
        domain &= self.env["ir.rule"]._compute_domain("srsp.entity", "write")
        parts = {
            "entity_values": SQL(", ").join(values),
            "own_entities": entities._search(domain).select(),
            "registered": REGISTERED,
        }
        for checks in (sql.MATCH_CHECKS, sql.CHECKS):
            for check in checks:
                self._run_sql(sql.ADD_ERRORS + check, **parts)
            self.env.cr.execute(sql.REMOVE_BAD)

    def _keep_changes(self, record, table):
        """Store the first ``MAX_CHANGES`` values that change on the import, as the user reads them."""
        cells = [
            SQL(
                "(%s, %s, %s, %s, %s AND (%s))",
                place,
                column.name,
                sql.shown(column, sql.stored(column, alias)),
                sql.shown(column, SQL.identifier("r", column.name)),
                SQL.identifier("r", moving),
                sql.moves([column], alias),
            )
            for alias, moving, columns in (
                ("e", "entity_moves", ENTITY_VALUES),
                ("t", "target_moves", TARGET_VALUES),
            )
            for place, column in enumerate(columns)
        ]
        self._run_sql(sql.CHANGES, cells=SQL(", ").join(cells), most=MAX_CHANGES)
        found = self.env.cr.fetchall()
        readable = self._get_readable(table)
        changes = [Command.clear()]
        for row, code, name, *values in found:
            label, words = readable[name]
            old, new = (show(words.get(value, value) or "") for value in values)
            vals = {"row": row, "code": code, "label": label, "old": old, "new": new}
            changes.append(Command.create(vals))
        record.sudo().change_ids = changes

    def _get_readable(self, table):
        """{name of a column or of an attribute: (label, {value as text: what the user reads})}"""
        no = self.env._("No")
        words = {
            "flag": {"true": self.env._("Yes"), "false": no, None: no},
            "until": {"infinity": self.env._("No end")},
        }
        readable = {}
        for column in TARGET_COLUMNS:
            options = words.get(column.kind, {})
            if column.kind == "choice":
                field = self.env[column.model]._fields[column.field]
                options = dict(field._description_selection(self.env))
            readable[column.name] = translate(self.env, column.label), options
        for pairs in table._get_attributes().values():
            for _sector, definition in pairs:
                options = dict(definition.get("selection") or ())
                options |= words.get(KINDS[definition["type"]], {})
                readable[definition["name"]] = definition["string"], options
        return readable

    def _list_missing(self, record):
        """The targets of the file's sectors that are not in it. A bad row might be theirs, so there must be none."""
        if not record.is_full or record.bad_count:
            return 0
        record.flush_model()
        self._run_sql(sql.LIST_MISSING, **{"import": record.id})
        count = self.env.cr.rowcount
        record.invalidate_recordset(["missing_target_ids"])
        return count

    @api.model
    def _load(self, record):
        if record.created_count or record.updated_count or record.proposed_count:
            self._write_targets(record)
        if record.is_full:
            self._run_sql(sql.CONFIRM_TARGETS)
        record._set_progress(95)
        record.flush_model()
        self._run_sql(sql.FOUND_AGAIN, **{"import": record.id})
        self.env.invalidate_all()
        self.env["ir.cron"]._srsp_wake("srsp_supervision.ir_cron_count_registries")

    def _write_targets(self, record):
        self._run_sql(
            sql.INSERT_ENTITIES,
            code=self._get_next_code("srsp.entity", "n"),
            merged=sql.merge(ENTITY_VALUES),
            **sql.insert(ENTITY_VALUES),
        )
        record._set_progress(70)
        entities = SQL(sql.MOVING_ENTITIES, merged=sql.merge(ENTITY_VALUES))
        self._keep_tracking(record, ENTITY, ENTITY_VALUES, entities)
        self._run_sql(
            sql.UPDATE_ENTITIES,
            assignments=sql.assign(ENTITY_VALUES, "n", "e"),
            rows=entities,
        )
        if any(column.kind == "tags" for column, _place in record._get_mapping()):
            columns = sql.identify(ENTITY_VALUES)
            self._run_sql(sql.KEEP_TAGS, rows=entities, columns=columns)
        self._run_sql(sql.KEEP_CHANGES, source=record.source)
        self._keep_tracking(record, TARGET, TARGET_VALUES, SQL(sql.MOVING_TARGETS))
        plain = [c for c in TARGET_VALUES if c.name != "risk_date"]
        record._set_progress(75)
        self._run_sql(sql.UPDATE_TARGETS, assignments=sql.assign(plain, "g", "t"))
        record._set_progress(80)
        self._run_sql(
            sql.INSERT_TARGETS,
            code=self._get_next_code("srsp.target", "g"),
            properties=self._get_properties_sql(),
            **sql.insert(plain, "g"),
        )
        self._run_sql(sql.PROPOSE_KEYS)
        record._set_progress(90)
        self.env.invalidate_all()
        self._recompute_dependents()
        self._notify_announced_tasks()

    def _keep_tracking(self, record, model, columns, rows):
        """Write what tracking writes: a note on every changed record, with the values of its tracked fields.

        :param rows: SQL of (record_id, the ``columns`` by name) as they will be
        """
        tracked = self.env[model]._track_get_fields()
        columns = [column for column in columns if column.field in tracked]
        self._run_sql(
            sql.TRACK,
            rows=rows,
            table=SQL.identifier(self.env[model]._table),
            cells=SQL(", ").join(map(self._get_tracking_sql, columns)),
        )
        self.env.cr.execute("SELECT min(res_id) FROM srsp_import_tracked")
        [first] = self.env.cr.fetchone()
        if not first:
            return
        body = self.env._(
            "Import of “%(file)s” from %(origin)s",
            file=record.file_name or "",
            origin=record.source,
        )
        note = self.env[model].browse(first)._message_log(body=body)
        names = {
            field.name: SQL("m.%s", SQL.identifier(field.name))
            for field in note._fields.values()
            if field.store and field.column_type and field.name not in ("id", "res_id")
        }
        names["message_id"] = sql.OWN_MESSAGE_ID
        self.env.flush_all()
        self._run_sql(
            sql.KEEP_NOTES,
            first=note.id,
            names=SQL(", ").join(map(SQL.identifier, names)),
            values=SQL(", ").join(names.values()),
        )

    def _get_tracking_sql(self, column):
        """Return SQL of a column of ``old`` and its new value as mail.tracking.value stores them: text, day or flag."""
        field = self.env[column.model]._fields[column.field]
        pair = [SQL.identifier("old", column.field), sql.becomes(column, "r", "old")]
        texts = days = flags = [SQL("NULL")] * 2
        if field.type == "date":
            days = [SQL("%s::timestamp", value) for value in pair]
        elif field.type == "boolean":
            flags = [SQL("coalesce(%s, FALSE)::integer", value) for value in pair]
        elif field.type == "selection":
            labels = field._description_selection(self.env)
            texts = [sql.case(value, labels, "") for value in pair]
        elif field.type == "many2one":
            texts, flags = [sql.shown(column, value) for value in pair], pair
        else:
            texts = pair
        return SQL(
            "(%s, %s::varchar, %s::varchar, %s::timestamp, %s::timestamp, %s::integer, %s::integer, %s)",
            self.env["ir.model.fields"]._get(column.model, column.field).id,
            *texts,
            *days,
            *flags,
            sql.moves([column], "old"),
        )

    def _notify_announced_tasks(self):
        """Post on the announced tasks how the import has changed the registry of their sector."""
        self.env.cr.execute(
            "SELECT sector, count(*) FILTER (WHERE target_id IS NULL), count(target_id)"
            " FROM srsp_import_good WHERE target_id IS NULL OR target_moves OR entity_moves GROUP BY sector"
        )
        for sector_id, created, updated in self.env.cr.fetchall():
            sector = self.env["srsp.sector"].browse(sector_id)
            for task in self.env[TARGET]._find_announced_tasks(sector):
                task = task.company_id._srsp_in_language(task)
                task.message_post(
                    body=task.env._(
                        "Import after the announcement: %(created)s targets new, %(updated)s changed",
                        created=created,
                        updated=updated,
                    )
                )

    def _recompute_dependents(self):
        """Recompute the stored fields of other addons that depend on these; ours are written by SQL."""
        by_sql = {
            ENTITY: {"code", "region"},
            TARGET: set(
                "division_id company_id region last_inspected_on properties".split()
            ),
        }
        for model, columns, changed, created in (
            (ENTITY, ENTITY_VALUES, sql.CHANGED_ENTITIES, sql.CREATED_ENTITIES),
            (TARGET, TARGET_VALUES, sql.CHANGED_TARGETS, sql.CREATED_TARGETS),
        ):
            own = self.env[model]._fields
            moving = [
                c.field
                for c in columns
                if any(
                    f.store and f.name not in by_sql.get(f.model_name, ())
                    for f in self.env.registry.get_dependent_fields(own[c.field])
                )
            ]
            if moving:
                self._browse_sql(model, changed).modified(moving)
            for field in own.values():
                if field.compute and field.store and field.name not in by_sql[model]:
                    self.env.add_to_compute(field, self._browse_sql(model, created))
        self.env.flush_all()

    def _get_properties_sql(self):
        """Return SQL of the default attributes of a new target of a sector."""
        targets = self.env["srsp.target"].sudo()
        field = targets._fields["properties"]
        sectors = self._browse_sql(
            "srsp.sector", "SELECT DISTINCT sector FROM srsp_import_good"
        )
        pairs = []
        for sector in sectors.filtered("target_properties_definition"):
            target = targets.new({"sector_id": sector.id})
            value = field.convert_to_column_insert(target.properties, target)
            pairs.append((sector.id, value))
        return SQL("(%s)::jsonb", sql.case(SQL("sector.id"), pairs))

    def _browse_sql(self, model, query):
        rows = self.env.execute_query(SQL(query))
        return self.env[model].sudo().browse([identifier for [identifier] in rows])

    def _get_next_code(self, code, alias):
        """Return SQL of the next number of a sequence, as ``next_by_code`` writes it, for each row of ``alias``.

        :raises UserError: for a sequence without gaps or by dates, which gives one number at a time
        """
        domain = [
            ("code", "=", code),
            ("company_id", "in", [self.env.company.id, False]),
        ]
        sequences = self.env["ir.sequence"].sudo()
        sequence = sequences.search(domain, order="company_id", limit=1)
        if sequence.implementation != "standard" or sequence.use_date_range:
            raise UserError(
                self.env._("Sequence %(code)s must be of the standard kind.", code=code)
            )
        prefix, suffix = sequence._get_prefix_suffix()
        return SQL(
            "(SELECT %(prefix)s || lpad(n, greatest(%(padding)s, length(n)), '0') || %(suffix)s"
            " FROM (SELECT nextval(%(sequence)s)::varchar AS n WHERE %(row)s IS NOT NULL) number)",
            prefix=prefix,
            padding=sequence.padding,
            suffix=suffix,
            sequence=f"ir_sequence_{sequence.id:03d}",
            row=SQL.identifier(alias, "row"),
        )
