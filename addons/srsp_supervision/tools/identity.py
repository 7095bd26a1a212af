"""Identity numbers of persons (GB 11643-1999): region, day of birth, three digits, a check digit."""

import re
import unicodedata

from stdnum.cn import ric

HIDDEN = "*"
LENGTH = 18
_NUMBER = re.compile(
    r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_LONG = re.compile(r"\d(?:\s*\d){16}\s*(?:\d(?!\d)|[XxＸｘ])")
# Without taking them, so that what looks like a number may begin within what does not: "1 3501…".
_SPACED = re.compile(rf"(?<!\d)(?=({_LONG.pattern}))")


def mask(number: str) -> str:
    """A number with all but its ends hidden."""
    return f"{number[:3]}{HIDDEN * (len(number) - 5)}{number[-2:]}" if number else ""


def mask_all(text: str) -> str:
    """A text in which whatever looks like an identity number, right or mistyped, is masked; see ``holds_identity``."""
    parts, end = [], 0
    for start, stop, number in _find(text):
        if start >= end:
            parts += [text[end:start], mask(number)]
        elif stop > end:  # one begins within the other
            parts.append(HIDDEN * (stop - end))
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _find(text):
    """Yield (start, end, number) of whatever has the form of one, in digits of any width, spaced or not."""
    for match in _SPACED.finditer(text):
        number = "".join(unicodedata.normalize("NFKC", match[1]).split()).upper()
        if _NUMBER.fullmatch(number):
            yield *match.span(1), number


def may_hold_identity(text: str) -> bool:
    """Whether ``holds_identity`` is worth asking of a text, or of any of many texts joined by ``|``."""
    return bool(_LONG.search(text))


def holds_identity(text: str) -> bool:
    """Whether an identity number with the right check digit stands in a text, in digits of any width, spaced or not."""
    return any(is_identity(number) for _start, _end, number in _find(text))


def is_identity(text: str) -> bool:
    """Whether a text is an identity number with a possible day of birth and the right check digit."""
    return bool(_NUMBER.fullmatch(text)) and ric.calc_check_digit(text) == text[-1]
