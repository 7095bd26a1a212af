"""Client of a public credit platform: signed batches out, signed receipts back.

``readme/PROTOCOL.md`` describes the wire protocol. This module uses nothing of Odoo itself.

A submission ends in one of three ways, and the caller treats each differently:

* receipts: one per record, ``accepted`` or ``rejected`` with a reason;
* ``PlatformRetryable``: it is not known whether the platform stored the records, so ask with
  ``inquire`` and submit again those that are ``unknown``; the idempotency key makes that safe;
* ``PlatformRejected``: the request as a whole was refused and will be refused again until
  the address, the key or the record is changed.
"""

import hashlib
import hmac
import ipaddress
import json
import logging
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError

from odoo.addons.srsp_supervision.tools.outgoing import (
    ForbiddenAddress,
    Network,
    exchange,
)

_logger = logging.getLogger(__name__)

MAX_SECONDS = 20  # of one exchange, from the connection to the last byte
MAX_ANSWER_BYTES = 4 * 2**20  # unpacked
MAX_KEYS = 50  # in one inquiry, so that the address stays below 8 kB
MAX_NUMBER = 200  # characters of a receipt's number
MAX_REASON = 1000  # characters of a rejection's reason
CHUNK = 2**16
RETRYABLE_4XX = {408, 425, 429}


class PlatformError(Exception):
    """The platform did not answer with receipts.

    The message is technical, and has nothing of an answer that is not signed; ``code`` is for callers that show a
    text of their own.
    """

    code = ""


class PlatformRetryable(PlatformError):
    """No trustworthy answer: network down, timeout, 5xx, 429, malformed or forged answer."""

    code = "busy"


class Silent(PlatformRetryable):
    """There was no answer, or only a part of one."""

    code = "silent"


class Unusable(PlatformRetryable):
    """The answer does not follow the protocol."""

    code = "unusable"


class PlatformRejected(PlatformError):
    """Refused permanently: bad signature, unknown key, another 4xx, an address that is not allowed."""

    code = "refused"


class BadSettings(PlatformRejected):
    """Refused by this client, before anything is sent."""

    code = "settings"


class Receipt(NamedTuple):
    """The platform's answer about one record.

    ``status`` is ``accepted``, ``rejected`` or (from an inquiry only) ``unknown``; ``number`` is
    the platform's receipt number, empty unless accepted; ``reason`` is in the platform's
    language, empty unless rejected; ``received_at`` is an aware time in UTC, or None when unknown.
    """

    status: str
    number: str
    reason: str
    received_at: datetime | None


class HmacAuth(requests.auth.AuthBase):
    """Signs requests and checks the signatures of their answers.

    It keeps the keyed hash only, not the secret, so that the secret cannot be printed or pickled.
    """

    def __init__(self, key_id: str, secret: bytes | str) -> None:
        if not key_id or not key_id.isascii() or not key_id.isprintable():
            raise BadSettings("the key name may only contain letters, digits and signs")
        if not secret:
            raise BadSettings("no secret has been set")
        self.key_id = key_id
        key = secret.encode() if isinstance(secret, str) else secret
        self._keyed = hmac.new(key, digestmod=hashlib.sha256)

    def sign(self, *lines: str) -> str:
        """Return the hexadecimal HMAC-SHA256 of the lines joined by line feeds (UTF-8)."""
        mac = self._keyed.copy()
        mac.update("\n".join(lines).encode())
        return mac.hexdigest()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        method, path = str(request.method), request.path_url
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        body = cast(bytes | None, request.body)  # ``PlatformClient`` sends nothing else
        body_hash = hashlib.sha256(body or b"").hexdigest()
        request.headers["X-Srsp-Key"] = self.key_id
        request.headers["X-Srsp-Timestamp"] = timestamp
        request.headers["X-Srsp-Nonce"] = nonce
        request.headers["X-Srsp-Signature"] = self.sign(
            "SRSP1 REQUEST", method, path, timestamp, nonce, body_hash
        )
        return request

    def is_genuine(self, response: requests.Response, body: bytes) -> bool:
        """Return whether the answer was signed with our key for its own request, known by the nonce."""
        nonce = cast(str, response.request.headers["X-Srsp-Nonce"])
        body_hash = hashlib.sha256(body).hexdigest()
        expected = self.sign(
            "SRSP1 RESPONSE", str(response.status_code), nonce, body_hash
        )
        given = response.headers.get("X-Srsp-Signature", "")
        return hmac.compare_digest(expected.encode(), given.encode())


class PlatformClient:
    """A client of one platform with one key.

    :param timeout: (connect, read) in seconds, as in requests
    :param allowed: networks that may be reached beside the public internet
    :param seconds: in which an exchange must have ended as a whole
    :raises BadSettings: when ``base_url`` is not https (http is for loopback only) or has a
        login, a query, a fragment or an unusual port, or when the key or the secret cannot be used
    """

    def __init__(
        self,
        base_url: str,
        key_id: str,
        secret: bytes | str,
        timeout: tuple[float, float] = (5, 20),
        *,
        allowed: Sequence[Network] = (),
        seconds: float = MAX_SECONDS,
    ) -> None:
        self.base_url = _checked_address(base_url)
        self.key_id = key_id
        self.timeout = timeout
        self.allowed = allowed
        self.seconds = seconds
        self._auth = HmacAuth(key_id, secret)

    def __repr__(self) -> str:
        return f"PlatformClient({self.base_url!r}, {self.key_id!r})"

    def submit(self, records: list[dict[str, Any]]) -> dict[str, Receipt]:
        """Submit at most 200 records (else status 413) and return their receipts by idempotency key.

        A record has ``idempotency_key``, ``kind``, ``number``, ``digest`` (SHA-256, hex) and
        ``payload`` (a JSON object).
        """
        if not records:
            return {}
        document = {"records": records}
        body = json.dumps(
            document, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        answer = self._call("POST", "/records", body.encode())
        return _read_receipts(answer, {record["idempotency_key"] for record in records})

    def inquire(self, idempotency_keys: list[str]) -> dict[str, Receipt]:
        """Return the receipts of these keys; their status is ``unknown`` where the platform has no record."""
        receipts: dict[str, Receipt] = {}
        for start in range(0, len(idempotency_keys), MAX_KEYS):
            keys = idempotency_keys[start : start + MAX_KEYS]
            query = urlencode({"key": keys}, doseq=True)
            answer = self._call("GET", f"/receipts?{query}")
            receipts |= _read_receipts(answer, set(keys), inquiry=True)
        return receipts

    def _call(self, method: str, target: str, body: bytes = b"") -> Any:
        """Send one signed request and return the decoded JSON of its answer.

        :raises PlatformRetryable: when trying again can help
        :raises PlatformRejected: when it cannot
        """
        try:
            with (
                exchange(self.base_url, self.seconds, self.allowed) as session,
                session.request(
                    method,
                    self.base_url + target,
                    data=body,
                    headers={"Content-Type": "application/json"} if body else {},
                    auth=self._auth,
                    timeout=self.timeout,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                answer = _read_body(response)
        except ForbiddenAddress as error:
            _logger.warning("%r: %s", self, error)
            raise BadSettings(
                "the address leads to a network that is not allowed"
            ) from error
        except (requests.RequestException, HTTPError) as error:
            raise Silent(f"No answer: {type(error).__name__}") from error
        status = response.status_code
        if status != 200:
            _logger.warning("%r: HTTP %s: %.300r", self, status, answer[:300])
            refused = 400 <= status < 500 and status not in RETRYABLE_4XX
            text = f"HTTP {status}"
            raise PlatformRejected(text) if refused else PlatformRetryable(text)
        if not self._auth.is_genuine(response, answer):
            raise Unusable("the answer is not signed by the platform")
        try:
            return json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise Unusable("the answer is not JSON") from error


def _checked_address(base_url: str) -> str:
    """Return the address without a trailing slash.

    :raises BadSettings: when it is not allowed
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadSettings("the address is not valid") from error
    plain = parts.scheme == "http" and _is_loopback(host)
    if not host or not (plain or parts.scheme == "https"):
        raise BadSettings("the address must begin with https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise BadSettings("the address must have no login, query or fragment")
    if port is not None and port not in (80, 443) and port < 1024:
        raise BadSettings("the port must be 80, 443 or at least 1024")
    return base_url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_body(response: requests.Response) -> bytes:
    """Return the unpacked body.

    :raises Unusable: as soon as it is longer than ``MAX_ANSWER_BYTES``
    """
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise Unusable(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _read_receipts(
    answer: Any, keys: set[str], inquiry: bool = False
) -> dict[str, Receipt]:
    """Return the receipts by idempotency key.

    :raises Unusable: unless there is exactly one for each of ``keys``
    """
    try:
        rows = answer["receipts"]
        receipts = {row["idempotency_key"]: _read_receipt(row) for row in rows}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Unusable("the answer is not a list of receipts") from error
    if set(receipts) != keys or len(rows) != len(keys):
        raise Unusable("the answer does not match the records sent")
    if not inquiry and "unknown" in {receipt.status for receipt in receipts.values()}:
        raise Unusable("the answer does not state the outcome of a record")
    return receipts


def _read_receipt(row: dict[str, Any]) -> Receipt:
    """Return one receipt.

    :raises ValueError: when it is not sufficient as evidence
    """
    status = row["status"]
    if status == "unknown":
        return Receipt("unknown", "", "", None)
    received_at = datetime.fromisoformat(row["received_at"])
    if received_at.tzinfo is None:
        raise ValueError("received_at has no time zone")
    name, limit = {
        "accepted": ("receipt", MAX_NUMBER),
        "rejected": ("reason", MAX_REASON),
    }[status]
    evidence = row[name]
    if not isinstance(evidence, str) or not evidence or len(evidence) > limit:
        raise ValueError("no receipt number or no reason, or a longer one than allowed")
    if not (
        evidence if status == "accepted" else evidence.replace("\n", "")
    ).isprintable():
        raise ValueError("characters that cannot be printed")
    number, reason = (evidence, "") if status == "accepted" else ("", evidence)
    return Receipt(status, number, reason, received_at.astimezone(UTC))
