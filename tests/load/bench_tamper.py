"""How many changes made by SQL, behind Odoo's back, the check of the chain finds: a score, not a time.

The changes are made from the models: of every table of ours (those of our models, those of their many2many fields, the
columns that our addons add to models of others) each column of a row gets another value, a row is deleted, and two rows
change places. Each change stands alone on the demonstration database and is taken back. Foreign keys and triggers are
switched off meanwhile, as whoever owns the database can. What the comparison of rows does not find is looked for by the
whole check. A change that PostgreSQL refuses (a constraint, a unique index) is none. SIZE is the number of rows tried
of each table, from the newest on.
"""

from collections import Counter

from psycopg2 import DataError, IntegrityError

SIZE = 1
DEMO = True
# Another value of a type, of the value v.
OTHERS = {
    "bool": "v IS NOT TRUE",
    "date": "COALESCE(v, '2026-01-01') + 1",
    "timestamp": "COALESCE(v, '2026-01-01') + interval '1 day'",
    "jsonb": """CASE jsonb_typeof(v) WHEN 'object' THEN v || '{"tampered": 1}' ELSE '["tampered"]' END""",
    "bytea": r"COALESCE(v, '') || '\x01'::bytea",
    **dict.fromkeys(("int4", "int8", "float8", "numeric"), "COALESCE(v, 0) + 1"),
    **dict.fromkeys(("text", "varchar"), "COALESCE(v, '') || 'x'"),
}


def run(size, tools):
    env = tools.env
    env["srsp.event.change"]._seal_pending()
    env.cr.commit()
    env.cr.execute("SET session_replication_role = replica")
    companies = env["res.company"].search([])
    if found := look(env, companies, whole=True):
        raise RuntimeError(f"the chain must be found intact: {found}")
    env.cr.commit()
    found, missed, refused = Counter(), Counter(), 0
    labels = []
    for table, label, statements in make_changes(env, size):
        outcome = try_change(env, companies, statements)
        if outcome is None:
            refused += 1
        else:
            (found if outcome else missed)[table] += 1
        if outcome is False:
            labels.append(label)
    for table in find_columns(env):
        tools.say(f"{table}: {found[table]} found, {missed[table]} missed")
    tried = found.total() + missed.total()
    yield {
        "measures": "changes found by the check",
        "tried": tried,
        "found": found.total(),
        "score": round(100 * found.total() / tried, 2),
        "refused": refused,
        "missed": labels,
    }


def try_change(env, companies, statements):
    """Whether the check finds what ``statements`` change; None where they change nothing or are refused."""
    outcome = None
    with env.cr.savepoint(flush=False) as savepoint:
        if is_effective(env, statements):
            env.invalidate_all(flush=False)
            env.registry.clear_all_caches()
            outcome = look(env, companies) or look(env, companies, whole=True)
        savepoint.rollback()
    env.invalidate_all(flush=False)
    return outcome


def is_effective(env, statements):
    for statement in statements:
        try:
            with env.cr.savepoint(flush=False):
                env.cr.execute(statement, log_exceptions=False)
        except (DataError, IntegrityError):
            return False
        if not env.cr.rowcount:
            return False
    return bool(statements)


def look(env, companies, whole=False):
    """Whether the check finds anything: in the rows alone, or in the whole chain."""
    checks = env["srsp.event.check"].sudo()
    if whole:
        return any(checks._walk(company)[0] for company in companies)
    return any(any(checks._find_changed_rows(company)) for company in companies)


def find_columns(env):
    """``{table: names of columns}`` of all tables of ours; of a table of others the columns that we add."""
    tables = {}
    for name, model in env.registry.items():
        if model._abstract or model._transient or not model._auto:
            continue
        for field in model._fields.values():
            ours = all(module.startswith("srsp_") for module in field._modules)
            if not field.store or not (
                name.startswith("srsp.") or (ours and field._modules)
            ):
                continue
            if field.type == "many2many":
                tables[field.relation] = [field.column1, field.column2]
            elif field.column_type:
                tables.setdefault(model._table, []).append(field.name)
    return dict(sorted(tables.items()))


def make_changes(env, size):
    """Yield ``(table, label, statements)`` of each change."""
    for table, names in find_columns(env).items():
        env.cr.execute(
            "SELECT attname, typname FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid"
            " WHERE attrelid = %s::regclass AND attnum > 0",
            [table],
        )
        types = dict(env.cr.fetchall())
        keys = ["id"] if "id" in types else names
        columns = ", ".join(keys)
        env.cr.execute(
            f"SELECT {columns} FROM {table} ORDER BY {columns.replace(',', ' DESC,')} DESC LIMIT {size + 1}"
        )
        rows = env.cr.fetchall()
        for number, row in enumerate(rows[:size]):
            place = match(keys, row)
            for name in names:
                other = f"(SELECT {OTHERS[types[name]]} FROM (SELECT {name} AS v) one)"
                change = f"UPDATE {table} SET {name} = {other} WHERE {place}"
                yield table, f"{table}.{name}", [change]
            if "id" in types and "id" not in names:
                continue  # a table of others
            yield (
                table,
                f"{table}: a row deleted",
                [f"DELETE FROM {table} WHERE {place}"],
            )
            if number + 1 < len(rows):
                yield (
                    table,
                    f"{table}: two rows exchanged",
                    swap(table, keys, row, rows[number + 1]),
                )


def match(keys, row):
    return " AND ".join(
        f"{key} = {value}" for key, value in zip(keys, row, strict=True)
    )


def swap(table, keys, one, two):
    """Two rows exchange their ids; two links, what they link to."""
    if len(keys) > 1 and (one[0] == two[0] or one[1] == two[1]):
        return []  # they would be the same links
    name = keys[-1]
    moves = ((one, -1), (two, one[-1]), ((*one[:-1], -1), two[-1]))
    return [
        f"UPDATE {table} SET {name} = {after} WHERE {match(keys, before)}"
        for before, after in moves
    ]
