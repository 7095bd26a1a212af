import functools
import json
import logging
from collections import namedtuple
from textwrap import shorten

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.tools import SQL

from ...fields import UnconstrainedMany2one
from ...tools import canonical
from ...tools.sql import planned
from .sealed_tables import CREATE, find_sealed_tables

Difference = namedtuple(
    "Difference", "count res_id other_id is_missing is_unknown number login"
)
MAX_NAME = 120  # characters
_logger = logging.getLogger(__name__)

# Records the rows of a table that differ from what was recorded last, and returns their summary. Rows above all that
# are recorded of the table are new: nothing is looked up for them.
RECORD = """
WITH recorded AS (
INSERT INTO srsp_event_row (change_id, res_table, res_id, other_id, digest, outside)
SELECT (%(changes)s::jsonb ->> COALESCE(live.company_id, last.company_id, %(company)s)::text)::integer,
       %(table)s, t.res_id, t.other_id, live.digest, CASE WHEN t.digest IS DISTINCT FROM last.digest THEN true END
  FROM pg_temp.srsp_touched t
LEFT JOIN LATERAL (SELECT %(digest)s AS digest, %(row_company)s AS company_id FROM %(name)s r
                    WHERE %(key)s = t.res_id AND %(other)s = t.other_id OFFSET 0) live ON true
LEFT JOIN LATERAL (SELECT seen.digest, change.company_id
                     FROM srsp_event_row seen JOIN srsp_event_change change ON change.id = seen.change_id
                    WHERE seen.res_table = %(table)s AND seen.res_id = t.res_id AND seen.other_id = t.other_id
                      AND t.res_id <= (SELECT max(res_id) FROM srsp_event_row WHERE res_table = %(table)s)
                 ORDER BY seen.change_id DESC LIMIT 1) last ON true
 WHERE t.res_table = %(table)s AND live.digest IS DISTINCT FROM last.digest
RETURNING *)
%(summary)s
"""
# Digests of digests of a thousand rows each: no text grows with the number of rows.
SUMMARY = """
SELECT change_id, res_table, sum(rows)::integer AS rows,
       encode(sha256(string_agg(digest, ''::bytea ORDER BY part)), 'hex') AS digest
  FROM (SELECT change_id, res_table, res_id / 1000 AS part, count(*) AS rows,
               sha256(convert_to(string_agg(
                   concat_ws(',', res_id, other_id, COALESCE(encode(digest, 'hex'), '-'), outside), ';'
                   ORDER BY res_id, other_id), 'UTF8')) AS digest
          FROM %s GROUP BY change_id, res_table, res_id / 1000) part
GROUP BY change_id, res_table
"""
# The rows that are not what was recorded of them last.
DIFFERENCES = """
SELECT count(*) OVER (), COALESCE(live.res_id, last.res_id), COALESCE(live.other_id, last.other_id),
       live.digest IS NULL, last.digest IS NULL, event.sequence, event.payload::jsonb ->> 'login'
  FROM (SELECT DISTINCT ON (res_id, other_id) res_id, other_id, digest, change_id
          FROM srsp_event_row WHERE res_table = %(table)s ORDER BY res_id, other_id, change_id DESC) last
FULL JOIN (SELECT %(key)s AS res_id, %(other)s AS other_id, %(digest)s AS digest, %(row_company)s AS company_id
             FROM %(name)s r) live ON live.res_id = last.res_id AND live.other_id = last.other_id
LEFT JOIN srsp_event_change change ON change.id = last.change_id
LEFT JOIN srsp_event event ON event.id = change.event_id
 WHERE live.digest IS DISTINCT FROM last.digest
   AND COALESCE(change.company_id, live.company_id, %(company)s) = %(company)s
ORDER BY 2, 3 LIMIT %(limit)s
"""
# The changes whose rows, company or event are not what the chain sealed.
FORGED = """
SELECT COALESCE(event.sequence, 0)
  FROM (SELECT * FROM srsp_event
         WHERE company_id = %(company)s AND kind IN ('records.recorded', 'records.changed')) event
FULL JOIN (SELECT change.*, summary.tables
             FROM srsp_event_change change
        FULL JOIN (SELECT change_id, jsonb_object_agg(res_table, jsonb_build_array(rows, digest)) AS tables
                     FROM (%(summary)s) res_table GROUP BY change_id) summary ON summary.change_id = change.id) change
       ON change.id = event.res_id
 WHERE COALESCE(event.company_id, change.company_id, %(company)s) = %(company)s
   AND (event.id IS DISTINCT FROM change.event_id OR event.company_id IS DISTINCT FROM change.company_id
        OR event.kind IS DISTINCT FROM change.kind OR event.payload IS DISTINCT FROM change.payload
        OR change.payload::jsonb -> 'tables' IS DISTINCT FROM change.tables)
ORDER BY 1
"""
OUTSIDE = """
SELECT event.sequence, seen.res_table, seen.res_id, event.payload::jsonb ->> 'login'
  FROM srsp_event_row seen
  JOIN srsp_event_change change ON change.id = seen.change_id
  JOIN srsp_event event ON event.id = change.event_id
 WHERE seen.outside AND change.company_id = %(company)s
ORDER BY seen.id
"""


class SrspEventChange(models.Model):
    """What one transaction changed in the sealed tables: a digest per row, and the event that seals them all.

    Triggers note the rows that a session touches, with their digests before; before the commit those that differ
    from what was recorded last are recorded, with whoever acted. The event follows right after the commit, in a
    transaction of its own: so no writer waits for the chain, and a long one does not fail because of it.
    What another session changes is noted in that session alone, and never recorded.
    """

    _name = "srsp.event.change"
    _description = "Recorded change"
    _inherit = ["srsp.evidence.mixin"]
    _order = "id desc"
    _log_access = False
    _sealed_rows = False

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    kind = fields.Char(required=True, readonly=True)
    payload = fields.Text(required=True, readonly=True, prefetch=False)
    event_id = UnconstrainedMany2one(
        "srsp.event", "Event", readonly=True, index=True, ondelete="restrict"
    )

    _pending_idx = models.Index("(company_id) WHERE event_id IS NULL")

    @api.depends("payload")
    def _compute_display_name(self):
        for change in self:
            payload = json.loads(change.payload)
            tables = ", ".join(f"{k} ({v[0]})" for k, v in payload["tables"].items())
            change.display_name = shorten(f"{payload['login']}: {tables}", MAX_NAME)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_evidence()
        return super().create(vals_list)

    def _check_evidence(self, vals=None):
        raise self._logged_error(
            self.env._("The integrity chain can only be written by the system.")
        )

    def _register_hook(self):
        """Watch the tables that are not watched yet, and record the rows that they hold already."""
        super()._register_hook()
        cr = self.env.cr
        cr.execute(CREATE)
        cr.execute(
            """SELECT proname, obj_description(oid, 'pg_proc') FROM pg_proc function
                WHERE starts_with(proname, 'srsp_touch_')
                  AND EXISTS (SELECT FROM pg_trigger WHERE tgfoid = function.oid)"""
        )
        stamps = dict(cr.fetchall())
        for table in self._get_sealed_tables().values():
            stamp = table.get_stamp(cr)
            if stamps.get(table.get_function()) == stamp:
                continue
            self._record()
            for statement in table.get_watch_sql():
                cr.execute(statement)
            cr.execute(table.get_first_sql())
            cr.execute(
                SQL(
                    "COMMENT ON FUNCTION %s() IS %s",
                    SQL.identifier(table.get_function()),
                    stamp,
                )
            )
            _logger.info("The rows of %s are sealed", table.name)
        self._record("records.recorded")

    @tools.ormcache()
    def _get_sealed_tables(self):
        return find_sealed_tables(self.env)

    # --- Recording ------------------------------------------------------------------------------

    def _record_at_commit(self):
        """Record what this transaction changes before it commits."""
        hooks = self.env.cr.precommit
        if self.pool.ready and not hooks.data.get(self._name):
            hooks.data[self._name] = True
            hooks.add(self._record)

    def _record(self, kind="records.changed"):
        """Record the rows that this session has touched since the last time."""
        cr = self.env.cr
        cr.precommit.data.pop(self._name, None)
        self.env.flush_all()
        cr.execute("SELECT to_regclass('pg_temp.srsp_touched')")
        if cr.fetchone() == (None,):
            return
        cr.execute("SELECT DISTINCT res_table FROM pg_temp.srsp_touched")
        touched = {name for [name] in cr.fetchall()}
        if not touched:
            return
        cr.execute(
            "SELECT id, nextval('srsp_event_change_id_seq') FROM res_company ORDER BY id"
        )
        changes = dict(cr.fetchall())
        summary = SQL(SUMMARY, SQL("recorded"))
        recorded = {}
        # What was recorded before is looked up row by row: a scan would read all that this very statement adds.
        with planned(cr, enable_seqscan="off", jit="off"):
            for name, table in self._get_sealed_tables().items():
                if name in touched:
                    query = SQL(
                        RECORD,
                        **table.get_parts(),
                        changes=json.dumps(changes),
                        company=self.env.company.id,
                        summary=summary,
                    )
                    for change, _name, rows, digest in self.env.execute_query(query):
                        recorded.setdefault(change, {})[name] = [rows, digest]
        cr.execute("TRUNCATE pg_temp.srsp_touched")
        if recorded:
            self._create_changes(kind, changes, recorded)
            cr.postcommit.add(functools.partial(_seal_committed, self.pool))

    def _create_changes(self, kind, changes, recorded):
        """Create the changes, ``{company: id}``, that have recorded tables: ``{id: {table: [rows, digest]}}``."""
        user = self.env.user
        author = {"format": 1, "uid": user.id, "login": user.sudo().login}
        rows = []
        for company, change in changes.items():
            if change in recorded:
                payload = canonical.dumps({**author, "tables": recorded[change]})
                rows.append((change, company, kind, payload.decode()))
        self.env.cr.execute_values(
            "INSERT INTO srsp_event_change (id, company_id, kind, payload) VALUES %s",
            rows,
        )
        self.invalidate_model(flush=False)

    @api.model
    def _seal_pending(self, company=None):
        """Record what this session has touched, and append an event for each change that has none."""
        self._record()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM srsp_event_change WHERE event_id IS NULL AND (%(company)s IS NULL OR company_id = "
                "%(company)s) ORDER BY id",
                company=company and company.id,
            )
        )
        changes = self.sudo().browse([change for [change] in self.env.cr.fetchall()])
        for change in changes:
            event = self.env["srsp.event"]._seal(
                change, change.kind, json.loads(change.payload)
            )
            self.env.cr.execute(
                SQL(
                    "UPDATE srsp_event_change SET event_id = %s WHERE id = %s",
                    event.id,
                    change.id,
                )
            )
        changes.invalidate_recordset(["event_id"], flush=False)

    # --- Comparing ------------------------------------------------------------------------------

    @api.model
    def _find_differences(self, company, limit):
        """Yield ``(table, number of rows, [row, …])`` of the rows that are not what was recorded of them last."""
        for table in self._get_sealed_tables().values():
            query = SQL(
                DIFFERENCES, **table.get_parts(), company=company.id, limit=limit
            )
            rows = [Difference(*row) for row in self.env.execute_query(query)]
            if rows:
                yield table, rows[0].count, rows

    @api.model
    def _find_forged(self, company):
        """Return the numbers of the events whose recorded rows are not what they sealed; 0 where there is no event."""
        summary = SQL(SUMMARY, SQL("srsp_event_row"))
        query = SQL(FORGED, company=company.id, summary=summary)
        return [number for [number] in self.env.execute_query(query)]

    @api.model
    def _find_outside(self, company):
        """Return ``(number, table, row, login)`` of the rows found changed outside when they were recorded."""
        return self.env.execute_query(SQL(OUTSIDE, company=company.id))


def _seal_committed(registry):
    """Append the events of committed changes; where another writer holds the chain, he or the next one does it."""
    if not registry.ready:
        return
    try:
        with tools.mute_logger("odoo.sql_db"), registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["srsp.event.change"]._seal_pending()
    except psycopg2.OperationalError:
        _logger.info("The chain is being written: the changes wait for the next event")
