"""What the black-box tests share: real Odoo processes on copies of the demo database, and a real browser."""

import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "script/lib"))

import databases

START_SECONDS = 60


@dataclass
class OdooServer:
    """One Odoo process with its scheduled actions running; ``log`` is its log file."""

    url: str
    db: str
    port: int
    log: Path
    process: subprocess.Popen

    def query(self, statement, *parameters):
        """Rows of one SQL statement on the server's database, committed at once."""
        return databases.query(statement, *parameters, database=self.db)

    def stop(self, how=signal.SIGTERM):
        """End the process and wait until it has ended; SIGKILL stands for a crash."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)

    def __post_init__(self):
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(
                    self.log.read_text(errors="replace").splitlines()[-30:]
                )
                self.stop(signal.SIGKILL)
                pytest.fail(f"Odoo did not come up on {self.url}:\n{tail}")
            time.sleep(0.2)

    def _answers(self):
        page = f"{self.url}/web/login"
        try:
            with urllib.request.urlopen(page, timeout=START_SECONDS) as answer:
                return answer.status == 200
        except OSError:
            return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def unused_port():
    """A function that finds a port of this machine on which nothing listens."""
    return free_port


@pytest.fixture(scope="session")
def start_odoo():
    """A function ``start_odoo(db=None, *options)`` that starts one more Odoo.

    Without ``db`` it gets a fresh copy of the demo database, or of one with nothing but the
    addons (``demo=False``); with one, several processes share it. ``before(query)`` may prepare
    the database by SQL. All are stopped, and the copies dropped, at the end of the run.
    """
    servers, copies = [], []

    def start(db=None, *options, before=None, demo=True):
        if db is None:
            db = databases.run_name(f"server{len(copies)}")
            copies.append(db)
            databases.copy(
                db,
                source=os.environ["SRSP_TEMPLATE"]
                if demo
                else databases.template(demo=False, quick="SRSP_QUICK" in os.environ),
            )
        if before:
            before(functools.partial(databases.query, database=db))
        port = free_port()
        log = ROOT / f".local/log/{db}_{len(servers)}.log"
        common = [
            "-d",
            db,
            "--db-filter",
            f"^{db}$",
            "--http-port",
            str(port),
            "--limit-memory-hard",
            "0",
        ]
        with open(log, "wb") as output:
            process = subprocess.Popen(
                databases.odoo_command(*common, *options),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            server = OdooServer(f"http://127.0.0.1:{port}", db, port, log, process)
        except BaseException:
            process.kill()
            raise
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
        server.log.unlink()
    for db in copies:
        databases.drop(db)


@pytest.fixture(scope="session")
def odoo_server(start_odoo):
    """One Odoo for the whole run."""
    return start_odoo()


@pytest.fixture(scope="session")
def soffice():
    """The path of LibreOffice, which works without a display."""
    path = shutil.which("soffice")
    assert path, "no LibreOffice: apt-get install libreoffice-calc-nogui"
    return path


@pytest.fixture(scope="session")
def browser():
    """Chromium, for the whole run."""
    from browser import open_browser

    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def new_page(browser):
    """A function that opens a page for one more person: own cookies, Chinese, in Fuzhou."""
    from browser import open_page

    pages = []

    def open_one(**options):
        pages.append(open_page(browser, **options))
        return pages[-1]

    yield open_one
    for page in pages:
        page.context.close()
