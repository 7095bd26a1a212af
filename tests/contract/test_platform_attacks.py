"""A platform, or a name server, that means harm: what the client lets it do."""

import json
import socket
import time

import pytest
from platform_client import (
    MAX_NUMBER,
    MAX_REASON,
    BadSettings,
    HmacAuth,
    PlatformClient,
    Silent,
    Unusable,
)
from platform_samples import KEY, LOOPBACK, SECRET, LocalClient, make_record

NOW = "2026-05-12T00:00:00+00:00"
ENDLESS = b"HTTP/1.1 %d OK\r\nContent-Length: 1000000\r\nLocation: /\r\n\r\n"


# -- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        ENDLESS % 200,
        ENDLESS % 302,
        ENDLESS % 404,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_an_answer_that_drips_is_cut_off_wherever_it_does(drip, beginning):
    client = LocalClient(drip(beginning).url, KEY, SECRET, seconds=1)
    begun = time.monotonic()
    with pytest.raises(Silent, match="TooSlow"):
        client.submit([make_record()])
    assert time.monotonic() - begun < 3


def test_a_tls_handshake_that_drips_is_cut_off(drip):
    url = drip(b"\x16\x03\x03\x3f\xff").url.replace("http:", "https:")
    begun = time.monotonic()
    with pytest.raises(Silent, match="TooSlow"):
        LocalClient(url, KEY, SECRET, seconds=1).submit([make_record()])
    assert time.monotonic() - begun < 3


# -- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_not_reached_unless_it_is_allowed(drip, host, scheme):
    server = drip()
    if (scheme, host) == ("http", "[::ffff:127.0.0.1]"):
        host = "localhost"  # the other one is no address for plain http
    url = f"{scheme}://{host}:{server.server_address[1]}"
    with pytest.raises(BadSettings, match="leads to a network that is not allowed"):
        PlatformClient(url, KEY, SECRET).inquire(["srsp-1"])
    assert server.asked == 0


def lie(monkeypatch, *answers):
    """A name server that gives ``answers`` for platform.example, one after the other; the questions it was asked."""
    asked, ask = [], socket.getaddrinfo

    def answer(host, *args, **options):
        if host == "platform.example":
            asked.append(host)
            host = answers[len(asked) - 1]
        return ask(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(drip, monkeypatch):
    judged, other = drip(), drip()
    monkeypatch.setenv("no_proxy", "*")
    asked = lie(monkeypatch, "127.0.0.1", "169.254.169.254")
    url = f"https://platform.example:{judged.server_address[1]}"
    with pytest.raises(Silent):
        LocalClient(url, KEY, SECRET, seconds=0.5).inquire(["srsp-1"])
    assert (len(asked), judged.asked, other.asked) == (1, 1, 0)


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "fd00::1", "0.0.0.0", "224.0.0.1"]
)
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    monkeypatch, address
):
    monkeypatch.setenv("no_proxy", "*")
    lie(monkeypatch, address)
    with pytest.raises(BadSettings, match="leads to a network that is not allowed"):
        PlatformClient(
            "https://platform.example", KEY, SECRET, allowed=LOOPBACK
        ).inquire(["srsp-1"])


@pytest.mark.parametrize("port", [0, 22, 25, 1023])
def test_a_port_that_belongs_to_another_service_is_refused(port):
    with pytest.raises(BadSettings, match="the port must be"):
        PlatformClient(f"https://platform.example:{port}", KEY, SECRET)


def test_a_port_that_is_none_is_refused():
    with pytest.raises(BadSettings, match="the address is not valid"):
        PlatformClient("https://platform.example:99999", KEY, SECRET)


# -- receipts ---------------------------------------------------------------------------------


def receipt(status="accepted", number="XY1", reason="", received_at=NOW):
    return {
        "idempotency_key": "srsp-1",
        "status": status,
        "receipt": number,
        "reason": reason,
        "received_at": received_at,
    }


def answer(impostor, body):
    """What the client makes of a signed answer."""
    impostor.auth = HmacAuth(KEY, SECRET)
    impostor.body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return LocalClient(impostor.url, KEY, SECRET).submit([make_record()])["srsp-1"]


@pytest.mark.parametrize(
    "row",
    [
        receipt(number="9" * (MAX_NUMBER + 1)),
        receipt(number="9" * 3_000_000),
        receipt(number="XY\0"),
        receipt(number="XY\ud800"),
        receipt(number="XY\n1"),
        receipt(number="\u202e1YX"),
        receipt(number=7),
        receipt(received_at="0001-01-01T00:00:00+14:00"),
        receipt(received_at="9999-12-31T23:59:59-14:00"),
        receipt("rejected", reason="x" * (MAX_REASON + 1)),
        receipt("rejected", reason="No\0"),
        receipt("rejected", reason={"why": "No"}),
        receipt([]),
    ],
)
def test_a_receipt_that_is_no_line_of_text_with_a_time_is_unusable(impostor, row):
    with pytest.raises(Unusable, match="not a list of receipts"):
        answer(impostor, {"receipts": [row]})


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"receipts":' * 200_000, b"\xff", b"9" * 5000]
)
def test_an_answer_that_breaks_the_reader_is_unusable(impostor, body):
    with pytest.raises(Unusable, match="not JSON"):
        answer(impostor, body)


def test_two_receipts_for_one_record_are_unusable(impostor):
    with pytest.raises(Unusable, match="does not match the records"):
        answer(impostor, {"receipts": [receipt(), receipt(number="XY2")]})


def test_what_a_receipt_does_not_need_is_not_taken_over(impostor):
    kept = answer(impostor, {"receipts": [receipt(reason="x" * 3_000_000)]})
    assert (kept.number, kept.reason) == ("XY1", "")
    row = receipt("rejected", number="x" * 3_000_000, reason="第一行\n第二行")
    kept = answer(impostor, {"receipts": [row]})
    assert (kept.number, kept.reason) == ("", "第一行\n第二行")
