"""Servers for the contract tests, and a way to the pure client without the addon around it."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parents[1] / "addons" / "srsp_disclosure" / "tools")]

from platform_client import PlatformClient
from platform_records import Store
from platform_samples import KEY, SECRET, Clock
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
    Clock.wind()
    server = PlatformServer(("127.0.0.1", 0), Store(tmp_path / "platform.sqlite"))
    server.now = lambda: Clock.now
    server.hold = 5
    stop = serve(server)
    yield server
    stop()


@pytest.fixture
def client(platform):
    return PlatformClient(platform.url, KEY, SECRET)


@pytest.fixture
def impostor():
    """A server that answers everything with the status, headers and body it is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.asked += 1
            self.send_response(self.server.status)
            for header in self.server.headers.items():
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(self.server.body)

        do_GET = do_POST

        def log_message(self, *args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.status, server.headers, server.body, server.asked = 200, {}, b"", 0
    stop = serve(server)
    yield server
    stop()
