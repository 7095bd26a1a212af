"""Kinds of files: read as they are, or refused with their name and the way out.

The files in tests/data/kinds were written by LibreOffice (``soffice --headless --convert-to ods source.xlsx``):
``source`` from what ``make_source`` returns, ``export`` from the export of the three targets of ``TestRoundTrip``,
``template`` from the template with one row filled in, ``list`` from a list that ``tools/workbook.py`` wrote.
"""

import io
import re
import tempfile
import zipfile
from datetime import date

from odoo.tests import tagged
from odoo.tools.misc import file_open

from ...tools.tables import open_table
from ..registry.registry_case import (
    CODE,
    RegistryCase,
    make_workbook,
    read_part,
    replace_part,
)

ROWS = [
    "企业名称 统一社会信用代码 监管领域 许可证号 许可日期 有效期至 经营范围".split(),
    [
        "福州甲测绘有限公司",
        CODE,
        "测绘管理",
        "00012",
        date(2024, 5, 1),
        date(2029, 1, 5),
        "测绘\n航空摄影",
    ],
    [
        "福州㐂乙测绘有限公司",
        "",
        "测绘管理",
        350100,
        date(2024, 5, 2),
        "长期",
        "工程  测量",
    ],
    ["福州丙测绘有限公司", "", "测绘管理", "P3", "2024年5月3日", date(2030, 1, 5)],
    [],
    ["说明"],
]
MARKS = {
    (3, -1): "hidden_row",
    (4, 6): "formula",
    (4, 7): "formula_error",
    (6, 0): "merged_cell",
    (6, 1): "merged_cell",
}
DAMAGED = (
    "It is neither a workbook (.xlsx, .xls, .ods) nor text (.csv), or it is damaged."
)
CONTENT = ("<office:document-content", "</office:document-content>")


def make_source():
    """A workbook with a date, a number, a note, a line break, a hidden row, formulas and merged cells."""

    def change(book, sheet):
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.write_comment(1, 0, "批注")
        sheet.write_formula(3, 6, '="公式"&"一"', None, "公式一")
        sheet.write_formula(3, 7, "=1/0", None, "#DIV/0!")
        sheet.merge_range(5, 0, 5, 1, "说明")
        book.add_worksheet("隐藏").write_string(0, 0, "隐藏")
        book.worksheets()[1].hide()

    return make_workbook(ROWS, change)


def saved(name):
    with file_open(f"srsp_supervision/tests/data/kinds/{name}", "rb") as file:
        return file.read()


def flatten(data):
    """The content of an .ods as the one file that an .fods is."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("content.xml").decode()
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    text = text.replace(CONTENT[0], f'<office:document office:mimetype="{kind}"')
    return text.replace(CONTENT[1], "</office:document>").encode()


def rename_stream(data, name):
    """An .xls whose stream of records is called otherwise, as in other kinds of Office files."""
    [old, new] = (text.encode("utf-16-le") for text in ("Workbook", name))
    entry = old.ljust(64, b"\0") + (len(old) + 2).to_bytes(2, "little")
    assert data.count(entry) == 1
    changed = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    return data.replace(entry, changed)


def rename_types(data):
    """A workbook whose parts are called as those of a .docx."""
    for part in ("[Content_Types].xml", "_rels/.rels"):
        text = read_part(data, part).replace(b"spreadsheetml", b"wordprocessingml")
        data = replace_part(data, part, text.replace(b"xl/workbook", b"word/document"))
    return replace_part(data, "word/document.xml", b"<document/>")


def pack(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


class KindsCase(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sector.name = "测绘管理"

    def _read(self, data):
        """({row number: cells}, {(row number, column): the mark's reason}) as the reader says."""
        rows, marks = {}, {}
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            for block in open_table(file.name).blocks():
                rows |= dict(enumerate(block.rows, block.first))
                marks |= {(mark.row, mark.column): mark.reason for mark in block.marks}
        return rows, marks


@tagged("post_install", "-at_install")
class TestRegistryKinds(KindsCase):
    def test_all_kinds_of_spreadsheets_say_the_same(self):
        kinds = {
            "source": make_source(),
            **{
                f"LibreOffice's .{kind}": saved(f"source.{kind}")
                for kind in ("xlsx", "xls", "ods")
            },
        }
        kinds["LibreOffice's .fods"] = flatten(kinds["LibreOffice's .ods"])
        for kind, data in kinds.items():
            with self.subTest(kind):
                rows, marks = self._read(data)
                self.assertEqual(marks, MARKS)
                for number, row in enumerate(ROWS, 1):
                    self.assertEqual(rows[number][: len(row)], row)
                    self.assertFalse(any(rows[number][len(row) : 6]))

    def test_all_kinds_are_imported_alike(self):
        for kind in ("xlsx", "xls", "ods"):
            with self.subTest(kind):
                record = self._check(saved(f"source.{kind}"), with_hidden=True)
                self.assertEqual(record.state, "checked", record.message)
                self.assertEqual(
                    [(e.row, e.label) for e in record.sudo().error_ids],
                    [
                        (4, "Business Scope"),
                        (6, "Entity Name"),
                        (6, "Sector"),
                        (6, "Credit Code"),
                    ],
                )
                self.assertEqual(self._counts(record), (4, 2, 0, 0, 2))

    def test_what_is_no_spreadsheet_is_refused_with_its_name_and_the_way_out(self):
        table = "<table><tr><td>企业名称</td></tr></table>"
        xls = saved("source.xls")
        named = {
            "a web page (HTML)": [
                f"<html><body>{table}</body></html>".encode(),
                f"<!DOCTYPE html>\n<html>{table}</html>".encode("gbk"),
                table.encode(),
                b"MIME-Version: 1.0\r\nContent-Type: multipart/related",
            ],
            "an XML file, such as an Excel 2003 XML table": [
                b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>',
                b"\xef\xbb\xbf<Workbook/>",
            ],
            "a PDF document": [b"%PDF-1.7\n"],
            "a SYLK table (.slk)": [b"ID;PSCALC3\r\nX;Y1;X1"],
            "a text document": [
                b"{\\rtf1}",
                rename_stream(xls, "WordDocument"),
                pack(mimetype="application/vnd.oasis.opendocument.text"),
                pack(**{"Index/Document.iwa": ""}),
                rename_types(make_workbook([["甲"]])),
            ],
            "a presentation": [rename_stream(xls, "PowerPoint Document")],
            "a picture": [
                b"\x89PNG\r\n\x1a\n\0\0",
                b"\xff\xd8\xff\xe0\0\x10JFIF",
                b"GIF89a\1\0",
            ],
        }
        for name, files in named.items():
            sentence = (
                f"It is {name}: bring its table into a spreadsheet program and save it there as an Excel workbook "
                "(.xlsx)."
            )
            for data in files:
                with self.subTest(name, data=data[:20]):
                    self._assert_refused(data, sentence)

    def test_archives_passwords_macros_and_damage_are_refused_with_the_way_out(self):
        xls, ods = saved("source.xls"), saved("source.ods")
        lock = b'<manifest:encryption-data xmlns:manifest="m"/>'
        sentences = {
            "It is an archive of files (.zip, .rar, .7z): unpack it and choose the workbook in it.": [
                pack(**{"a.xlsx": "x"}),
                b"Rar!\x1a\7\0",
                b"7z\xbc\xaf\x27\x1c",
                b"\x1f\x8b\x08",
            ],
            "It has a password: open it and save it without one.": [
                rename_stream(xls, "EncryptedPackage"),
                pack(
                    mimetype="application/vnd.oasis.opendocument.spreadsheet",
                    **{"META-INF/manifest.xml": lock, "content.xml": "\x12\x34"},
                ),
            ],
            "It contains macros: save it as .xlsx without macros.": [
                saved("source.xlsm")
            ],
            "The first sheet is empty.": [b"", b"\xef\xbb\xbf"],
            DAMAGED: [
                *(data[: len(data) // n] for data in (xls, ods) for n in (2, 3, 50)),
                rename_stream(xls, "Contents"),
                flatten(ods)[:-40],
                b"\3\x7e\1\1" + bytes(200),
            ],
        }
        for sentence, files in sentences.items():
            for data in files:
                with self.subTest(sentence, data=data[:20]):
                    self._assert_refused(data, sentence)

    def _assert_refused(self, data, sentence):
        record = self._check_safely(data)
        self.assertEqual((record.state, record.message), ("failed", sentence))

    def _check_safely(self, data):
        """The import, failed when its headings were read or when it was checked."""
        record = self._upload(data)
        if record.state != "failed":
            record.action_check()
            record._run()
        return record

    def test_the_limits_of_workbooks_hold_for_the_other_kinds_too(self):
        text = flatten(saved("source.ods")).decode()
        [head, table, tail] = re.split(
            "(<table:table .*</table:table>)", text, flags=re.S
        )
        another = table.replace('table:name="Sheet1"', 'table:name="续表"')
        self._assert_refused(
            f"{head}{table}{another}{tail}".encode(),
            "Sheet “续表” is filled too, and only the first one is read: put its rows below the others, or hide "
            "it if it has none. More than a million rows are imported as text (.csv).",
        )
        wide = text.replace(
            "<table:table-cell",
            '<table:table-cell table:number-columns-repeated="200"/><table:table-cell',
            1,
        )
        self._assert_refused(wide.encode(), "It has cells beyond the 200th column.")
        entity = text.replace("?>", '?><!DOCTYPE a [<!ENTITY b "b">]>', 1)
        self._assert_refused(
            entity.encode(),
            "It is neither a workbook (.xlsx, .xls, .ods) nor text (.csv), or it is damaged.",
        )


@tagged("post_install", "-at_install")
class TestRoundTrip(KindsCase):
    """What we write, opened in LibreOffice and saved there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        header = (
            "entity_name uscc kind founded_on business_scope contact_phone sector region permit_number "
            "permit_granted_on permit_valid_until latitude risk_class risk_date is_key key_reason"
        ).split()
        cls.rows = [
            header,
            ["福州甲测绘（集团）有限公司", CODE, "", "2001-05-06", "测绘\n航空摄影", "0591-88888888", "测绘管理",
             "鼓楼区", "00012", "2024-05-01", "2029-01-05", "26.074508", "A", "2024-01-02", "1", "投诉多"],
            ["福州㐂乙测绘有限公司", "", "", "", "=1+1", "", "测绘管理", "", "'3501", "", "长期", "", "", "", "", ""],
            ["福州丙测绘有限公司", "", "", "1899-05-06", "a  b", "", "测绘管理", "", "350100202600012346",
             "2024-05-01", "", "", "", "", "", ""],
        ]  # fmt: skip

    def setUp(self):
        super().setUp()
        self.assertEqual(self._errors(self._import(self.rows)), [])
        # The codes of the file: those of a sequence are others in each database.
        for table, prefix in (("srsp_entity", "LE"), ("srsp_target", "LT")):
            self.env.cr.execute(
                f"UPDATE {table} x SET code = %s || n FROM (SELECT id, row_number() OVER (ORDER BY code) AS n"
                f" FROM {table} WHERE company_id = %s) y WHERE x.id = y.id"
                + (" AND uscc IS NULL" if table == "srsp_entity" else ""),
                [prefix, self.company.id],
            )
        self.env.invalidate_all()

    def test_an_export_that_libreoffice_saved_changes_nothing(self):
        for kind in ("xlsx", "xls", "ods"):
            with self.subTest(kind):
                record = self._check(saved(f"export.{kind}"))
                self.assertEqual(self._errors(record), [])
                self.assertEqual(self._counts(record), (3, 0, 0, 3, 0))

    def test_a_template_that_libreoffice_saved_is_imported(self):
        record = self._import(saved("template.xlsx"))
        self.assertEqual(self._errors(record), [])
        self.assertEqual(self._counts(record), (1, 1, 0, 0, 0))
        self.assertNotIn("not imported", record.message)
        target = self._target("福州丁测绘有限公司")
        self.assertEqual(
            (
                target.permit_number,
                target.permit_valid_until,
                target.entity_id.founded_on,
            ),
            ("0001", date(2029, 1, 5), date(2001, 5, 6)),
        )
