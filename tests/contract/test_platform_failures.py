"""When the platform refuses, fails, lies or is not there: what the client makes of it."""

import datetime
import gzip
import json
import socket
import ssl
import time
from ipaddress import IPv4Address

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from platform_client import (
    MAX_ANSWER_BYTES,
    HmacAuth,
    PlatformError,
    PlatformRejected,
    PlatformRetryable,
)
from platform_samples import (
    KEY,
    SECRET,
    UNKNOWN,
    LocalClient,
    accepted,
    make_record,
    rehearse,
)

# -- refusals of the whole request ------------------------------------------------------------


def test_a_wrong_secret_is_refused_and_nothing_is_stored(platform, caplog):
    """What an unsigned answer says is in the log alone: it may come from anybody whom the address reaches."""
    with pytest.raises(PlatformRejected) as caught:
        LocalClient(platform.url, KEY, b"wrong").submit([make_record()])
    assert str(caught.value) == "HTTP 401"
    assert "bad_signature" in caplog.text
    assert platform.store.newest() == []


def test_an_unknown_key_is_refused(platform, caplog):
    with pytest.raises(PlatformRejected) as caught:
        LocalClient(platform.url, "xiamen", SECRET).inquire(["srsp-1"])
    assert str(caught.value) == "HTTP 401"
    assert "unknown_key" in caplog.text


@pytest.mark.parametrize("drift", [-310, 310])
def test_a_timestamp_outside_the_window_is_refused(client, platform, caplog, drift):
    platform.now = lambda: time.time() + drift
    with pytest.raises(PlatformRejected) as caught:
        client.submit([make_record()])
    assert "stale_timestamp" in caplog.text
    assert (str(caught.value), platform.store.newest()) == ("HTTP 401", [])


def test_a_request_sent_twice_is_refused_the_second_time(platform):
    url = f"{platform.url}/receipts?key=srsp-1"
    request = requests.Request("GET", url, auth=HmacAuth(KEY, SECRET)).prepare()
    with requests.Session() as session:
        answers = [session.send(request) for _ in range(2)]
    assert [(a.status_code, "X-Srsp-Signature" in a.headers) for a in answers] == [
        (200, True),
        (409, False),
    ]
    assert answers[1].json() == {"error": "replayed_nonce", "message": "请求重复"}


def test_a_batch_above_the_limit_is_refused_whole(client, platform):
    with pytest.raises(PlatformRejected, match="HTTP 413"):
        client.submit([make_record(f"srsp-{i}") for i in range(201)])
    assert platform.store.newest() == []


def test_an_address_that_is_no_platform_is_refused(platform):
    with pytest.raises(PlatformRejected, match="HTTP 404"):
        LocalClient(f"{platform.url}/elsewhere/", KEY, SECRET).submit([make_record()])


@pytest.mark.parametrize(
    "address",
    [
        "http://credit.example.gov.cn",
        "http://192.0.2.7:8079",
        "http://127.0.0.1.example.com",
        "http://user@127.0.0.1",
        "ftp://127.0.0.1",
        "https://",
        "http://[::1",
        "https://credit.example.gov.cn/?token=1",
        "",
    ],
)
def test_an_address_that_is_neither_https_nor_plain_http_on_this_machine_is_refused(
    address,
):
    with pytest.raises(PlatformRejected, match="address"):
        LocalClient(address, KEY, SECRET)


@pytest.mark.parametrize(
    "address",
    [
        "https://credit.example.gov.cn/gateway/",
        "http://localhost:1024",
        "http://[::1]:65535",
        "https://credit.example.gov.cn:443",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_allowed(address):
    assert LocalClient(address, KEY, SECRET).base_url == address.rstrip("/")


@pytest.mark.parametrize(
    ("key", "secret"), [("", SECRET), ("福州", SECRET), (KEY, ""), (KEY, b"")]
)
def test_a_key_or_secret_that_cannot_sign_is_refused(key, secret):
    with pytest.raises(PlatformRejected):
        LocalClient("https://credit.example.gov.cn", key, secret)


# -- no trustworthy answer: ask, then try again -----------------------------------------------


@pytest.mark.parametrize(
    ("mode", "message", "stored"),
    [
        ("error500", "HTTP 500", False),
        ("timeout", "No answer: ReadTimeout", False),
        ("lose_answer", "No answer: ConnectionError", True),
        ("garbage", "the answer is not JSON", True),
        ("bad_signature", "the answer is not signed by the platform", True),
    ],
)
def test_after_a_failure_asking_tells_what_is_stored_and_trying_again_stores_it_once(
    platform, mode, message, stored
):
    client = LocalClient(
        platform.url, KEY, SECRET, timeout=(5, 0.3 if mode == "timeout" else 5)
    )
    rehearse(platform, mode)
    with pytest.raises(PlatformRetryable, match=message):
        client.submit([make_record()])
    found = accepted() if stored else UNKNOWN
    assert client.inquire(["srsp-1"]) == {"srsp-1": found}
    assert client.submit([make_record()]) == {"srsp-1": accepted()}
    assert platform.store.counts() == {"accepted": 1, "rejected": 0}


def test_a_platform_that_is_down_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(PlatformRetryable, match="No answer: ConnectionError") as caught:
        LocalClient(f"http://127.0.0.1:{port}", KEY, SECRET).inquire(["srsp-1"])
    assert isinstance(caught.value, PlatformError)


@pytest.mark.parametrize(
    "receipts",
    [
        None,
        [],
        ["srsp-1"],
        [{"idempotency_key": "srsp-1", "status": "unknown"}],
        [{"idempotency_key": "srsp-2", "status": "unknown"}],
        [
            {
                "idempotency_key": "srsp-1",
                "status": "perhaps",
                "received_at": "2026-05-12T00:00Z",
            }
        ],
        [
            {
                "idempotency_key": "srsp-1",
                "status": "accepted",
                "receipt": "",
                "reason": "",
                "received_at": "2026-05-12T00:00:00+00:00",
            }
        ],
        [
            {
                "idempotency_key": "srsp-1",
                "status": "accepted",
                "receipt": "XY1",
                "reason": "",
                "received_at": "2026-05-12T00:00:00",
            }
        ],
    ],
)
def test_a_signed_answer_that_decides_nothing_is_no_receipt(
    client, platform, monkeypatch, receipts
):
    monkeypatch.setattr(platform.store, "receive", lambda *args: receipts)
    with pytest.raises(PlatformRetryable, match="the answer "):
        client.submit([make_record()])


def test_a_genuine_answer_to_an_earlier_request_is_not_taken_for_this_one(
    platform, impostor
):
    body = json.dumps({"records": [make_record()]}).encode()
    genuine = requests.post(f"{platform.url}/records", body, auth=HmacAuth(KEY, SECRET))
    assert genuine.json()["receipts"][0]["status"] == "accepted"
    impostor.headers = {"X-Srsp-Signature": genuine.headers["X-Srsp-Signature"]}
    impostor.body = genuine.content
    with pytest.raises(PlatformRetryable, match="is not signed by the platform"):
        LocalClient(impostor.url, KEY, SECRET).submit([make_record()])


def test_an_answer_without_an_end_is_not_read_to_its_end(impostor):
    impostor.body = b" " * (MAX_ANSWER_BYTES + 1)
    with pytest.raises(
        PlatformRetryable, match=f"longer than {MAX_ANSWER_BYTES} bytes"
    ):
        LocalClient(impostor.url, KEY, SECRET).submit([make_record()])


def test_an_answer_that_grows_when_it_is_unpacked_is_not_unpacked_to_its_end(impostor):
    impostor.headers = {"Content-Encoding": "gzip"}
    impostor.body = gzip.compress(b" " * 50 * MAX_ANSWER_BYTES)
    with pytest.raises(
        PlatformRetryable, match=f"longer than {MAX_ANSWER_BYTES} bytes"
    ):
        LocalClient(impostor.url, KEY, SECRET).submit([make_record()])


def test_every_failure_says_what_kind_it_is(platform, impostor, unused_port):
    failures = {
        "settings": ("http://credit.example", SECRET),
        "refused": (platform.url, "wrong"),
        "unusable": (impostor.url, SECRET),
        "silent": (f"http://127.0.0.1:{unused_port()}", SECRET),
    }
    for code, (url, secret) in failures.items():
        with pytest.raises(PlatformError) as caught:
            LocalClient(url, KEY, secret).submit([make_record()])
        assert caught.value.code == code
    impostor.status = 503
    with pytest.raises(PlatformError) as caught:
        LocalClient(impostor.url, KEY, SECRET).submit([make_record()])
    assert caught.value.code == "busy"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(impostor, status):
    impostor.status, impostor.headers = (
        status,
        {"Location": f"{impostor.url}/elsewhere"},
    )
    with pytest.raises(PlatformRetryable, match=f"HTTP {status}"):
        LocalClient(impostor.url, KEY, SECRET).submit([make_record()])
    assert impostor.asked == 1


@pytest.mark.parametrize("status", [204, 408, 425, 429, 502, 503])
def test_a_busy_platform_is_worth_another_try(impostor, status):
    impostor.status = status
    with pytest.raises(PlatformRetryable, match=f"HTTP {status}"):
        LocalClient(impostor.url, KEY, SECRET).submit([make_record()])


def test_plain_http_on_this_machine_never_goes_through_a_proxy(
    client, impostor, monkeypatch
):
    monkeypatch.setenv("http_proxy", impostor.url)
    monkeypatch.setenv("no_proxy", "")
    assert client.submit([make_record()]) == {"srsp-1": accepted()}
    assert impostor.asked == 0


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    today = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number()
    )
    builder = builder.not_valid_before(today - day).not_valid_after(today + day)
    pem = serialization.Encoding.PEM
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        builder.add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(pem)
        + key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


def test_https_is_spoken_only_with_a_platform_whose_certificate_is_trusted(
    platform, certificate, monkeypatch
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    platform.socket = context.wrap_socket(platform.socket, server_side=True)
    monkeypatch.setenv("no_proxy", "*")
    platform.handle_error = lambda *args: None  # the broken handshake is expected
    client = LocalClient(platform.url.replace("http:", "https:"), KEY, SECRET)
    with pytest.raises(PlatformRetryable, match="No answer: SSLError"):
        client.submit([make_record()])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert client.submit([make_record()]) == {"srsp-1": accepted()}


# -- signatures and secrets -------------------------------------------------------------------


def test_signatures_are_those_printed_in_the_protocol():
    """The literals were computed with ``openssl dgst -sha256 -hmac``."""
    auth, nonce = HmacAuth(KEY, SECRET), "000102030405060708090a0b0c0d0e0f"
    sent = "1b8b4c0b6f6ad1d32565952720bc004eeb1f188f62045e4d5525ae2af8c78432"
    got = "1fd26fc6d9fc27bb3fe73faa4580768fc0c6221efc8311485b7d6d01809cae73"
    assert [
        auth.sign("SRSP1 REQUEST", "POST", "/records", "1767225600", nonce, sent),
        auth.sign("SRSP1 RESPONSE", "200", nonce, got),
    ] == [
        "daebd160fc39e4eab3db17ff90ddb85cd3b9947532496b1235c2227e20ea7718",
        "0a99feea2b59b86cfb9d1cde2b003d3a43e08e36cec348a8d037fd152d01e3b8",
    ]


def test_the_secret_is_in_no_print_of_the_client(client):
    prints = [repr(client), str(client), repr(vars(client)), repr(vars(client._auth))]
    assert repr(client) == f"PlatformClient('{client.base_url}', '{KEY}')"
    assert [
        text for text in prints if SECRET in text or SECRET.encode().hex() in text
    ] == []
