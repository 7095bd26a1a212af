"""What the tests of the registries' files share."""

import base64
import csv
import io
import zipfile

import openpyxl
import xlsxwriter

from ..common import SrspCase

HEADER = ["entity_name", "uscc", "sector", "permit_number"]
CODE = "91110000600037341L"
CODE_2 = "91350100M000100Y43"


def make_csv(rows, encoding="utf-8", **options):
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    return text.getvalue().encode(encoding)


def make_workbook(rows, change=None):
    """A workbook's bytes; ``change(book, sheet)`` may do more to it before it is closed."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if hasattr(value, "isoformat"):
                    sheet.write_datetime(at, column, value, day)
                elif isinstance(value, str):
                    sheet.write_string(at, column, value)
                else:
                    sheet.write(at, column, value)
        if change:
            change(book, sheet)
    return data.getvalue()


def read_workbook(data):
    """The rows of a workbook's first sheet."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def read_part(data, part):
    """One of the files that a workbook consists of."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(part)


def replace_part(data, part, text):
    """The workbook with one part more, or another one in its place."""
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        new.writestr(part, text)
    return changed.getvalue()


class RegistryCase(SrspCase):
    """The bureau of SrspCase; ``officer`` keeps the registry of Surveying, ``manager`` its inspectors too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.administrator = cls._make_user("administrator", "administrator")
        (cls.officer | cls.manager | cls.administrator).lang = "en_US"
        cls.regions = {
            name: cls._make_region(name) for name in ("鼓楼区", "台江区", "霞浦县")
        }

    def _upload(self, rows, user=None, **values):
        """An import of ``rows`` (or of the bytes of a file), its headings read."""
        data = rows if isinstance(rows, bytes) else make_csv(rows)
        imports = self.env["srsp.registry.import"].with_user(user or self.officer)
        return imports.with_context(allowed_company_ids=self.company.ids).create(
            {
                "source": "Test",
                "file": base64.b64encode(data),
                "file_name": "registry",
                **values,
            }
        )

    def _check(self, rows, user=None, **values):
        record = self._upload(rows, user, **values)
        record.action_check()
        record._run()
        return record

    def _import(self, rows, user=None, **values):
        record = self._check(rows, user, **values)
        self.assertEqual(record.state, "checked", record.message)
        record.action_import()
        record._run()
        return record

    def _errors(self, record):
        """[(row, column, value, reason)] of the report."""
        return [(e.row, e.label, e.value, e.reason) for e in record.sudo().error_ids]

    def _counts(self, record):
        """(rows, new, changed, unchanged, bad)"""
        names = "row_count created_count updated_count unchanged_count bad_count"
        return tuple(record[name] for name in names.split())

    def _registry(self):
        """Both tables of this bureau, whole."""
        self.env.flush_all()
        tables = []
        for table, order in (("srsp_entity", "code"), ("srsp_target", "code")):
            self.env.cr.execute(
                f"SELECT * FROM {table} WHERE company_id = %s ORDER BY {order}",
                [self.company.id],
            )
            tables.append(self.env.cr.dictfetchall())
        return tables

    def _target(self, name):
        return self.env["srsp.target"].search(
            [("entity_id.name", "=", name), ("company_id", "=", self.company.id)]
        )
