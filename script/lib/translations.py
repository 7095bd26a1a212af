"""Run in ``odoo shell``: bring the files of terms in line with the sources; the Chinese of a term stays with it."""

import io
from pathlib import Path

import polib

from odoo.tools.translate import PoFileWriter, TranslationModuleReader

# Fields that the website and text messages give to our models when they are there: theirs to translate.
FOREIGN = ("__website_message_ids", "__message_has_sms_error")
HEADER = "\n\n#. module:"  # what ends the header of a file


def read_terms(addon):
    """The rows of Odoo's own export of ``addon``, without the demonstration, which speaks Chinese."""
    for row in TranslationModuleReader(env.cr, modules=[addon]):
        place = str(row[3])
        if ".demo_" not in place and not place.endswith(FOREIGN):
            yield row[:5] + ("",) + row[6:]


def save(path, text):
    """Write ``text`` under the header that the file has: its dates tell nothing that the history does not."""
    header = path.read_text().partition(HEADER)[0]
    path.write_text(f"{header}{HEADER}{text.partition(HEADER)[2]}".rstrip() + "\n")


for addon in ("srsp_supervision", "srsp_disclosure"):
    folder = Path("addons", addon, "i18n")
    buffer = io.BytesIO()
    PoFileWriter(buffer, "zh_CN").write_rows(list(read_terms(addon)))
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
