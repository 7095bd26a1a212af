"""The statements that check staged rows and write them into entities and targets, and their building blocks."""

from odoo.tools import SQL

from .srsp_registry_table import ENTITY, MANY, TARGET, TARGET_COLUMNS

# The columns that a row may change, by table; the others say which record it is.
ENTITY_VALUES = [c for c in TARGET_COLUMNS if c.model == ENTITY]
# The key mark is not written but proposed: the registry of key targets decides on it.
NOT_WRITTEN = ("sector", "is_key", "key_reason")
TARGET_VALUES = [
    c for c in TARGET_COLUMNS if c.model == TARGET and c.name not in NOT_WRITTEN
]
# Columns that the rows of an extract lack, or need not have.
FROM_REGISTRY = ("entity_name", "sector", "permit_number")
CREATE_STAGE = """
DROP TABLE IF EXISTS srsp_import_row, srsp_import_error, srsp_import_good, srsp_import_entity;
CREATE TEMP TABLE srsp_import_row (row integer, %(columns)s) ON COMMIT DROP;
CREATE TEMP TABLE srsp_import_error (row integer, "column" varchar, value varchar, reason varchar, other integer)
    ON COMMIT DROP
"""
DEFAULT_SECTOR = "ALTER TABLE srsp_import_row ALTER sector SET DEFAULT %(sector)s"
# The rows of an extract, once for each target that they are about; a row about none is bad, or new in the only sector.
SPREAD = """
INSERT INTO srsp_import_row (row, entity_name, sector, permit_number, %(names)s)
SELECT r.row, coalesce(r.entity_name, e.name), t.sector_id, coalesce(r.permit_number, t.permit_number), %(values)s
  FROM srsp_import_row r
  LEFT JOIN srsp_target keyed ON keyed.company_id = %(company)s AND keyed.code = r.target_code
  LEFT JOIN srsp_entity coded ON coded.company_id = %(company)s AND coded.code = r.entity_code
  LEFT JOIN srsp_entity known ON known.company_id = %(company)s AND known.code = r.uscc
  JOIN srsp_entity e ON e.id = coalesce(keyed.entity_id, coded.id, known.id)
  JOIN srsp_target t ON t.entity_id = e.id AND t.state != 'cancelled' AND t.sector_id = ANY (%(sectors)s)
   AND CASE WHEN r.target_code IS NULL THEN r.permit_number IS NULL OR r.permit_number = t.permit_number
            ELSE t.id = keyed.id END;
UPDATE srsp_import_row SET sector = %(only)s
 WHERE %(only)s::integer IS NOT NULL AND sector IS NULL AND entity_name IS NOT NULL
   AND coalesce(target_code, entity_code) IS NULL
   AND row NOT IN (SELECT row FROM srsp_import_row WHERE sector IS NOT NULL);
INSERT INTO srsp_import_error (row, "column", value, reason)
SELECT row, CASE WHEN target_code IS NULL THEN %(code)s ELSE 'target_code' END,
       coalesce(target_code, uscc, entity_code),
       CASE WHEN coalesce(target_code, uscc, entity_code) IS NULL THEN 'missing' ELSE 'unknown_target' END
  FROM srsp_import_row r
 WHERE sector IS NULL AND row NOT IN (SELECT row FROM srsp_import_row WHERE sector IS NOT NULL)
   AND row NOT IN (SELECT row FROM srsp_import_error);
DELETE FROM srsp_import_row WHERE sector IS NULL
"""
# Every row with its match in the registry: its target by code, else by entity, sector and permit; its entity by
# target, code or credit code, which have to agree, and by name only without any of them. An entity found by its own
# code takes a credit code.
MATCH = """
CREATE TEMP TABLE srsp_import_good ON COMMIT DROP AS
  WITH keyed AS MATERIALIZED (
    SELECT id, code, entity_id FROM srsp_target
     WHERE company_id = %(company)s AND code IN (SELECT target_code FROM srsp_import_row)),
  coded AS MATERIALIZED (
    SELECT id, code FROM srsp_entity
     WHERE company_id = %(company)s AND code IN (SELECT entity_code FROM srsp_import_row)),
  named AS (
    SELECT name_key, min(id) AS id, count(*) AS found, max(uscc) AS uscc FROM srsp_entity
     WHERE company_id = %(company)s AND name_key IN (SELECT %(name_key)s FROM srsp_import_row r
        WHERE uscc IS NULL AND entity_code IS NULL AND target_code IS NULL)
  GROUP BY name_key)
SELECT r.*, %(name_key)s AS name_key, e.id AS entity_id, t.id AS target_id,
       coalesce(named.found, 0) > 1 AS is_ambiguous, named.uscc AS named_uscc,
       r.target_code IS NOT NULL AND keyed.id IS NULL AS is_lost,
       -- An entity that has got its credit code has lost the code that the file may still have.
       r.entity_code IS NOT NULL AND coded.id IS NULL AND NOT coalesce(
           e.uscc = r.uscc, r.uscc IS NULL AND keyed.id IS NOT NULL AND e.uscc IS NOT NULL) AS is_unknown,
       coalesce(e.id != coded.id OR e.id != known.id OR e.uscc != r.uscc, FALSE) AS is_torn,
       coalesce(e.id::varchar, r.uscc, 'N' || %(name_key)s) AS entity_key,
       coalesce(r.permit_number, t.permit_number, '') AS permit_key,
       e.id IS NOT NULL AND coalesce(%(entity_moves)s, FALSE) AS entity_moves,
       t.id IS NOT NULL AND coalesce(%(target_moves)s OR coalesce(t.properties, '{}') || given.properties
                                     != coalesce(t.properties, '{}'), FALSE) AS target_moves,
       coalesce(r.is_key, FALSE) AND NOT coalesce(t.is_key, FALSE) AND NOT EXISTS (
           SELECT FROM srsp_key_target listing WHERE listing.target_id = t.id
              AND (listing.state = 'proposed' OR listing.reason = r.key_reason))
         AND coalesce(r.state, t.state, 'active') != 'cancelled' AS proposes,
       coalesce(t.is_key, FALSE) AND NOT coalesce(r.is_key, TRUE) AS unlists,
       coalesce(t.is_key AND r.key_reason != t.key_reason, FALSE) AS rewords,
       given.properties
  FROM srsp_import_row r
 CROSS JOIN LATERAL (SELECT %(given)s AS properties) given
  LEFT JOIN keyed ON keyed.code = r.target_code
  LEFT JOIN coded ON coded.code = r.entity_code
  LEFT JOIN srsp_entity known ON known.company_id = %(company)s AND known.code = r.uscc
  LEFT JOIN named ON named.name_key = %(name_key)s
        AND r.uscc IS NULL AND r.entity_code IS NULL AND r.target_code IS NULL
  LEFT JOIN srsp_entity e ON e.id = coalesce(keyed.entity_id, coded.id, known.id, named.id)
  LEFT JOIN srsp_target t ON t.entity_id = e.id AND CASE WHEN keyed.id IS NOT NULL THEN t.id = keyed.id
        ELSE t.sector_id = r.sector AND coalesce(t.permit_number, '') = coalesce(r.permit_number, '') END
 WHERE NOT EXISTS (
    SELECT FROM srsp_import_error x WHERE x.row = r.row AND coalesce(x."column", '')
        IN ('', 'target_code', 'entity_name', 'uscc', 'entity_code', 'sector', 'permit_number'))
"""
# The rows that change or add something or are ambiguous: none of a file imported before. A condition on one of these
# columns uses this index.
INDEX_MOVING = """
CREATE INDEX ON srsp_import_good (row) WHERE target_id IS NULL OR target_moves OR entity_moves
    OR is_lost OR is_unknown OR is_torn OR is_ambiguous OR named_uscc IS NOT NULL OR proposes OR unlists OR rewords;
ANALYZE srsp_import_good
"""
ADD_ERRORS = "INSERT INTO srsp_import_error "
REMOVE_BAD = (
    "DELETE FROM srsp_import_good WHERE row IN (SELECT row FROM srsp_import_error)"
)
# Bad rows as a whole, beyond what single cells show: row, column, value, reason and, if any, number of another row.
# First the rows whose target or entity is not certain.
MATCH_CHECKS = [
    """SELECT row, 'target_code', target_code, 'unknown_code' FROM srsp_import_good WHERE is_lost""",
    """SELECT row, CASE WHEN uscc IS NULL THEN 'entity_code' ELSE 'uscc' END, coalesce(uscc, entity_code), 'torn_codes'
         FROM srsp_import_good WHERE is_torn""",
    """SELECT g.row, 'sector', sector.name, 'other_sector' FROM srsp_import_good g
         JOIN srsp_target t ON t.id = g.target_id JOIN srsp_sector sector ON sector.id = g.sector
        WHERE g.target_code IS NOT NULL AND t.sector_id != g.sector""",
    """SELECT row, 'entity_code', entity_code, 'unknown_entity' FROM srsp_import_good WHERE is_unknown""",
]
CHECKS = [
    """SELECT g.row, 'permit_number', g.permit_number, 'permit_taken' FROM srsp_import_good g
         JOIN srsp_target t ON t.entity_id = g.entity_id AND t.sector_id = g.sector
          AND t.permit_number = g.permit_number
        WHERE g.target_code IS NOT NULL AND t.id != g.target_id AND g.target_moves""",
    # Rows that would become a second record of a known target.
    """SELECT g.row, 'target_code', t.code, 'permit_to_add' FROM srsp_import_good g
         JOIN srsp_target t ON t.entity_id = g.entity_id AND t.sector_id = g.sector AND t.state != 'cancelled'
          AND coalesce(t.permit_number, '') = ''
        WHERE g.target_id IS NULL AND g.permit_number IS NOT NULL""",
    """SELECT g.row, 'sector', sector.name, 'archived_sector' FROM srsp_import_good g
         JOIN srsp_sector sector ON sector.id = g.sector WHERE g.target_id IS NULL AND NOT sector.active""",
    """SELECT row, 'entity_name', entity_name, 'ambiguous_entity' FROM srsp_import_good WHERE is_ambiguous""",
    """SELECT g.row, 'address', g.address, 'same_name' FROM srsp_import_good g
         JOIN srsp_entity e ON e.id = g.entity_id WHERE g.entity_moves AND e.kind = 'person' AND g.address != e.address
          AND coalesce(g.target_code, g.entity_code) IS NULL AND NOT g.is_ambiguous""",
    """SELECT row, 'uscc', named_uscc, 'code_known'
         FROM srsp_import_good WHERE named_uscc IS NOT NULL AND NOT is_ambiguous""",
    """SELECT g.row, 'uscc', other.uscc, 'code_in_row', other.row FROM srsp_import_good g
         JOIN (SELECT DISTINCT ON (name_key) name_key, uscc, row FROM srsp_import_good
                WHERE uscc IS NOT NULL AND name_key IN (SELECT name_key FROM srsp_import_good
                    WHERE target_id IS NULL AND entity_id IS NULL AND uscc IS NULL)
             ORDER BY name_key, row) other USING (name_key)
        WHERE g.target_id IS NULL AND g.entity_id IS NULL AND g.uscc IS NULL""",
    """SELECT g.row, 'entity_code', min(e.code), 'code_to_add' FROM srsp_import_good g
         JOIN srsp_entity e ON e.company_id = %(company)s AND e.name_key = g.name_key AND e.uscc IS NULL
          AND e.kind IN %(registered)s
        WHERE g.target_id IS NULL AND g.entity_id IS NULL AND g.uscc IS NOT NULL GROUP BY g.row""",
    """SELECT g.row, 'uscc', g.uscc, 'code_claimed', CASE WHEN g.row = first THEN last ELSE first END
         FROM (SELECT uscc, min(row) AS first, max(row) AS last FROM srsp_import_good WHERE uscc IN (
                   SELECT uscc FROM srsp_import_good
                    WHERE entity_moves AND coalesce(entity_code, target_code) IS NOT NULL)
                GROUP BY uscc HAVING count(DISTINCT entity_key) > 1) claimed
         JOIN srsp_import_good g ON g.uscc = claimed.uscc""",
    """SELECT g.row, 'state_reason', g.state_reason, 'missing_reason'
         FROM srsp_import_good g LEFT JOIN srsp_target t ON t.id = g.target_id
        WHERE (g.target_id IS NULL OR g.target_moves) AND coalesce(g.state, t.state, 'active') != 'active'
          AND coalesce(g.state_reason, btrim(t.state_reason), '') = ''""",
    """SELECT g.row, 'key_reason', g.key_reason, 'missing_reason' FROM srsp_import_good g
        WHERE g.proposes AND coalesce(g.key_reason, '') = ''""",
    # A listed target leaves the registry of key targets by a decision, not by a file.
    """SELECT row, 'is_key', is_key::varchar, 'key_listed' FROM srsp_import_good WHERE unlists""",
    """SELECT row, 'key_reason', key_reason, 'key_reworded'
         FROM srsp_import_good WHERE rewords AND NOT unlists""",
    # An older file does not undo a newer class.
    """SELECT g.row, 'risk_date', g.risk_date::varchar, 'older_class' FROM srsp_import_good g
         JOIN srsp_target t ON t.id = g.target_id
        WHERE g.target_moves AND g.risk_class != t.risk_class AND g.risk_date < t.risk_date""",
    """SELECT g.row, 'risk_date', g.risk_date::varchar, 'future_day'
         FROM srsp_import_good g LEFT JOIN srsp_target t ON t.id = g.target_id
        WHERE (g.target_id IS NULL OR g.target_moves) AND g.risk_date > %(today)s
          AND (g.risk_date, coalesce(g.risk_class, t.risk_class)) IS DISTINCT FROM (t.risk_date, t.risk_class)""",
    # Of an entity one row may say that it is a person, another one the code.
    """SELECT g.row, 'uscc', g.uscc, 'person_with_code'
         FROM srsp_import_good g JOIN (
            SELECT g.entity_key FROM srsp_import_good g LEFT JOIN srsp_entity e ON e.id = g.entity_id
             WHERE g.entity_key IN (
                SELECT told.entity_key FROM srsp_import_good told LEFT JOIN srsp_entity e ON e.id = told.entity_id
                 WHERE (told.target_id IS NULL OR told.entity_moves)
                   AND (told.kind = 'person' OR told.kind IS NULL AND e.kind = 'person' AND told.uscc IS NOT NULL))
          GROUP BY g.entity_key, e.uscc HAVING coalesce(max(g.uscc), e.uscc) IS NOT NULL) person USING (entity_key)""",
    """SELECT g.row, 'kind', g.kind, 'identity_kept'
         FROM srsp_import_good g JOIN srsp_entity e ON e.id = g.entity_id
        WHERE g.entity_moves AND g.kind != 'person' AND e.kind = 'person' AND e.identity_number IS NOT NULL""",
    """SELECT g.row, 'division', division.name, 'other_division' FROM srsp_import_good g
         JOIN srsp_sector sector ON sector.id = g.sector JOIN srsp_division division ON division.id = g.division
        WHERE g.division != sector.division_id""",
    # The result of an open visit will name the entity as it is now.
    """SELECT g.row, 'entity_name', g.entity_name, 'open_visit'
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
    # An entity that record rules keep from the user.
    """SELECT row, 'entity_name', entity_name, 'foreign_entity' FROM srsp_import_good
        WHERE entity_moves AND entity_id NOT IN (%(own_entities)s)""",
]
# The counts of an import, by its fields.
COUNT = """
SELECT (SELECT count(DISTINCT row) FROM (SELECT row FROM srsp_import_row
        UNION SELECT row FROM srsp_import_error) every) AS row_count,
       (SELECT count(DISTINCT row) FROM srsp_import_error) AS bad_count,
       count(*) FILTER (WHERE target_id IS NULL) AS created_count,
       count(*) FILTER (WHERE target_id IS NOT NULL AND (target_moves OR entity_moves)) AS updated_count,
       count(*) FILTER (WHERE target_id IS NOT NULL AND NOT (target_moves OR entity_moves)) AS unchanged_count,
       count(*) FILTER (WHERE proposes) AS proposed_count
  FROM srsp_import_good
"""
LIST_MISSING = """
INSERT INTO srsp_registry_import_missing_rel (import_id, target_id)
SELECT %(import)s, t.id FROM srsp_target t
 WHERE t.sector_id IN (SELECT DISTINCT sector FROM srsp_import_good) AND t.state != 'cancelled'
   AND t.id NOT IN (SELECT target_id FROM srsp_import_good WHERE target_id IS NOT NULL)
"""
INSERT_ENTITIES = """
CREATE TEMP TABLE srsp_import_entity ON COMMIT DROP AS
SELECT nextval('srsp_entity_id_seq')::integer AS id, coalesce(uscc, %(code)s) AS code, n.*
  FROM (SELECT entity_key, min(row) AS row, %(merged)s FROM srsp_import_good
         WHERE entity_id IS NULL GROUP BY entity_key ORDER BY row OFFSET 0) n;
INSERT INTO srsp_entity (id, code, %(fields)s, active, company_id,
                         create_uid, create_date, write_uid, write_date)
SELECT id, code, %(values)s, TRUE, %(company)s, %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM srsp_import_entity
"""
# The new values of each changing entity, and of each changing target.
MOVING_ENTITIES = """
SELECT entity_id AS record_id, %(merged)s FROM srsp_import_good
 WHERE entity_id IN (SELECT entity_id FROM srsp_import_good WHERE entity_moves) GROUP BY entity_id
"""
MOVING_TARGETS = (
    "SELECT g.target_id AS record_id, g.* FROM srsp_import_good g WHERE g.target_moves"
)
UPDATE_ENTITIES = """
UPDATE srsp_entity e SET %(assignments)s, code = coalesce(n.uscc, e.code), write_uid = %(uid)s, write_date = %(now)s
  FROM (%(rows)s) n WHERE e.id = n.record_id
"""
# The rows of srsp.target.change, as that model's _keep writes them.
KEEP_CHANGES = """
INSERT INTO srsp_target_change (target_id, field, old, new, reason, source, user_id, changed_on)
SELECT t.id, v.field, v.old, v.new, v.reason, 'import', %(uid)s, %(now)s
  FROM srsp_import_good g JOIN srsp_target t ON t.id = g.target_id,
       LATERAL (VALUES
        ('risk_class', t.risk_class, g.risk_class, %(source)s,
         g.risk_class IS NOT NULL AND g.risk_class IS DISTINCT FROM t.risk_class),
        ('state', t.state, g.state, coalesce(g.state_reason, t.state_reason),
         g.state IS NOT NULL AND g.state != t.state)
       ) v (field, old, new, reason, moves)
 WHERE g.target_moves AND v.moves ORDER BY g.row, v.field
"""
# The cells that differ from the registry.
CHANGES = """
SELECT r.row, coalesce(t.code, e.code), v.name, v.old, v.new
  FROM (SELECT * FROM srsp_import_good WHERE entity_moves OR target_moves ORDER BY row LIMIT %(most)s) r
  JOIN srsp_entity e ON e.id = r.entity_id LEFT JOIN srsp_target t ON t.id = r.target_id,
       LATERAL (SELECT * FROM (VALUES %(cells)s) cell (place, name, old, new, moves)
                 UNION ALL
                SELECT NULL, key, t.properties->>key, value #>> '{}', t.properties->key IS DISTINCT FROM value
                  FROM jsonb_each(r.properties) WHERE r.target_moves) v
 WHERE v.moves ORDER BY r.row, v.place, v.name LIMIT %(most)s
"""
# The tracked fields that change, as mail.tracking.value holds them: (record, field, before and after by type).
TRACK = """
DROP TABLE IF EXISTS srsp_import_tracked, srsp_import_note;
CREATE TEMP TABLE srsp_import_tracked ON COMMIT DROP AS
SELECT old.id AS res_id, v.field_id, v.old_text, v.new_text, v.old_day, v.new_day, v.old_flag, v.new_flag
  FROM (%(rows)s) r JOIN %(table)s old ON old.id = r.record_id,
       LATERAL (VALUES %(cells)s) v (field_id, old_text, new_text, old_day, new_day, old_flag, new_flag, moves)
 WHERE v.moves
"""
# A note for each of those records, a copy of the note %(first)s of the first one, and its values.
KEEP_NOTES = """
CREATE TEMP TABLE srsp_import_note ON COMMIT DROP AS
SELECT res_id, CASE WHEN res_id = note.first THEN %(first)s ELSE nextval('mail_message_id_seq') END::integer AS id
  FROM (SELECT DISTINCT res_id FROM srsp_import_tracked) changed,
       (SELECT res_id AS first FROM mail_message WHERE id = %(first)s) note;
INSERT INTO mail_message (id, res_id, %(names)s)
SELECT n.id, n.res_id, %(values)s FROM srsp_import_note n JOIN mail_message m ON m.id = %(first)s WHERE n.id != m.id;
INSERT INTO mail_tracking_value (mail_message_id, field_id, old_value_char, new_value_char, old_value_datetime,
                                 new_value_datetime, old_value_integer, new_value_integer,
                                 create_uid, create_date, write_uid, write_date)
SELECT n.id, t.field_id, old_text, new_text, old_day, new_day, old_flag, new_flag, %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM srsp_import_tracked t JOIN srsp_import_note n ON n.res_id = t.res_id
"""
OWN_MESSAGE_ID = SQL("'<' || n.id || '-' || substr(m.message_id, 2)")
# Dates and sources as srsp.target.write() sets them, unless the file has its own.
UPDATE_TARGETS = """
UPDATE srsp_target t SET %(assignments)s, write_uid = %(uid)s, write_date = %(now)s,
       risk_date = CASE WHEN g.risk_class IS NOT NULL AND g.risk_class IS DISTINCT FROM t.risk_class
            THEN coalesce(g.risk_date, %(today)s) ELSE greatest(g.risk_date, t.risk_date) END,
       risk_source = CASE WHEN g.risk_class IS NOT NULL AND g.risk_class IS DISTINCT FROM t.risk_class
            THEN 'import' ELSE t.risk_source END,
       state_date = CASE WHEN g.state != t.state THEN %(today)s ELSE t.state_date END,
       properties = coalesce(t.properties || g.properties, g.properties, t.properties)
  FROM srsp_import_good g WHERE t.id = g.target_id AND g.target_moves
"""
# Seen in a file of the whole registry: not a change of the target.
CONFIRM_TARGETS = """
UPDATE srsp_target t SET seen_on = %(today)s FROM srsp_import_good g
 WHERE t.id = g.target_id AND t.seen_on IS DISTINCT FROM %(today)s
"""
INSERT_TARGETS = """
INSERT INTO srsp_target (code, entity_id, sector_id, division_id, company_id, %(fields)s,
                         risk_date, risk_source, state_date, properties,
                         create_uid, create_date, write_uid, write_date)
SELECT sector.code || '-' || %(code)s, coalesce(g.entity_id, n.id), sector.id, sector.division_id,
       sector.company_id, %(values)s,
       coalesce(g.risk_date, CASE WHEN g.risk_class IS NOT NULL THEN %(today)s END),
       CASE WHEN g.risk_class IS NOT NULL THEN 'import' END,
       CASE WHEN g.state != 'active' THEN %(today)s END,
       coalesce(defaults.properties || g.properties, g.properties, defaults.properties),
       %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM (SELECT * FROM srsp_import_good WHERE target_id IS NULL ORDER BY row OFFSET 0) g
  JOIN srsp_sector sector ON sector.id = g.sector
 CROSS JOIN LATERAL (SELECT %(properties)s AS properties) defaults
  LEFT JOIN srsp_import_entity n ON g.entity_id IS NULL AND n.entity_key = g.entity_key
 ORDER BY g.row
"""
# The rows that have become targets, and those targets.
_CREATED = """srsp_import_good g
          LEFT JOIN srsp_import_entity n ON g.entity_id IS NULL AND n.entity_key = g.entity_key
          JOIN srsp_target made ON made.entity_id = coalesce(g.entity_id, n.id) AND made.sector_id = g.sector
           AND coalesce(made.permit_number, '') = coalesce(g.permit_number, '')
         WHERE g.target_id IS NULL"""
CHANGED_ENTITIES = "SELECT entity_id FROM srsp_import_good WHERE entity_moves"
CHANGED_TARGETS = "SELECT target_id FROM srsp_import_good WHERE target_moves"
CREATED_ENTITIES = "SELECT id FROM srsp_import_entity"
CREATED_TARGETS = f"SELECT made.id FROM {_CREATED}"
# The key marks of the file that the registry of key targets does not have yet.
PROPOSE_KEYS = f"""
INSERT INTO srsp_key_target (target_id, company_id, division_id, sector_id, for_other, reason, origin, state,
                             proposed_by_id, proposed_on, create_uid, create_date, write_uid, write_date)
SELECT t.id, t.company_id, t.division_id, t.sector_id, TRUE, g.key_reason, 'import', 'proposed',
       %(uid)s, %(today)s, %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM (SELECT row, key_reason, target_id FROM srsp_import_good WHERE proposes AND target_id IS NOT NULL
         UNION ALL
        SELECT g.row, g.key_reason, made.id FROM {_CREATED} AND g.proposes) g
  JOIN srsp_target t ON t.id = g.target_id ORDER BY g.row
"""
# A target of this file is no longer missing, whatever older files lack.
FOUND_AGAIN = """
DELETE FROM srsp_registry_import_missing_rel rel USING srsp_import_good g
 WHERE rel.target_id = g.target_id AND rel.import_id != %(import)s;
UPDATE srsp_registry_import i SET missing_count = now.count
  FROM (SELECT old.id, count(rel.target_id) FROM srsp_registry_import old
          LEFT JOIN srsp_registry_import_missing_rel rel ON rel.import_id = old.id
         WHERE old.missing_count > 0 AND old.id != %(import)s GROUP BY old.id) now
 WHERE i.id = now.id AND i.missing_count != now.count
"""
# An entity's tags are those of its row, where that names any.
KEEP_TAGS = """
DELETE FROM srsp_entity_tag_rel rel USING (%(rows)s) n WHERE rel.entity_id = n.record_id AND n.tags IS NOT NULL;
INSERT INTO srsp_entity_tag_rel (entity_id, tag_id)
SELECT n.record_id, unnest(n.tags) FROM (%(rows)s UNION ALL SELECT id, %(columns)s FROM srsp_import_entity) n
    ON CONFLICT DO NOTHING
"""
# Whether a value (new) differs from the record's (old), by the column's name or kind. NULL is an empty cell, which does
# not differ; nor does an earlier day of a risk class.
DIFFERS = {
    "risk_date": "%(new)s > %(old)s OR %(old)s IS NULL AND %(new)s IS NOT NULL",
    "flag": "%(new)s != coalesce(%(old)s, FALSE)",
    "latitude": "%(new)s != coalesce(%(old)s, 0)",
    "longitude": "%(new)s != coalesce(%(old)s, 0)",
    "until": "%(new)s IS NOT NULL AND nullif(%(new)s, 'infinity') IS DISTINCT FROM %(old)s",
    "tags": "%(new)s != %(old)s",
}
DIFFERS_OTHERWISE = "%(new)s != %(old)s OR %(old)s IS NULL AND %(new)s IS NOT NULL"
DEFAULTS = {"kind": SQL("'enterprise'"), "state": SQL("'active'")}


def _identify(column, alias=None):
    return SQL.identifier(*filter(None, (alias, column.name)))


def case(value, pairs, default=None):
    """SQL of what ``pairs`` [(value, result)] have for ``value``, else ``default``."""
    cases = [SQL("WHEN %s THEN %s", *pair) for pair in pairs]
    if not cases:
        return SQL("%s", default)
    return SQL("CASE %s %s ELSE %s END", value, SQL(" ").join(cases), default)


def identify(columns, alias=None):
    return SQL(", ").join(_identify(c, alias) for c in columns)


def moves(columns, alias):
    """SQL of whether the row ``r`` differs from the record ``alias``, or NULL."""
    return SQL(" OR ").join(
        SQL(
            DIFFERS.get(c.name) or DIFFERS.get(c.kind, DIFFERS_OTHERWISE),
            new=_identify(c, "r"),
            old=stored(c, alias),
        )
        for c in columns
    )


def merge(columns):
    """SQL of each column over all rows of an entity, which agree with each other."""
    return SQL(", ").join(
        SQL("max(%(name)s) AS %(name)s", name=_identify(c)) for c in columns
    )


def stored(column, alias):
    """SQL of a column of the record ``alias``; of several records the ids, in ascending order."""
    if column.kind not in MANY:
        return SQL.identifier(alias, column.field)
    return SQL(
        "(SELECT coalesce(array_agg(tag_id ORDER BY tag_id), '{}') FROM srsp_entity_tag_rel WHERE entity_id = %s)",
        SQL.identifier(alias, "id"),
    )


def becomes(column, new, old):
    """SQL of a column of the record ``old`` after the row ``new`` has changed it."""
    value = SQL("coalesce(%s, %s)", _identify(column, new), stored(column, old))
    return _without_end(column, value)


def _without_end(column, value):
    return SQL("nullif(%s, 'infinity')", value) if column.kind == "until" else value


def shown(column, value):
    """SQL of a value as text: regions and tags by their names."""
    if column.kind == "region":
        return SQL("(SELECT label FROM srsp_region WHERE id = %s)", value)
    if column.kind in MANY:
        return SQL(
            "(SELECT string_agg(name, '、' ORDER BY name) FROM srsp_tag WHERE id IN (SELECT unnest(%s)))",
            value,
        )
    return SQL("%s::varchar", value)


def assign(columns, new, old):
    """The assignments of an UPDATE."""
    pairs = _pair(columns, lambda c: becomes(c, new, old))
    return SQL(", ").join(SQL("%s = %s", *pair) for pair in pairs)


def insert(columns, alias=None):
    """The ``fields`` and ``values`` of an INSERT, by these names."""
    fields, values = zip(*_pair(columns, lambda c: _fill(c, _identify(c, alias))))
    return {"fields": SQL(", ").join(fields), "values": SQL(", ").join(values)}


def _fill(column, value):
    if column.name in DEFAULTS:
        return SQL("coalesce(%s, %s)", value, DEFAULTS[column.name])
    return _without_end(column, value)


def _pair(columns, make):
    """Yield (field, value) of the columns that are fields of the table, and of a region's name beside it."""
    for column in columns:
        if column.kind not in MANY:
            value = make(column)
            yield SQL.identifier(column.field), value
            if column.kind == "region":
                yield SQL("region"), shown(column, value)
