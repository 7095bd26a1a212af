"""Writing the registry of targets as a file.

Peers: for text, PostgreSQL's own ``COPY … TO STDOUT`` of the same query; for a workbook, xlsxwriter alone with as many
cells already in memory, and Odoo's own export (``export_data`` and a workbook in memory) of at most ORM_ROWS rows.
``peak_mb`` is what the work takes on top of an Odoo that has done nothing yet.
"""

import contextlib
import functools
import io
import tempfile
from pathlib import Path

import bench_search
import registry_rows
import xlsxwriter

SIZE = 100_000
ORM_ROWS = 20_000
TABLE = "srsp.registry.table.target"


def run(size, tools):
    env = tools.env
    bench_search.fill(env, tools, size)
    yield from measure(env, tools, size)


def measure(env, tools, size):
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".local") as folder:
        path = Path(folder, "registry.xlsx")

        for work, peer, name in (
            (text, lambda: copy(env), "COPY TO STDOUT"),
            (book, lambda: write_alone(env, path, size), "xlsxwriter alone"),
        ):
            ours = functools.partial(work, env, path)
            peak = registry_rows.weigh(env, work, path)
            result = tools.compare(ours, peer, name)
            yield {"measures": f"export ({work.__name__})", **result, "peak_mb": peak}
        if size <= ORM_ROWS:
            result = tools.compare(ours, lambda: orm(env), "Odoo's own export")
            yield {"measures": "export (book)", **result}


def text(env, _path):
    for _piece in env[TABLE]._stream_csv():
        pass


def book(env, path):
    env[TABLE]._write_export(str(path))


def copy(env):
    query = env[TABLE]._get_export_sql()
    statement = env.cr._obj.mogrify(query.code, query.params).decode()
    env.cr._obj.copy_expert(
        f"COPY ({statement}) TO STDOUT WITH (FORMAT csv)", io.BytesIO()
    )


def write_alone(env, path, size):
    """As many rows like the first one, without a database."""
    with contextlib.closing(env[TABLE]._read_rows()) as rows:
        row = next(rows)
    cells = [str(value) if value is not None else "" for value in row]
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number in range(min(size, 1_048_576)):
            for at, cell in enumerate(cells):
                if cell:
                    sheet.write_string(number, at, cell)


def orm(env):
    names = (
        "code entity_id/name entity_id/uscc entity_id/kind entity_id/address entity_id/legal_representative"
        " entity_id/founded_on entity_id/registering_authority entity_id/region sector_id/name division_id/name"
        " name region latitude longitude permit_name permit_number permit_authority permit_granted_on"
        " permit_valid_until risk_class risk_date is_key key_reason state state_reason"
    ).split()
    env.invalidate_all()
    rows = env["srsp.target"].search([], order="code").export_data(names)["datas"]
    with xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, [str(cell) if cell else "" for cell in row])
