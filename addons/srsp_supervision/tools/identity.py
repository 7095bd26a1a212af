"""Identity numbers of persons (GB 11643-1999): region, day of birth, three digits, a check digit."""

import re
import unicodedata
from collections.abc import Iterator

from stdnum.cn import ric

HIDDEN = "*"
LENGTH = 18
YOUNGEST = "2015"
_NUMBER = re.compile(
    r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_LONG = re.compile(r"\d(?:\s*\d){16}\s*(?:\d(?!\d)|[XxＸｘ])")
# A lookahead, so that matches may overlap and a number is found after digits that are not part of it: "1 3501…".
_SPACED = re.compile(rf"(?<!\d)(?=({_LONG.pattern}))")


def mask(number: str) -> str:
    """Return a number with all characters hidden except the first three and the last two."""
    return f"{number[:3]}{HIDDEN * (len(number) - 5)}{number[-2:]}" if number else ""


def mask_all(text: str) -> str:
    """Return a text with everything masked that has the form of an identity number, whatever its check digit."""
    parts, end = [], 0
    for start, stop, number in _find(text):
        if start >= end:
            parts += [text[end:start], mask(number)]
        elif stop > end:  # it overlaps with the previous one
            parts.append(HIDDEN * (stop - end))
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _find(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, number) of everything that has the form of an identity number.

    Digits may be full-width and separated by spaces in the text; ``number`` is without them.
    """
    for match in _SPACED.finditer(text):
        number = "".join(unicodedata.normalize("NFKC", match[1]).split()).upper()
        if _NUMBER.fullmatch(number):
            yield *match.span(1), number


def may_hold_identity(text: str) -> bool:
    """Return whether ``holds_identity`` can be true for a text, or for one of several texts joined by ``|``."""
    return bool(_LONG.search(text))


def holds_identity(text: str) -> bool:
    """Return whether a text contains an identity number with the right check digit, as ``_find`` finds it."""
    return any(is_identity(number) for _start, _end, number in _find(text))


def is_identity(text: str) -> bool:
    """Return whether a text is an identity number with a possible day of birth and the right check digit.

    Numbers of plans and tasks have the same form, with the year of the plan: who was born later than ``YOUNGEST`` has
    no place in these texts, and is not told from them.
    """
    is_form = bool(_NUMBER.fullmatch(text)) and text[6:10] <= YOUNGEST
    return is_form and ric.calc_check_digit(text) == text[-1]
