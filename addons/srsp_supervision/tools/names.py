"""One spelling of a name or a number, so that a company is entered once and found however somebody types it."""

import re

# Full-width letters, digits and spaces are the narrow ones; brackets beside Chinese are the wide ones, as in the
# registers of companies (企业名称登记管理规定).
_NARROW = {
    wide: wide - 0xFEE0
    for wide in range(0xFF01, 0xFF5F)
    if chr(wide - 0xFEE0).isalnum()
}
_NARROW |= {ord("\u3000"): ord(" "), ord("\u00a0"): ord(" ")}
_WIDE = str.maketrans("()", "（）")
_INNER = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


def canonical(text: str) -> str:
    """Return a name in its one spelling: of blanks, of brackets and of wide letters and digits."""
    if not text.isascii():
        text = _INNER.sub("", text.translate(_NARROW).translate(_WIDE))
    return " ".join(text.split())
