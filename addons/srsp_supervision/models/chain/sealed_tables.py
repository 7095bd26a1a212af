"""Which tables are sealed, and the SQL that watches, digests and compares their rows.

Every column of every model of ours is sealed, so are the tables of our many2many fields, and the columns that our
addons add to models of others. A model that the check compares in full by other means says ``_sealed_rows = False``;
of the history, ``_sealed_rows`` says by a condition over the row ``r`` which rows are ours.
"""

import hashlib
from typing import NamedTuple

from odoo.tools import SQL

# The row as PostgreSQL writes it; without the end, so that a column that is added and empty changes no digest.
# Trimmed as bytes, which is faster than as text; at both ends, as no row begins with one of these signs.
DIGEST = "sha256(btrim(convert_to((%s)::text, 'UTF8'), ',)'::bytea))"
# Of each session. It outlives a commit: what SQL changes before Odoo is ready is recorded as soon as it is.
CREATE = """
CREATE TEMP TABLE IF NOT EXISTS srsp_touched (res_table text, res_id integer, other_id integer, digest bytea,
                                              PRIMARY KEY (res_table, res_id, other_id))
"""
# Statement triggers, so that whatever writes is seen: the ORM, SQL of ours, and cascades of PostgreSQL.
WATCH = """
CREATE OR REPLACE FUNCTION %(function)s() RETURNS trigger LANGUAGE plpgsql AS $srsp$
BEGIN
    IF to_regclass('pg_temp.srsp_touched') IS NULL THEN
        %(create)s;
    END IF;
    IF TG_OP != 'INSERT' THEN
        INSERT INTO pg_temp.srsp_touched
        SELECT %(table)s, %(key)s, %(other)s, %(digest)s FROM old_row r ON CONFLICT DO NOTHING;
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND %(moves)s THEN
        INSERT INTO pg_temp.srsp_touched
        SELECT %(table)s, %(key)s, %(other)s, NULL FROM new_row r ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $srsp$
"""
FIRST = """
INSERT INTO pg_temp.srsp_touched
SELECT %(table)s, r.res_id, r.other_id, last.digest
  FROM (SELECT %(key)s AS res_id, %(other)s AS other_id FROM %(name)s r) r
LEFT JOIN LATERAL (SELECT digest FROM srsp_event_row seen
                    WHERE seen.res_table = %(table)s AND seen.res_id = r.res_id AND seen.other_id = r.other_id
                 ORDER BY seen.change_id DESC LIMIT 1) last ON true
"""
TRIGGERS = {
    "INSERT": "REFERENCING NEW TABLE AS new_row",
    "UPDATE": "REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row",
    "DELETE": "REFERENCING OLD TABLE AS old_row",
}


class SealedTable(NamedTuple):
    """A table whose rows are known by ``key`` and ``other`` (0 except for a many2many), over the alias ``r``."""

    name: str
    model: str
    key: SQL
    other: SQL
    digest: SQL
    company: SQL

    @property
    def is_relation(self) -> bool:
        return self.other.code != "0"

    def get_function(self) -> str:
        """Return the name of the function that notes the rows touched."""
        return f"srsp_touch_{self.name}"[:63]

    def get_parts(self) -> dict[str, SQL | str]:
        """Return the parts of a query over the rows of this table."""
        return {
            "table": self.name,
            "name": SQL.identifier(self.name),
            "key": self.key,
            "other": self.other,
            "digest": self.digest,
            "row_company": self.company,
        }

    def get_watch_sql(self) -> list[SQL]:
        """Return the statements that have every touched row of this table noted, with its digest before."""
        function = SQL.identifier(self.get_function())
        watch = SQL(
            WATCH,
            function=function,
            create=SQL(CREATE),
            moves=self.is_relation,
            **self.get_parts(),
        )
        statements = [watch]
        for event, tables in TRIGGERS.items():
            statements.append(
                SQL(
                    "CREATE OR REPLACE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %s()",
                    SQL.identifier(f"srsp_touch_{event.lower()}"),
                    SQL(event),
                    SQL.identifier(self.name),
                    SQL(tables),
                    function,
                )
            )
        return statements

    def get_first_sql(self) -> SQL:
        """Return the statement that notes all present rows, with the digests recorded last."""
        return SQL(FIRST, **self.get_parts())

    def get_stamp(self, cr) -> str:
        """Return what the comment of the trigger's function says, to know whether it is this one."""
        texts = []
        for statement in self.get_watch_sql():
            texts.append(cr.mogrify(statement.code, statement.params))
        return hashlib.sha256(b"\n".join(texts)).hexdigest()


def find_sealed_tables(env) -> dict[str, SealedTable]:
    """Return ``{name: SealedTable}`` of all tables that are sealed."""
    ours = {
        module for module in env.registry._init_modules if module.startswith("srsp_")
    }
    tables: dict[str, SealedTable] = {}
    for name, model in sorted(env.registry.items()):
        if not model._auto or model._abstract or model._transient:
            continue
        is_ours = name.startswith("srsp.")
        stored = [
            field
            for field in model._fields.values()
            if field.store and (is_ours or ours.issuperset(field._modules or ("",)))
        ]
        columns = sorted(field.name for field in stored if field.column_type)
        condition = getattr(model, "_sealed_rows", "true" if is_ours else False)
        if condition:
            whole = SQL(DIGEST, SQL("r"))
            digest = SQL("CASE WHEN %s THEN %s END", SQL(condition), whole)
            tables[model._table] = _table(model, digest)
        elif not is_ours and columns:
            tables[model._table] = _table(model, _digest_columns(columns))
        for field in stored:
            if field.type == "many2many" and field.relation not in tables:
                tables[field.relation] = SealedTable(
                    field.relation,
                    name,
                    SQL("r.%s", SQL.identifier(field.column1)),
                    SQL("r.%s", SQL.identifier(field.column2)),
                    SQL("'\\x01'::bytea"),
                    SQL("NULL::integer"),
                )
    return tables


def _table(model, digest):
    field = model._fields.get("company_id")
    company = "r.company_id" if field is not None and field.store else "NULL::integer"
    return SealedTable(
        model._table, model._name, SQL("r.id"), SQL("0"), digest, SQL(company)
    )


def _digest_columns(columns):
    parts = [SQL.identifier("r", name) for name in ("id", *columns)]
    return SQL(DIGEST, SQL("ROW(%s)", SQL(", ").join(parts)))
