"""Run in ``odoo shell``: bring the files of terms in line with the sources; the Chinese of a term stays with it."""

import io
from pathlib import Path

import polib

from odoo.tools.translate import PoFileWriter

from odoo.addons.srsp_disclosure.tests.site.test_translations import read_terms

HEADER = "\n\n#. module:"  # what ends the header of a file


def save(path, text):
    """Write ``text`` under the header that the file has: its dates tell nothing that the history does not."""
    header = path.read_text().partition(HEADER)[0]
    path.write_text(f"{header}{HEADER}{text.partition(HEADER)[2]}".rstrip() + "\n")


for addon in ("srsp_supervision", "srsp_disclosure"):
    folder = Path("addons", addon, "i18n")
    buffer = io.BytesIO()
    rows = [(*row[:5], "", *row[6:]) for row in read_terms(env, addon)]
    PoFileWriter(buffer, "zh_CN").write_rows(rows)
    terms = buffer.getvalue().decode()
    save(folder / f"{addon}.pot", terms)
    chinese = {entry.msgid: entry.msgstr for entry in polib.pofile(folder / "zh_CN.po")}
    entries = polib.pofile(terms)
    entries.wrapwidth = 78
    for entry in entries:
        entry.msgstr = chinese.get(entry.msgid, "")
        if not entry.msgstr:
            print(f"{addon}: no Chinese for {entry.msgid!r}")
    save(folder / "zh_CN.po", str(entries))
