"""One spelling of a name or a number, so that a company is entered once and found however somebody types it.

``canonical`` is how a name is stored, ``get_key`` what all spellings of a name have in common. ``KEY_SQL`` computes the
key in PostgreSQL, which keeps it in indexes; a test holds that both agree.
"""

import re
import unicodedata

# Invisible characters, as they come from web pages and chats.
INVISIBLE = (
    "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068"
    "\u2069\ufeff"
)
# Blanks, brackets and dots, as they are after NFKC, which makes one of each character's wide and narrow forms.
_BLANKS = "\t\n\x0b\f\r\x1c\x1d\x1e\x1f \x85\u1680\u2028\u2029"
_BRACKETS = "()[]{}〈〉《》「」『』【】〔〕〖〗"
_DOTS = ".·‧•∙⋅・"
_IGNORED = _BLANKS + INVISIBLE + _BRACKETS + _DOTS
_NOTHING = str.maketrans("", "", _IGNORED)
_VISIBLE = str.maketrans("", "", INVISIBLE)
_CODES = "".join(rf"\u{ord(character):04x}" for character in _IGNORED)
KEY_SQL = f"lower(translate(normalize(%s, NFKC), E'{_CODES}', ''))"
# What a name has to have for its key to be anything but its small letters: a regular expression of PostgreSQL.
UNUSUAL = "[^\u4e00-\u9fff0-9A-Za-z]"

# Full-width letters, digits, brackets and blanks are the narrow ones, and nothing is invisible. Brackets beside
# Chinese are the wide ones, as in the registers of companies (企业名称登记管理规定).
_NARROW: dict[int, int | None] = {
    wide: wide - 0xFEE0
    for wide in range(0xFF01, 0xFF5F)
    if chr(wide - 0xFEE0).isalnum() or chr(wide - 0xFEE0) in "()"
}
_NARROW |= {ord("\u3000"): ord(" "), ord("\u00a0"): ord(" ")}
_NARROW |= dict.fromkeys(map(ord, INVISIBLE))
_WIDE = str.maketrans("()", "（）")
_INNER = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


def canonical(text: str) -> str:
    """Return a name in its one spelling: of blanks, of brackets and of wide letters and digits."""
    if not text.isascii():
        text = text.translate(_NARROW)
    if not text.isascii():
        text = _INNER.sub("", text.translate(_WIDE))
    return " ".join(text.split())


def get_key(text: str) -> str:
    """Return what two spellings of a name share: blanks, brackets, dots, widths and capitals do not count."""
    return unicodedata.normalize("NFKC", text).translate(_NOTHING).lower()


def remove_invisible(text: str) -> str:
    """Return a text without the characters of ``INVISIBLE``."""
    return text.translate(_VISIBLE)
