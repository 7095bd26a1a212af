from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import clock
from ...tools.registry_cells import Bad
from . import srsp_registry_import_sql as sql
from .srsp_registry_columns import ENTITY, TARGET, TARGET_COLUMNS
from .srsp_registry_import_sql import ENTITY_VALUES, TARGET_VALUES


class SrspRegistryImport(models.Model):
    """Entities and targets, set-wise; see ``_import_rows`` for what the ORM would have done."""

    _inherit = "srsp.registry.import"

    def _match_targets(self):
        self.env["srsp.entity"].flush_model()
        self.env["srsp.target"].flush_model()
        if self._is_extract():
            self._spread_rows()
        self._run_sql(
            sql.MATCH,
            entity_moves=sql.moves(ENTITY_VALUES, "e"),
            target_moves=sql.moves(TARGET_VALUES, "t"),
            given=self._get_given_sql(),
        )
        self.env.cr.execute(sql.INDEX_MOVING)

    def _spread_rows(self):
        """Let each row of an extract stand once for every target that it is about."""
        names = [c.name for c, _place in self._get_mapping()]
        own = [
            int(value)
            for value in self._get_own_sectors().values()
            if not isinstance(value, Bad)
        ]
        plain = [c for c in TARGET_COLUMNS if c.name not in sql.FROM_REGISTRY]
        self._run_sql(
            sql.SPREAD,
            names=sql.identify(plain),
            values=sql.identify(plain, "r"),
            sectors=own,
            code=next(n for n in ("uscc", "entity_code", "target_code") if n in names),
        )

    def _import_targets(self):
        if self.created_count or self.updated_count or self.proposed_count:
            self._write_targets()
        if self.is_full:
            self._run_sql(sql.CONFIRM_TARGETS)
        self._set_progress(95)
        self.env[self._name].flush_model()
        self._run_sql(sql.FOUND_AGAIN, **{"import": self.id})
        self.env.invalidate_all()

    def _write_targets(self):
        """Write the good rows: codes from the sequences in the order of the file, history, tracking and dates kept.

        A new record gets no note of its own and no followers: the import's note says how many there are.
        """
        self._run_sql(
            sql.INSERT_ENTITIES,
            code=self._get_next_code("srsp.entity", "n"),
            merged=sql.merge(ENTITY_VALUES),
            fields=sql.fields(ENTITY_VALUES),
            values=sql.values(ENTITY_VALUES),
        )
        self._set_progress(70)
        entities = SQL(sql.MOVING_ENTITIES, merged=sql.merge(ENTITY_VALUES))
        self._keep_tracking(ENTITY, ENTITY_VALUES, entities)
        self._run_sql(
            sql.UPDATE_ENTITIES,
            assignments=sql.assign(ENTITY_VALUES, "n", "e"),
            rows=entities,
        )
        if any(column.kind == "tags" for column, _place in self._get_mapping()):
            columns = sql.identify(ENTITY_VALUES)
            self._run_sql(sql.KEEP_TAGS, rows=entities, columns=columns)
        self._run_sql(sql.KEEP_CHANGES, source=self.source)
        self._keep_tracking(TARGET, TARGET_VALUES, SQL(sql.MOVING_TARGETS))
        plain = [c for c in TARGET_VALUES if c.name != "risk_date"]
        self._set_progress(75)
        self._run_sql(sql.UPDATE_TARGETS, assignments=sql.assign(plain, "g", "t"))
        self._set_progress(80)
        self._run_sql(
            sql.INSERT_TARGETS,
            code=self._get_next_code("srsp.target", "g"),
            fields=sql.fields(plain),
            values=sql.values(plain, "g"),
            properties=self._get_properties_sql(),
        )
        self._run_sql(sql.PROPOSE_KEYS)
        self._set_progress(90)
        self.env.invalidate_all()
        self._recompute_dependents()
        self._tell_announced_tasks()

    def _tell_announced_tasks(self):
        """Put on record with the announced tasks how the import has changed the registry of their sector."""
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
                        "After the announcement, an import: %(created)s targets new, %(updated)s changed",
                        created=created,
                        updated=updated,
                    )
                )

    def _recompute_dependents(self):
        """Let the ORM compute what other addons store and derive from these fields; of ours, SQL has done all."""
        changed = {
            ENTITY: "SELECT entity_id FROM srsp_import_good WHERE entity_moves",
            TARGET: "SELECT target_id FROM srsp_import_good WHERE target_moves",
        }
        created = {
            ENTITY: "SELECT id FROM srsp_import_entity",
            TARGET: """SELECT t.id FROM srsp_import_good g
                         LEFT JOIN srsp_import_entity n ON g.entity_id IS NULL AND n.entity_key = g.entity_key
                         JOIN srsp_target t ON t.entity_id = coalesce(g.entity_id, n.id) AND t.sector_id = g.sector
                          AND coalesce(t.permit_number, '') = coalesce(g.permit_number, '')
                        WHERE g.target_id IS NULL""",
        }
        done = {
            ENTITY: {"code", "region"},
            TARGET: {
                "division_id",
                "company_id",
                "region",
                "last_inspected_on",
                "properties",
            },
        }
        for model, values in ((ENTITY, ENTITY_VALUES), (TARGET, TARGET_VALUES)):
            own = self.env[model]._fields
            derived = [
                f
                for f in own.values()
                if f.compute and f.store and f.name not in done[model]
            ]
            moving = [
                c.field
                for c in values
                if any(
                    f.store and f.name not in done.get(f.model_name, ())
                    for f in self.env.registry.get_dependent_fields(own[c.field])
                )
            ]
            if moving:
                self._browse_sql(model, changed[model]).modified(moving)
            for field in derived:
                self.env.add_to_compute(field, self._browse_sql(model, created[model]))
        self.env.flush_all()

    def _get_properties_sql(self):
        """What a new target of each sector holds in the attributes that its sector defines."""
        targets = self.env["srsp.target"].sudo()
        field = targets._fields["properties"]
        self.env.cr.execute("SELECT DISTINCT sector FROM srsp_import_good")
        sectors = (
            self.env["srsp.sector"].sudo().browse([s for [s] in self.env.cr.fetchall()])
        )
        cases = []
        for sector in sectors.filtered("target_properties_definition"):
            target = targets.new({"sector_id": sector.id})
            value = field.convert_to_column_insert(target.properties, target)
            cases.append(SQL("WHEN %s THEN %s::jsonb", sector.id, value))
        return (
            SQL("CASE sector.id %s END", SQL(" ").join(cases))
            if cases
            else SQL("NULL::jsonb")
        )

    def _browse_sql(self, model, query):
        self.env.cr.execute(query)
        return self.env[model].sudo().browse([row[0] for row in self.env.cr.fetchall()])

    def _find_missing(self):
        """Keep the targets of the file's sectors that are not in it; bad rows might be theirs, so only without any."""
        self.sudo().missing_target_ids = False
        if self.kind != "target" or not self.is_full or self.bad_count:
            return 0
        self.env["srsp.registry.import"].flush_model()
        self.env.cr.execute(
            """
            INSERT INTO srsp_registry_import_missing_rel (import_id, target_id)
            SELECT %(import)s, t.id FROM srsp_target t
             WHERE t.sector_id IN (SELECT DISTINCT sector FROM srsp_import_good) AND t.state != 'cancelled'
               AND t.id NOT IN (SELECT target_id FROM srsp_import_good WHERE target_id IS NOT NULL)
            """,
            {"import": self.id},
        )
        count = self.env.cr.rowcount
        self.invalidate_recordset(["missing_target_ids"])
        return count

    def _run_sql(self, statement, **parts):
        parts = {
            "company": self.company_id.id,
            "uid": self.env.uid,
            "now": self.env.cr.now(),
            "today": clock.today(),
            **parts,
        }
        self.env.cr.execute(SQL(statement, **parts))

    def _get_next_code(self, code, alias):
        """SQL for the next number of a sequence, as ``next_by_code`` writes it, for each row of ``alias``.

        :raises UserError: for a sequence without gaps or by dates, which only takes one number at a time
        """
        sequence = (
            self.env["ir.sequence"]
            .sudo()
            .search(
                [
                    ("code", "=", code),
                    ("company_id", "in", [self.company_id.id, False]),
                ],
                order="company_id",
                limit=1,
            )
        )
        if sequence.implementation != "standard" or sequence.use_date_range:
            raise UserError(
                self.env._("Sequence %(code)s must be of the standard kind.", code=code)
            )
        prefix, suffix = sequence._get_prefix_suffix()
        return SQL(
            "(SELECT %s || CASE WHEN length(n) < %s THEN lpad(n, %s, '0') ELSE n END || %s"
            " FROM (SELECT nextval(%s)::varchar AS n WHERE %s IS NOT NULL) number)",
            prefix,
            sequence.padding,
            sequence.padding,
            suffix,
            f"ir_sequence_{sequence.id:03d}",
            SQL.identifier(alias, "row"),
        )
