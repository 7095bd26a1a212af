from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .srsp_registry_import_sql import ENTITY_VALUES, shown

AGAINST = 'INSERT INTO srsp_import_error (row, "column", value, reason, other) '
# Bad rows as a whole, beyond what single cells show: (row, column, value, reason, number of another row).
# First what leaves open whom a row is about.
WHOM = [
    """SELECT row, 'target_code', target_code, 'unknown_code', NULL FROM srsp_import_good WHERE is_lost""",
    """SELECT row, CASE WHEN uscc IS NULL THEN 'entity_code' ELSE 'uscc' END, coalesce(uscc, entity_code), 'torn_codes',
              NULL
         FROM srsp_import_good WHERE is_torn""",
    """SELECT g.row, 'sector', sector.name, 'other_sector', NULL FROM srsp_import_good g
         JOIN srsp_target t ON t.id = g.target_id JOIN srsp_sector sector ON sector.id = g.sector
        WHERE g.target_code IS NOT NULL AND t.sector_id != g.sector""",
    """SELECT row, 'entity_code', entity_code, 'unknown_entity', NULL FROM srsp_import_good WHERE is_unknown""",
]
CHECKS = [
    """SELECT g.row, 'permit_number', g.permit_number, 'permit_taken', NULL FROM srsp_import_good g
         JOIN srsp_target t ON t.entity_id = g.entity_id AND t.sector_id = g.sector
          AND t.permit_number = g.permit_number
        WHERE g.target_code IS NOT NULL AND t.id != g.target_id AND g.target_moves""",
    # What would become a second record of what is known already.
    """SELECT g.row, 'target_code', t.code, 'permit_to_add', NULL FROM srsp_import_good g
         JOIN srsp_target t ON t.entity_id = g.entity_id AND t.sector_id = g.sector AND t.state != 'cancelled'
          AND coalesce(t.permit_number, '') = ''
        WHERE g.target_id IS NULL AND g.permit_number IS NOT NULL""",
    """SELECT g.row, 'sector', sector.name, 'archived_sector', NULL FROM srsp_import_good g
         JOIN srsp_sector sector ON sector.id = g.sector WHERE g.target_id IS NULL AND NOT sector.active""",
    """SELECT row, 'entity_name', entity_name, 'ambiguous_entity', NULL
         FROM srsp_import_good WHERE is_ambiguous""",
    """SELECT g.row, 'address', g.address, 'same_name', NULL FROM srsp_import_good g
         JOIN srsp_entity e ON e.id = g.entity_id WHERE g.entity_moves AND e.kind = 'person' AND g.address != e.address
          AND coalesce(g.target_code, g.entity_code) IS NULL AND NOT g.is_ambiguous""",
    """SELECT row, 'uscc', named_uscc, 'code_known', NULL
         FROM srsp_import_good WHERE named_uscc IS NOT NULL AND NOT is_ambiguous""",
    """SELECT g.row, 'uscc', other.uscc, 'code_in_row', other.row FROM srsp_import_good g
         JOIN (SELECT DISTINCT ON (entity_name) entity_name, uscc, row FROM srsp_import_good
                WHERE uscc IS NOT NULL AND entity_name IN (SELECT entity_name FROM srsp_import_good
                    WHERE target_id IS NULL AND entity_id IS NULL AND uscc IS NULL)
             ORDER BY entity_name, row) other USING (entity_name)
        WHERE g.target_id IS NULL AND g.entity_id IS NULL AND g.uscc IS NULL""",
    """SELECT g.row, 'entity_code', min(e.code), 'code_to_add', NULL FROM srsp_import_good g
         JOIN srsp_entity e ON e.company_id = %(company)s AND e.name = g.entity_name AND e.uscc IS NULL
          AND e.kind IN ('enterprise', 'individual', 'institution')
        WHERE g.target_id IS NULL AND g.entity_id IS NULL AND g.uscc IS NOT NULL GROUP BY g.row""",
    """SELECT g.row, 'uscc', g.uscc, 'code_claimed', CASE WHEN g.row = first THEN last ELSE first END
         FROM (SELECT uscc, min(row) AS first, max(row) AS last FROM srsp_import_good WHERE uscc IN (
                   SELECT uscc FROM srsp_import_good
                    WHERE entity_moves AND coalesce(entity_code, target_code) IS NOT NULL)
                GROUP BY uscc HAVING count(DISTINCT entity_key) > 1) claimed
         JOIN srsp_import_good g ON g.uscc = claimed.uscc""",
    """SELECT g.row, 'state_reason', g.state_reason, 'missing_reason', NULL
         FROM srsp_import_good g LEFT JOIN srsp_target t ON t.id = g.target_id
        WHERE (g.target_id IS NULL OR g.target_moves) AND coalesce(g.state, t.state, 'active') != 'active'
          AND coalesce(g.state_reason, btrim(t.state_reason), '') = ''""",
    """SELECT g.row, 'key_reason', g.key_reason, 'missing_reason', NULL
         FROM srsp_import_good g
        WHERE g.proposes AND coalesce(g.key_reason, '') = ''""",
    # Who is listed leaves the registry of key targets by a decision, not by a file.
    """SELECT row, 'is_key', is_key::varchar, 'key_listed', NULL FROM srsp_import_good WHERE unlists""",
    """SELECT row, 'key_reason', key_reason, 'key_reworded', NULL
         FROM srsp_import_good WHERE rewords AND NOT unlists""",
    # What has been found out since is not undone by an older file.
    """SELECT g.row, 'risk_date', g.risk_date::varchar, 'older_class', NULL FROM srsp_import_good g
         JOIN srsp_target t ON t.id = g.target_id
        WHERE g.target_moves AND g.risk_class != t.risk_class AND g.risk_date < t.risk_date""",
    """SELECT g.row, 'risk_date', g.risk_date::varchar, 'future_day', NULL
         FROM srsp_import_good g LEFT JOIN srsp_target t ON t.id = g.target_id
        WHERE (g.target_id IS NULL OR g.target_moves) AND g.risk_date > %(today)s
          AND (g.risk_date, coalesce(g.risk_class, t.risk_class)) IS DISTINCT FROM (t.risk_date, t.risk_class)""",
    # Of an entity one row may say that it is a person, another one the code.
    """SELECT g.row, 'uscc', g.uscc, 'person_with_code', NULL
         FROM srsp_import_good g JOIN (
            SELECT g.entity_key FROM srsp_import_good g LEFT JOIN srsp_entity e ON e.id = g.entity_id
             WHERE g.entity_key IN (
                SELECT told.entity_key FROM srsp_import_good told LEFT JOIN srsp_entity e ON e.id = told.entity_id
                 WHERE (told.target_id IS NULL OR told.entity_moves)
                   AND (told.kind = 'person' OR told.kind IS NULL AND e.kind = 'person' AND told.uscc IS NOT NULL))
          GROUP BY g.entity_key, e.uscc HAVING coalesce(max(g.uscc), e.uscc) IS NOT NULL) person USING (entity_key)""",
    """SELECT g.row, 'kind', g.kind, 'identity_kept', NULL
         FROM srsp_import_good g JOIN srsp_entity e ON e.id = g.entity_id
        WHERE g.entity_moves AND g.kind != 'person' AND e.kind = 'person' AND e.identity_number IS NOT NULL""",
    """SELECT g.row, 'division', division.name, 'other_division', NULL FROM srsp_import_good g
         JOIN srsp_sector sector ON sector.id = g.sector JOIN srsp_division division ON division.id = g.division
        WHERE g.division != sector.division_id""",
    # The result of an open visit will name the entity as it is now.
    """SELECT g.row, 'entity_name', g.entity_name, 'open_visit', NULL
         FROM srsp_import_good g JOIN srsp_entity e ON e.id = g.entity_id
        WHERE g.entity_moves
          AND (g.entity_name != e.name OR g.kind != e.kind OR e.uscc IS NULL AND g.uscc IS NOT NULL) AND EXISTS (
            SELECT FROM srsp_inspection visit WHERE visit.entity_id = e.id
               AND visit.stage NOT IN ('closed', 'cancelled'))""",
    # The same key twice: both rows, each with the number of the other.
    """SELECT g.row, CASE WHEN g.target_code IS NOT NULL THEN 'target_code' WHEN g.permit_number IS NOT NULL
              THEN 'permit_number' WHEN g.uscc IS NOT NULL THEN 'uscc' ELSE 'entity_name' END,
              coalesce(g.target_code, g.permit_number, g.uscc, g.entity_name), 'duplicate',
              CASE WHEN g.row = one.first THEN one.second ELSE one.first END
         FROM (SELECT unnest(rows) AS row, rows[1] AS first, rows[2] AS second FROM (
               SELECT array_agg(row ORDER BY row) AS rows FROM srsp_import_good
                GROUP BY entity_key, sector, permit_key HAVING count(*) > 1
               UNION SELECT array_agg(row ORDER BY row) FROM srsp_import_good WHERE target_id IN (
                    SELECT target_id FROM srsp_import_good WHERE target_code IS NOT NULL)
                GROUP BY target_id HAVING count(*) > 1) twice) one
         JOIN srsp_import_good g ON g.row = one.row""",
    # One entity, two rows, two addresses: which one holds?
    """SELECT row, name, value, 'conflict', CASE WHEN row = first THEN last ELSE first END
         FROM (SELECT g.row, v.name, v.value, min(v.value) OVER w AS least, max(v.value) OVER w AS most,
                      min(g.row) OVER w AS first, max(g.row) OVER w AS last
                 FROM srsp_import_good g, LATERAL (VALUES %(entity_values)s) v (name, value)
                WHERE v.value IS NOT NULL AND g.entity_key IN (
                    SELECT entity_key FROM srsp_import_good WHERE entity_key IN (
                        SELECT entity_key FROM srsp_import_good WHERE target_id IS NULL OR entity_moves)
                  GROUP BY entity_key HAVING count(*) > 1)
               WINDOW w AS (PARTITION BY g.entity_key, v.name)) told
        WHERE least != most""",
    # Whose entity it is not, as record rules have it.
    """SELECT row, 'entity_name', entity_name, 'foreign_entity', NULL FROM srsp_import_good
        WHERE entity_moves AND entity_id NOT IN (%(own_entities)s)""",
]


class SrspRegistryImport(models.Model):
    _inherit = "srsp.registry.import"

    def _check_targets(self):
        """Add what is wrong with rows as a whole to ``srsp_import_error``, and take bad rows out."""
        parts = {
            "entity_values": SQL(", ").join(
                SQL("(%s, %s)", c.name, shown(c, SQL.identifier("g", c.name)))
                for c in ENTITY_VALUES
            ),
            "own_entities": self._get_own_entities(),
        }
        for checks in (WHOM, CHECKS):
            for check in checks:
                self._run_sql(AGAINST + check, **parts)
            self.env.cr.execute(
                "DELETE FROM srsp_import_good WHERE row IN (SELECT row FROM srsp_import_error)"
            )

    def _get_own_entities(self):
        """SQL of the changing entities that the user may change."""
        entities = self.env["srsp.entity"].with_context(active_test=False)
        moving = SQL("(SELECT entity_id FROM srsp_import_good WHERE entity_moves)")
        domain = Domain("id", "any!", moving)
        domain &= self.env["ir.rule"]._compute_domain("srsp.entity", "write")
        query = entities.sudo()._search(domain)
        return query.select()
