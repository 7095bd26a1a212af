"""A sandbox credit platform: a real HTTP server that speaks PROTOCOL.md and can be told to fail.

Standard library only. ``script/platform`` runs it for a demonstration, the tests run it in a
thread: ``PlatformServer(("127.0.0.1", 0), Store(path), key_id, secret).serve_forever()``.
"""

import argparse
import hashlib
import hmac
import ipaddress
import json
import select
import signal
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from platform_page import render
from platform_records import Store

DEMO_KEY = "fuzhou-zrzy"
DEMO_SECRET = "sandbox-secret-not-for-production"
WINDOW = 300  # seconds a request's timestamp may be off
BODY_LIMIT = 16 * 1024 * 1024
BATCH_LIMIT = 200
MODES = (
    "ok",
    "error500",
    "timeout",
    "lose_answer",
    "reject",
    "garbage",
    "bad_signature",
)


class Refusal(Exception):
    """The request as a whole is refused: status, code and a reason for people."""

    def __init__(self, status: HTTPStatus, code: str, message: str):
        super().__init__(message)
        self.status = status
        self.document = {"error": code, "message": message}


class PlatformServer(ThreadingHTTPServer):
    """One key, one store, and the failure that is being rehearsed."""

    daemon_threads = True
    hold = 120  # seconds after which a submission held in mode "timeout" is let go

    def __init__(
        self, address, store: Store, key_id: str = DEMO_KEY, secret: str = DEMO_SECRET
    ):
        super().__init__(address, Handler)
        self.store = store
        self.key_id = key_id
        self._secret = secret.encode()
        self._lock = threading.Lock()
        self.mode, self.times = "ok", 0

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}"

    def now(self) -> float:
        return time.time()

    def sign(self, *lines: str) -> str:
        return hmac.new(
            self._secret, "\n".join(lines).encode(), hashlib.sha256
        ).hexdigest()

    def rehearse(self, mode: str, times: int):
        with self._lock:
            self.mode, self.times = (mode, times) if mode != "ok" else ("ok", 0)

    def next_mode(self) -> str:
        """The mode for one submission, counted down."""
        with self._lock:
            if not self.times:
                return "ok"
            self.times -= 1
            return self.mode


class Handler(BaseHTTPRequestHandler):
    """GET /, POST /control (loopback, unsigned); POST /records, GET /receipts (signed)."""

    server: PlatformServer
    timeout = 60  # seconds of silence before a connection is given up

    def do_GET(self):
        self._route({"/": self._page, "/receipts": self._receipts})

    def do_POST(self):
        self._route({"/control": self._control, "/records": self._records})

    def log_message(self, format, *args):
        """Quiet: what arrived is on the page."""

    def _route(self, routes: dict):
        self.is_authentic = False
        url = urlsplit(self.path)
        try:
            if url.path not in routes:
                raise Refusal(HTTPStatus.NOT_FOUND, "not_found", "没有这个地址")
            routes[url.path](parse_qs(url.query), self._read_body())
        except Refusal as refusal:
            self._answer(refusal.status, refusal.document)
        except ConnectionError:
            self.close_connection = True  # the other side went away

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "报文过大")
        return self.rfile.read(int(length))

    # -- for people ---------------------------------------------------------------------------

    def _page(self, query, body):
        store, server = self.server.store, self.server
        page = render(store.newest(), store.counts(), server.mode, server.times)
        self._send(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")

    def _control(self, query, body):
        if not ipaddress.ip_address(self.client_address[0]).is_loopback:
            raise Refusal(HTTPStatus.FORBIDDEN, "forbidden", "只能在本机操作")
        document = read_json(body)
        mode, times = document.get("mode"), document.get("times", 1)
        if mode not in MODES or type(times) is not int or times < 1:
            raise Refusal(
                HTTPStatus.BAD_REQUEST, "bad_request", f"mode 应为 {'、'.join(MODES)}"
            )
        self.server.rehearse(mode, times)
        self._answer(
            HTTPStatus.OK, {"mode": self.server.mode, "times": self.server.times}
        )

    # -- for the bureau's system --------------------------------------------------------------

    def _receipts(self, query, body):
        self._authenticate(body)
        receipts = self.server.store.receipts(query.get("key", []))
        self._answer(HTTPStatus.OK, {"receipts": receipts})

    def _records(self, query, body):
        self._authenticate(body)
        records = read_json(body).get("records")
        if not isinstance(records, list) or not all(map(has_key, records)):
            raise Refusal(
                HTTPStatus.BAD_REQUEST, "bad_request", "每条信息应有 idempotency_key"
            )
        if len(records) > BATCH_LIMIT:
            message = f"一次最多报送{BATCH_LIMIT}条"
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many", message)
        mode = self.server.next_mode()
        if mode == "error500":
            raise Refusal(
                HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "演练：平台内部错误"
            )
        if mode == "timeout":
            # The connection becomes readable once the client gives up.
            select.select([self.connection], [], [], self.server.hold)
            return
        refusal = "演练：平台不予受理" if mode == "reject" else ""
        receipts = self.server.store.receive(records, self.server.now(), refusal)
        if mode == "lose_answer":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif mode == "garbage":
            self._send(HTTPStatus.OK, "<html>系统维护中</html>".encode(), "text/html")
        else:
            self._answer(
                HTTPStatus.OK, {"receipts": receipts}, forge=mode == "bad_signature"
            )

    def _authenticate(self, body: bytes):
        """Key, signature, clock, nonce: in this order, so that only a signed nonce is kept."""
        names = ("Key", "Timestamp", "Nonce", "Signature")
        key, timestamp, nonce, signature = (
            self.headers.get(f"X-Srsp-{n}", "") for n in names
        )
        if key != self.server.key_id:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "unknown_key", "未登记的接入标识")
        lines = (
            self.command,
            self.path,
            timestamp,
            nonce,
            hashlib.sha256(body).hexdigest(),
        )
        expected = self.server.sign("SRSP1 REQUEST", *lines)
        if not hmac.compare_digest(
            expected.encode(), signature.encode("utf-8", "replace")
        ):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "bad_signature", "签名不正确")
        now = self.server.now()
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > WINDOW:
            raise Refusal(
                HTTPStatus.UNAUTHORIZED, "stale_timestamp", "时间戳超出允许范围"
            )
        if not self.server.store.is_new_nonce(nonce, now):
            raise Refusal(HTTPStatus.CONFLICT, "replayed_nonce", "请求重复")
        self.is_authentic = True

    # -- answers ------------------------------------------------------------------------------

    def _answer(self, status: HTTPStatus, document: dict, forge: bool = False):
        body = json.dumps(document, ensure_ascii=False).encode()
        self._send(status, body, "application/json; charset=utf-8", forge)

    def _send(
        self, status: HTTPStatus, body: bytes, content_type: str, forge: bool = False
    ):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.is_authentic:  # a stranger gets nothing signed
            lines = (str(int(status)), self.headers["X-Srsp-Nonce"])
            body_hash = hashlib.sha256(body).hexdigest()
            signature = self.server.sign("SRSP1 RESPONSE", *lines, body_hash)
            self.send_header(
                "X-Srsp-Signature", signature[::-1] if forge else signature
            )
        self.end_headers()
        self.wfile.write(body)


def read_json(body: bytes) -> dict:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_request", "报文应为JSON对象")
    return document


def has_key(record) -> bool:
    key = record.get("idempotency_key") if isinstance(record, dict) else None
    return isinstance(key, str) and 0 < len(key) <= 128


def stop(signum, frame):
    raise SystemExit(0)


def main():
    parser = argparse.ArgumentParser(
        prog="script/platform", description="Sandbox credit platform"
    )
    parser.add_argument("--port", type=int, default=8079, help="0 takes a free one")
    parser.add_argument("--db", type=Path, default=Path(".local/platform.sqlite"))
    parser.add_argument("--key-id", default=DEMO_KEY)
    parser.add_argument("--secret", default=DEMO_SECRET)
    options = parser.parse_args()
    options.db.parent.mkdir(parents=True, exist_ok=True)
    try:
        address = ("127.0.0.1", options.port)
        server = PlatformServer(
            address, Store(options.db), options.key_id, options.secret
        )
    except OSError as error:
        sys.exit(f"Port {options.port} cannot be used: {error.strerror}")
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with server:
        print(f"platform {server.url}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
