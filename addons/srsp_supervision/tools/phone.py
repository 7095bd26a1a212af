"""Telephone numbers in texts: mobile ones (1[3-9] and nine digits), and those of a landline with its area code."""

import re
import unicodedata

from .identity import HIDDEN

# Longer codes, such as the credit code of an entity or a digest, may chance to contain eleven digits.
_CODE = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Z]{18,}|[0-9a-f]{32,})(?![0-9A-Za-z])")
_NUMBER = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
    r"|(?:010|02\d|0[3-9]\d{2})[-) ]{0,2}[2-9]\d{6,7})(?!\d)"
)
# What each of them has, to be looked for in many texts at once; and digits that are not plain.
_MAYBE = re.compile(r"[01][0-9]{2,3}[-) ]{0,2}[0-9]{3,4}[- ]?[0-9]{3}|[０-９]")


def mask_phones(text: str) -> str:
    """Return a text with all but the ends of its telephone numbers hidden; full-width digits become plain ones."""
    plain = unicodedata.normalize("NFKC", text)
    return _NUMBER.sub(lambda match: _mask(match[0]), plain)


def _mask(number: str) -> str:
    return f"{number[:3]}{HIDDEN * (len(number) - 5)}{number[-2:]}"


def holds_phone(text: str) -> bool:
    """Return whether a text contains a telephone number."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_NUMBER.search(_CODE.sub("", plain)))


def may_hold_phone(text: str) -> bool:
    """Return whether ``holds_phone`` can be true for a text, or for one of several texts joined by ``|``."""
    return bool(_MAYBE.search(text))
