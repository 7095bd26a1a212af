"""Client of drand's ``quicknet``, the public beacon of the League of Entropy (https://docs.drand.love).

A group of independent organisations signs one number every three seconds. The chain is pinned here by
its hash and public key, and every answer is verified with that key: a server, or anybody between it and
us, can withhold a round but not change it.

A round's signature is a BLS12-381 signature on G1 (``bls-unchained-g1-rfc9380``) over SHA-256 of the
round as eight bytes, big-endian; its randomness is SHA-256 of the signature.
"""

import functools
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence

import requests

from .outgoing import ForbiddenAddress, Network, exchange

CHAIN_HASH = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
PUBLIC_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758"
    "c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
GENESIS = 1692803367  # Unix time of round 1
PERIOD = 3  # seconds from one round to the next
DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"

TIMEOUT = 5  # seconds in which one address must have answered completely
MAX_ANSWER = 4096  # bytes; an answer has about 250
TOO_EARLY = (404, 425)  # the statuses with which servers answer for a future round


class DrandError(Exception):
    """No address returned the round; the message has the error of each address.

    ``reason`` is ``early`` (not signed yet), ``late`` (not answered completely within the time), ``unreachable``,
    ``forbidden`` (in a network that may not be reached), ``forged`` (the signature is not the chain's) or ``wrong``;
    ``failures`` is ``[(address, reason), ...]``.
    """

    def __init__(
        self,
        message: str,
        reason: str = "wrong",
        failures: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.reason, self.failures = reason, failures


def round_at(moment: float) -> int:
    """Return the first round that is signed at ``moment`` (Unix time) or later."""
    return max(1, -(-int(moment - GENESIS) // PERIOD) + 1)


def fetch(
    urls: Iterable[str],
    number: int,
    timeout: float = TIMEOUT,
    *,
    allowed: Sequence[Network] = (),
) -> bytes:
    """Return the signature of round ``number`` (48 bytes) from the first address that returns a valid one.

    :param urls: addresses in the order in which they are asked, e.g. ``["https://api.drand.sh"]``
    :param timeout: seconds for each of them
    :param allowed: networks that may be reached beside the public internet
    :raises DrandError: when no address has it; the reason is ``early`` if one of them answers so, else ``wrong``
    """
    failures, texts = [], []
    for url in urls:
        try:
            return _ask(url, number, timeout, allowed)
        except (
            requests.RequestException,
            ForbiddenAddress,
            ValueError,
            DrandError,
        ) as error:
            failures.append((url, _get_reason(error)))
            texts.append(f"{url}: {error}")
    is_early = any(reason == "early" for _url, reason in failures)
    text = "; ".join(texts) or "no address"
    raise DrandError(text, "early" if is_early else "wrong", failures)


def _get_reason(error: Exception) -> str:
    if isinstance(error, DrandError):
        return error.reason
    if isinstance(error, ForbiddenAddress):
        return "forbidden"
    if isinstance(error, requests.Timeout):
        return "late"
    return "unreachable" if isinstance(error, requests.RequestException) else "wrong"


def verify(public_key: str, number: int, signature: bytes) -> bool:
    """Return whether ``signature`` is that of round ``number`` under ``public_key`` (hexadecimal, on G2)."""
    message = hashlib.sha256(number.to_bytes(8, "big")).digest()
    return _import_bls()(bytes.fromhex(public_key), message, signature, DST)


@functools.cache
def _import_bls() -> Callable[[bytes, bytes, bytes, bytes], bool]:
    """Return ``bls.is_signature``, imported when first needed and without its side effect.

    py_ecc raises the recursion limit of the whole process so far that deeply nested JSON from outside
    would overflow the stack instead of raising an error.
    """
    limit = sys.getrecursionlimit()
    try:
        from . import bls
    finally:
        sys.setrecursionlimit(limit)
    return bls.is_signature


def randomness(signature: bytes) -> bytes:
    """Return a round's randomness: SHA-256 of its signature."""
    return hashlib.sha256(signature).digest()


def _ask(url: str, number: int, timeout: float, allowed: Sequence[Network]) -> bytes:
    """Return the signature that ``url`` sends, verified; ``timeout`` limits the whole answer."""
    address = f"{url.rstrip('/')}/{CHAIN_HASH}/public/{number}"
    with (
        exchange(address, timeout, allowed) as session,
        session.get(address, timeout=timeout, stream=True) as answer,
    ):
        if answer.status_code in TOO_EARLY:
            raise DrandError(f"round {number} is not there yet", "early")
        if answer.status_code != 200:
            raise DrandError(f"HTTP {answer.status_code}")
        body = bytearray()
        for byte in answer.iter_content(1):
            body += byte
            if len(body) > MAX_ANSWER:
                raise DrandError("the answer is too long")
    try:
        signature = bytes.fromhex(json.loads(body)["signature"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DrandError("the answer is no round") from error
    if not verify(PUBLIC_KEY, number, signature):
        raise DrandError(
            f"the signature of round {number} is not the chain's", "forged"
        )
    return signature
