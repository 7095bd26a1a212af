"""Servers for the tests that go through the whole house."""

import sys
import threading
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "contract")]

from platform_records import Store
from platform_server import PlatformServer


@pytest.fixture
def chain_server(start_odoo, tmp_path):
    """An Odoo with the demo whose channel points at a sandbox platform of this test."""
    platform = PlatformServer(("127.0.0.1", 0), Store(tmp_path / "platform.sqlite"))
    thread = threading.Thread(target=platform.serve_forever)
    thread.start()
    server = start_odoo(
        before=lambda query: query("UPDATE srsp_channel SET url = %s", platform.url)
    )
    yield server
    server.stop()
    platform.shutdown()
    thread.join()
    platform.server_close()
