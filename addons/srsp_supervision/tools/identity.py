"""Identity numbers of persons (GB 11643-1999): region, day of birth, three digits, a check digit."""

import re
import unicodedata

from stdnum.cn import ric

HIDDEN = "*"
LENGTH = 18
_NUMBER = re.compile(
    r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
)
_LONG = re.compile(r"\d(?:\s*\d){16}\s*[\dXxＸｘ]")
_INSIDE = re.compile(f"(?<![0-9]){_NUMBER.pattern}(?![0-9])")
_SPACED = re.compile(rf"(?<!\d){_LONG.pattern}(?!\d)")


def mask(number: str) -> str:
    """A number with all but its ends hidden."""
    return f"{number[:3]}{HIDDEN * (len(number) - 5)}{number[-2:]}" if number else ""


def mask_all(text: str) -> str:
    """A text in which whatever looks like an identity number, right or mistyped, is masked; see ``holds_identity``."""
    return _SPACED.sub(lambda match: _mask_if_number(match[0]), text)


def _mask_if_number(text):
    number = "".join(unicodedata.normalize("NFKC", text).split())
    return mask(number) if _INSIDE.fullmatch(number) else text


def may_hold_identity(text: str) -> bool:
    """Whether ``holds_identity`` is worth asking of a text, or of any of many texts joined by ``|``."""
    return bool(_LONG.search(text))


def holds_identity(text: str) -> bool:
    """Whether an identity number with the right check digit stands in a text, in digits of any width, spaced or not."""
    if not may_hold_identity(text):
        return False
    text = unicodedata.normalize("NFKC", text).upper()
    return any(
        is_identity(match[0])
        for form in (text, "".join(text.split()))
        for match in _INSIDE.finditer(form)
    )


def is_identity(text: str) -> bool:
    """Whether a text is an identity number with a possible day of birth and the right check digit."""
    return bool(_NUMBER.fullmatch(text)) and ric.calc_check_digit(text) == text[-1]
