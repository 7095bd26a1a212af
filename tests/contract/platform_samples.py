"""Values that the contract tests share: one good record and the receipts it must get."""

import functools
import time
from datetime import UTC, datetime

import requests
from platform_client import PlatformClient, Receipt
from platform_records import BEIJING
from platform_server import DEMO_KEY, DEMO_SECRET

from odoo.addons.srsp_supervision.tools.outgoing import parse_networks

KEY, SECRET = DEMO_KEY, DEMO_SECRET
DIGEST, OTHER_DIGEST = "a1" * 32, "b2" * 32
UNKNOWN = Receipt("unknown", "", "", None)
LOOPBACK = parse_networks("127.0.0.0/8, ::1")
# A client that may reach this machine, where the sandbox runs.
LocalClient = functools.partial(PlatformClient, allowed=LOOPBACK)


def make_record(key="srsp-1", digest=DIGEST, **payload):
    return {
        "idempotency_key": key,
        "kind": "result",
        "number": "350100202605011001-1",
        "digest": digest,
        "payload": {
            "uscc": "12100000401359321Q",
            "entity_name": "福州闽江测绘院",
            "task_number": "350100202605011001",
            "inspected_on": "2026-05-12",
            "items": [{"name": "测绘资质巡查", "result": "1"}],
        }
        | payload,
    }


class Clock:
    """The platform's clock: it stands still during a test, so that receipts are known beforehand.

    Each test winds it anew: the client signs with the real time, and a clock wound once for a long
    run would fall behind by more than the platform allows.
    """

    now = 0

    @classmethod
    def wind(cls):
        cls.now = int(time.time())

    @classmethod
    def time(cls):
        return datetime.fromtimestamp(cls.now, UTC)


def accepted(sequence=1):
    day = datetime.fromtimestamp(Clock.now, BEIJING).strftime("%Y%m%d")
    return Receipt("accepted", f"XY{day}{sequence:06d}", "", Clock.time())


def rejected(reason):
    return Receipt("rejected", "", reason, Clock.time())


def rehearse(platform, mode, times=1):
    """Tell the platform, as a person would, how its next submissions fail."""
    control = requests.post(
        f"{platform.url}/control", json={"mode": mode, "times": times}
    )
    assert (control.status_code, control.json()) == (
        200,
        {"mode": mode, "times": times},
    )
