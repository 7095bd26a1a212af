"""Canonical JSON, one spelling for every value, and the hash chain built on it.

The text is that of ``JSON.stringify`` in a browser with the keys sorted by code point, so
that a page can recompute what the server sealed: UTF-8, no spaces, no escapes that are not
required, numbers in their shortest form (RFC 8785, section 3.2.2).
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

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
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).encode()


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


def _write(value: object, emit: Callable[[str], None]) -> None:
    if isinstance(value, str):
        emit(encode_basestring(value))
    elif value is None:
        emit("null")
    elif isinstance(value, bool):
        emit("true" if value else "false")
    elif isinstance(value, (int, float)):
        emit(_number(value))
    elif isinstance(value, (list, tuple)):
        _write_list(value, emit)
    elif isinstance(value, dict):
        _write_dict(value, emit)
    else:
        raise TypeError(f"{type(value).__name__} has no canonical JSON")


def _write_list(values: Sequence[Any], emit: Callable[[str], None]) -> None:
    if all(type(value) is str for value in values):  # most lists, and the long ones
        emit("[" + ",".join(map(encode_basestring, values)) + "]")
        return
    separator = "["
    for value in values:
        emit(separator)
        _write(value, emit)
        separator = ","
    emit("]")


def _write_dict(mapping: dict[Any, Any], emit: Callable[[str], None]) -> None:
    separator = "{"
    for key in sorted(mapping):
        if not isinstance(key, str):
            raise TypeError(f"a key must be a string, not {type(key).__name__}")
        emit(separator + encode_basestring(key) + ":")
        _write(mapping[key], emit)
        separator = ","
    emit("}" if mapping else "{}")


def _number(value: float) -> str:
    """Return a number as ECMAScript's Number::toString writes it."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("JSON has no NaN and no infinities")
        if not value.is_integer():
            return _fraction(repr(value))
        value = int(value)
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{value} is too large to be exact in a browser")
    return str(int(value))


def _fraction(text: str) -> str:
    """Return Python's shortest text of a fraction as a browser writes it.

    The digits are the same; Python uses an exponent below 1e-4 and pads it to two digits,
    a browser uses one below 1e-6 and does not pad.
    """
    if abs(float(text)) < 1e-6:
        return text.replace("e-0", "e-")
    return format(Decimal(text), "f")
