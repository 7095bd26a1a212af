from odoo.tests import BaseCase

from ...tools import paper
from ...tools.paper import Paragraph

# Percent: 104 and 936 pixels, where 7 and 77 Chinese characters stand on a line.
WIDTHS = [10, 90]


def make_row(number, lines):
    """A row of ``lines`` lines."""
    return [[Paragraph(str(number))], [Paragraph("\n".join(["检查"] * lines))]]


class TestPaper(BaseCase):
    def test_a_row_is_as_high_as_its_highest_cell(self):
        for text, lines in (
            ("", 1),
            ("检" * 77, 1),
            ("检" * 78, 2),
            ("检" * 77 + "\n" + "检" * 78, 3),
            ("a" * 110, 1),
            ("检" * 76 + "。", 1),
            ("检" * 76 + "》。", 2),  # no mark begins a line: 检》。 moves there whole
            ("检" * 77 + "《法》", 2),
            ("检" * 76 + "abcd", 2),  # no word is cut
            ("检" * 76 + "abcd" + "检" * 76, 3),
            ("a" * 300, 3),
        ):
            with self.subTest(text=text):
                self.assertEqual(
                    paper.row_height([[], [Paragraph(text)]], WIDTHS),
                    lines * paper.LINE + paper.ROW_PADDING,
                )
        narrow = [[Paragraph("检" * 13), Paragraph("检")], [Paragraph("检")]]
        self.assertEqual(
            paper.row_height(narrow, WIDTHS), 3 * paper.LINE + paper.ROW_PADDING
        )

    def test_a_page_takes_what_fits_and_the_first_one_less(self):
        rows = [make_row(number, 5) for number in range(14)]
        self.assertEqual(
            [len(page) for page in paper.paginate(rows, WIDTHS)], [5, 6, 3]
        )
        self.assertEqual(
            [row for page in paper.paginate(rows, WIDTHS) for row in page], rows
        )

    def test_a_row_higher_than_a_page_has_pages_of_its_own(self):
        rows = [make_row(1, 2), make_row(2, 100), make_row(3, 2)]
        self.assertEqual(paper.paginate(rows, WIDTHS), [[row] for row in rows])
        self.assertEqual(paper.paginate(rows[1:2], WIDTHS), [rows[1:2]])

    def test_no_row_is_one_empty_page(self):
        self.assertEqual(paper.paginate([], WIDTHS), [[]])
