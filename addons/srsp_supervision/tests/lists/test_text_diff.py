from time import process_time

from odoo.tests import BaseCase

from ...tools.text_diff import Piece, compare_texts

PAIRS = [
    ("", ""),
    ("", "现场检查"),
    ("现场检查", ""),
    ("现场检查", "现场检查"),
    ("每年2次，比例5%", "每年12次，比例10%"),
    ("是否在资质等级范围内从事测绘活动", "有无超出资质等级从事测绘活动"),
    ("a\nb\tc  d", "a\nb\tc d"),
    ("<script>alert(1)</script>", "<b>alert(2)</b>"),
    ("aaaa", "aa"),
]


def same(text):
    return Piece(text, False)


def other(text):
    return Piece(text, True)


class TestTextDiff(BaseCase):
    def test_the_pieces_of_a_side_are_its_text_and_what_is_common_stands_on_both(self):
        for before, after in PAIRS:
            old, new = compare_texts(before, after)
            with self.subTest(before=before, after=after):
                self.assertEqual("".join(piece.text for piece in old), before)
                self.assertEqual("".join(piece.text for piece in new), after)
                self.assertEqual(
                    [piece for piece in old if not piece.changed],
                    [piece for piece in new if not piece.changed],
                )

    def test_numbers_change_whole_and_chinese_by_the_character(self):
        self.assertEqual(
            compare_texts("每年2次，比例5%", "每年12次，比例10%"),
            (
                [same("每年"), other("2"), same("次，比例"), other("5%")],
                [same("每年"), other("12"), same("次，比例"), other("10%")],
            ),
        )
        self.assertEqual(
            compare_texts("涉密测绘成果的使用", "涉密测绘成果和数据的使用"),
            (
                [same("涉密测绘成果"), same("的使用")],
                [same("涉密测绘成果"), other("和数据"), same("的使用")],
            ),
        )

    def test_a_lone_common_character_does_not_tear_two_sentences_apart(self):
        self.assertEqual(
            compare_texts("甲的乙丙", "丁的戊"),
            ([other("甲的乙丙")], [other("丁的戊")]),
        )

    def test_texts_that_are_huge_and_shuffled_cost_no_time(self):
        before, after = (
            f"开头{''.join(chr(0x4E01 + n * step % 97) for n in range(1, 30_001))}结尾"
            for step in (1, 5)
        )
        start = process_time()
        self.assertEqual(
            compare_texts(before, after),
            (
                [same("开头"), other(before[2:-2]), same("结尾")],
                [same("开头"), other(after[2:-2]), same("结尾")],
            ),
        )
        self.assertLess(process_time() - start, 5)
