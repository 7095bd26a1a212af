"""zh_CN.po is complete: not only does it leave no term of its own empty, it has every term of the sources."""

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path
from odoo.tools.translate import TranslationModuleReader

# Fields that the website and text messages give to our models when they are there: theirs to translate.
FOREIGN = ("__website_message_ids", "__message_has_sms_error")


def read_terms(env, addon):
    """Yield the rows of Odoo's own export of ``addon``, without the demonstration, which speaks Chinese."""
    for row in TranslationModuleReader(env.cr, modules=[addon]):
        place = str(row[3])
        if ".demo_" not in place and not place.endswith(FOREIGN):
            yield row


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    def test_every_term_of_the_sources_stands_in_both_files(self):
        for addon in ("srsp_supervision", "srsp_disclosure"):
            terms = {row[4] for row in read_terms(self.env, addon)}
            template = polib.pofile(file_path(f"{addon}/i18n/{addon}.pot"))
            chinese = polib.pofile(file_path(f"{addon}/i18n/zh_CN.po"))
            self.assertEqual({entry.msgid for entry in template}, terms)
            self.assertEqual({entry.msgid for entry in chinese if entry.msgstr}, terms)
