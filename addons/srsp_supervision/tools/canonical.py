"""Canonical JSON, one spelling for every value, and the hash chain built on it.

The text is that of ``JSON.stringify`` in a browser with the keys sorted by code point, so
that a page can recompute what the server sealed: UTF-8, no spaces, no escapes that are not
required, numbers in their shortest form (RFC 8785, section 3.2.2).
"""

import hashlib
import math
from decimal import Decimal
from json.encoder import encode_basestring

GENESIS = bytes(32)
# Up to this integer, a browser's numbers are exact (Number.MAX_SAFE_INTEGER).
MAX_INTEGER = 2**53 - 1


def dumps(value: object) -> bytes:
    """Return the canonical JSON of a value, as UTF-8.

    Accepts None, booleans, integers, floats, strings, lists, tuples (written as lists) and
    dicts with string keys. Dates are not accepted: the caller decides on their format.

    :raises TypeError: for any other type, or a key that is not a string
    :raises ValueError: for NaN, infinities, numbers beyond ±(2^53 - 1) and lone surrogates
    """
    return _text(value).encode()


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a value, in hexadecimal."""
    return hashlib.sha256(dumps(value)).hexdigest()


def seal(previous_hash: bytes, sequence: int, kind: str, payload: bytes) -> bytes:
    """Return the hash (32 bytes) of one link of a chain of events.

    It is SHA-256 over the hash of the previous link (``GENESIS`` for the first one) and
    the canonical JSON of ``{"kind": …, "payload": …, "sequence": …}``.

    :param payload: canonical JSON
    :raises ValueError: when the previous hash is not 32 bytes long
    """
    if len(previous_hash) != 32:
        raise ValueError("the previous hash must be 32 bytes long")
    record = b'{"kind":%b,"payload":%b,"sequence":%d}' % (
        dumps(kind),
        payload,
        sequence,
    )
    return hashlib.sha256(previous_hash + record).digest()


def _text(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(_text_item(key, value[key]) for key in sorted(value))}}}"
    raise TypeError(f"{type(value).__name__} has no canonical JSON")


def _text_item(key: object, value: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be a string, not {type(key).__name__}")
    return f"{encode_basestring(key)}:{_text(value)}"


def _number(value: float) -> str:
    """Return a number as ECMAScript's Number::toString writes it."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("JSON has no NaN and no infinities")
    if value != int(value):
        # Python writes an exponent below 1e-4 and pads it to two digits, a browser only below 1e-6 and unpadded.
        if abs(value) < 1e-6:
            return repr(value).replace("e-0", "e-")
        return format(Decimal(repr(value)), "f")
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{value} is too large to be exact in a browser")
    return str(int(value))
