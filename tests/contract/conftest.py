"""Servers for the contract tests, and a way to the pure client without the addon around it."""

import hashlib
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import databases
import pytest

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry
from odoo.tools import config

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parents[1] / "addons" / "srsp_disclosure" / "tools")]

from dripper import Dripper
from platform_records import Store
from platform_server import PlatformServer


def serve(server):
    """Run a server in a thread; the function that stops it."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()

    def stop():
        server.shutdown()
        thread.join()
        server.server_close()

    return stop


@pytest.fixture
def platform(tmp_path):
    """A sandbox platform on a free port, whose clock stands still during the test."""
    from platform_samples import Clock  # needs the addons, which come after this file

    Clock.wind()
    server = PlatformServer(("127.0.0.1", 0), Store(tmp_path / "platform.sqlite"))
    server.now = lambda: Clock.now
    server.hold = 5
    stop = serve(server)
    yield server
    stop()


@pytest.fixture
def client(platform):
    from platform_samples import KEY, SECRET, LocalClient

    return LocalClient(platform.url, KEY, SECRET)


@pytest.fixture
def impostor():
    """A server that answers everything with the status, headers and body it is given, signed if it has an ``auth``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.asked += 1
            self.send_response(self.server.status)
            for header in self.server.headers.items():
                self.send_header(*header)
            if self.server.auth:
                nonce = self.headers["X-Srsp-Nonce"]
                digest = hashlib.sha256(self.server.body).hexdigest()
                lines = (str(self.server.status), nonce, digest)
                signature = self.server.auth.sign("SRSP1 RESPONSE", *lines)
                self.send_header("X-Srsp-Signature", signature)
            self.end_headers()
            self.wfile.write(self.server.body)

        do_GET = do_POST

        def log_message(self, *args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.status, server.headers, server.body, server.asked = 200, {}, b"", 0
    server.auth = None
    stop = serve(server)
    yield server
    stop()


@pytest.fixture
def drip():
    """A function that starts a ``Dripper``."""
    stops = []

    def start(beginning=b""):
        server = Dripper(beginning)
        stops.append((server.closing.set, serve(server)))
        return server

    yield start
    for close, stop in stops:
        close()
        stop()


@pytest.fixture(scope="module")
def registry():
    """The registry of a database of our own, so that a commit is a commit."""
    name = databases.run_name("contract")
    databases.copy(name, source=os.environ["SRSP_TEMPLATE"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(config, "test_enable", False)  # loading it runs no addon's tests
        registry = Registry(name)
    yield registry
    Registry.delete(name)
    sql_db.close_db(name)
    databases.drop(name)


@pytest.fixture
def env(registry):
    with registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {"lang": "zh_CN"})


@pytest.fixture
def channel(env, platform):
    """The demo's channel, pointed at the platform of this test, whose clock runs."""
    from platform_samples import SECRET

    platform.now = time.time
    channel = env.ref("srsp_disclosure.demo_channel")
    channel.write({"url": platform.url, "secret": SECRET, "active": True})
    channel.activity_ids.unlink()
    env.cr.commit()
    return channel


@pytest.fixture
def submissions(platform):
    """The idempotency keys that reached the platform, in the order in which they did."""
    keys, receive = [], platform.store.receive

    def count(records, *args):
        keys.extend(record["idempotency_key"] for record in records)
        return receive(records, *args)

    platform.store.receive = count
    return keys
