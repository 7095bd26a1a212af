"""The proxies as deploy/ configures them, in front of a real Odoo: who reaches what."""

import http.client
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLIC, OFFICE = "open.bureau.example", "office.bureau.example"
START_SECONDS = 30
CLOSED_TO_THE_PUBLIC = (
    "/web/login",
    "/web",
    "/odoo",
    "/xmlrpc/2/common",
    "/jsonrpc",
    "/json/2/res.users/search",
    "/html_editor/link_preview_external",
    "/base_import_module/login_upload",
    "/website/form/res.partner",
    "/website/info",
    "/web/database/manager",
    "/web/content/1",
    "/srsp/registry/target.csv",
    "/supervisionary",
    "/web/assets",
)


@dataclass
class Proxy:
    port: int
    process: subprocess.Popen

    def ask(self, host, path, method="GET", body=None, **headers):
        """The answer to one request of its own connection, read whole: ``(status, headers, body)``."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, self.port, timeout=60)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        connection.request(method, path, body, {"Host": host, **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content


@pytest.fixture(scope="module")
def odoo(start_odoo):
    server = start_odoo(None, "--proxy-mode")
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request, odoo, tmp_path_factory, unused_port):
    """A running proxy with the shipped file: only ports, certificate and folders are this test's own."""
    folder = tmp_path_factory.mktemp(request.param)
    make_certificate(folder)
    port, command = globals()[f"start_{request.param}"](folder, odoo, unused_port)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + START_SECONDS
    while not listens(port):
        assert process.poll() is None and time.monotonic() < deadline, (
            folder / "log"
        ).read_text()
        time.sleep(0.1)
    yield Proxy(port, process)
    process.terminate()
    process.wait(timeout=30)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-keyout", folder / "srsp.key", "-out", folder / "srsp.pem"]
        + [
            "-subj",
            f"/CN={PUBLIC}",
            "-addext",
            f"subjectAltName=DNS:{PUBLIC},DNS:{OFFICE}",
        ],
        check=True,
        capture_output=True,
    )


def replaced(name, changes):
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    for shipped, ours in changes.items():
        assert shipped in text, shipped
        text = text.replace(shipped, str(ours))
    return text


def start_nginx(folder, odoo, unused_port):
    port = unused_port()
    site = replaced(
        "nginx.conf",
        {
            "127.0.0.1:8069": f"127.0.0.1:{odoo.port}",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "listen 80;": f"listen 127.0.0.1:{unused_port()};",
            "/etc/nginx/tls/": f"{folder}/",
            "/var/log/nginx/": f"{folder}/",
            "allow 10.0.0.0/8;": "allow 127.0.0.0/8;",
        },
    )
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; events {{}}\n"
        f"http {{ {own} access_log off; include {folder}/site.conf; }}\n"
    )
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    return port, [nginx, "-e", folder / "error.log", "-c", folder / "nginx.conf"]


def start_caddy(folder, odoo, unused_port):
    port = unused_port()
    site = replaced(
        "Caddyfile",
        {
            "127.0.0.1:8069": f"127.0.0.1:{odoo.port}",
            "\timport log\n": f"\timport log\n\ttls {folder}/srsp.pem {folder}/srsp.key\n",
            "10.0.0.0/8": "127.0.0.0/8",
        },
    )
    own = f"{{\n\tadmin off\n\thttps_port {port}\n\thttp_port {unused_port()}\n\tstorage file_system {folder}\n}}\n"
    (folder / "Caddyfile").write_text(own + site)
    command = ["caddy", "run", "--adapter", "caddyfile"]
    return port, [*command, "--config", folder / "Caddyfile"]


def test_the_public_name_offers_what_is_published_and_nothing_else(proxy):
    status, headers, _body = proxy.ask(PUBLIC, "/")
    assert status == 302
    assert headers["Location"].endswith("/supervision")
    status, headers, body = proxy.ask(PUBLIC, "/supervision")
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    text = body.decode()
    asset = text[text.index("/web/assets/") :].split('"')[0]
    for path in (
        asset,
        "/supervision/draw",
        "/supervision/draws.json",
        "/supervision/verify",
        "/supervision/verify_draw.py",
        "/web/image/website/1/logo",
        "/srsp_supervision/static/description/icon.png",
        "/robots.txt",
        "/sitemap.xml",
    ):
        assert (path, proxy.ask(PUBLIC, path)[0]) == (path, 200)
    closed = {path: proxy.ask(PUBLIC, path)[0] for path in CLOSED_TO_THE_PUBLIC}
    assert closed == dict.fromkeys(CLOSED_TO_THE_PUBLIC, 404)


def test_the_office_reaches_everything_but_the_old_doors(proxy):
    status, headers, _body = proxy.ask(OFFICE, "/web/login")
    assert status == 200
    cookies = headers.get_all("Set-Cookie")
    assert any(cookie.startswith("session_id=") for cookie in cookies)
    for cookie in cookies:
        assert "secure" in cookie.lower() and "samesite=lax" in cookie.lower()
    for path in ("/xmlrpc/2/common", "/jsonrpc", "/web/database/manager"):
        assert (path, proxy.ask(OFFICE, path, "POST", "")[0]) == (path, 404)
    json_type = {"Content-Type": "application/json"}
    call = (OFFICE, "/json/2/res.users/search", "POST", "{}")
    assert proxy.ask(*call, **json_type)[0] == 401  # Odoo asks for an API key


def test_a_forged_name_reaches_nothing(proxy):
    try:
        status, _headers, _body = proxy.ask("evil.example", "/supervision")
    except ssl.SSLError:
        return  # no certificate for such a name
    assert status == 404


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True)
def test_who_tries_passwords_all_the_time_is_slowed_down(proxy):
    """By nginx; behind Caddy the application does it."""
    answers = [
        proxy.ask(OFFICE, "/web/session/authenticate", "POST", "")[0]
        for _attempt in range(40)
    ]
    assert 429 in answers
