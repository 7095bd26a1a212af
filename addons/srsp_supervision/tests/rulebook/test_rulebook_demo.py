import re
from pathlib import Path

from lxml import html

from odoo.tests import TransactionCase, tagged

# Sections 二（一）, 二（三） and 三 of the work plan 榕自然综〔2020〕243号, word for word.
WORK_PLAN = Path(__file__).parents[1] / "data/work_plan_2020.txt"


@tagged("post_install", "-at_install")
class TestRulebookDemo(TransactionCase):
    def _get_text(self, name):
        rulebook = self.env.ref(f"srsp_supervision.{name}")
        return "".join(html.fromstring(str(rulebook.text)).text_content().split())

    def test_the_demonstrations_rulebook_holds_every_sentence_of_the_work_plan(self):
        text = self._get_text("demo_rulebook")
        paragraphs = WORK_PLAN.read_text(encoding="utf-8").split("\n")
        wanted = [
            "".join(re.sub(r"^(（.）|.、)", "", paragraph).split())
            for paragraph in paragraphs
            if paragraph.strip()
        ]
        self.assertEqual(len(wanted), 10)
        self.assertEqual([words for words in wanted if words not in text], [])

    def test_the_coming_version_says_in_words_what_its_parameters_say(self):
        draft = self.env.ref("srsp_supervision.demo_rulebook_revision")
        text = self._get_text("demo_rulebook_revision")
        for words in ("市场主体的6%", "抽取前48小时", "15个工作日", "届满5日前"):
            self.assertIn(words, text)
        for words in ("市场主体的5%", "抽取前24小时", "20个工作日", "届满3日前"):
            self.assertNotIn(words, text)
        self.assertEqual(
            {change.parameter for change in draft._get_changes(draft.origin_id)},
            set(
                "floor_ratio disclosure_days lock_lead_hours reminder_days ratio_a ratio_b frequency_d"
                " frequency_key".split()
            ),
        )
        effects = {effect.parameter for effect in draft._get_effects(draft.origin_id)}
        self.assertLessEqual({"floor_ratio", "frequency_d", "frequency_key"}, effects)
