"""The connector's client against the sandbox platform, over real HTTP on the loopback."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
import requests
from platform_records import is_uscc
from platform_samples import (
    KEY,
    OTHER_DIGEST,
    SECRET,
    UNKNOWN,
    LocalClient,
    accepted,
    make_record,
    rehearse,
    rejected,
)

# -- receipts ---------------------------------------------------------------------------------


def test_good_records_are_accepted_and_kept_as_sent(client, platform):
    plan = {
        "number": "350100" + "2026" + "1001",
        "kind": "plan",
        "payload": {"title": "年度计划"},
    }
    plan |= {"idempotency_key": "srsp-2", "digest": OTHER_DIGEST}
    receipts = client.submit([make_record(), plan])
    assert receipts == {"srsp-1": accepted(1), "srsp-2": accepted(2)}
    kept = [{name: row[name] for name in plan} for row in platform.store.newest()]
    assert kept == [plan, make_record()]


def test_nothing_to_submit_or_ask_makes_no_request():
    closed = LocalClient("http://127.0.0.1:1024", KEY, SECRET)
    assert (closed.submit([]), closed.inquire([])) == ({}, {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"uscc": "12100000401359321X"}, "统一社会信用代码“12100000401359321X”不正确"),
        ({"uscc": ""}, "缺少统一社会信用代码或主体编码"),
        (
            {"uscc": "", "entity_code": "35010019900101123X"},
            "主体编码不得使用公民身份号码",
        ),
        ({"entity_name": " "}, "缺少检查对象名称"),
        ({"task_number": None}, "缺少抽查任务编号"),
        ({"inspected_on": "2026-02-30"}, "检查日期应为YYYY-MM-DD格式"),
        ({"items": []}, "缺少抽查事项"),
        ({"items": [{"result": "1"}]}, "缺少抽查事项名称"),
        (
            {"items": [{"name": "巡查", "result": "D"}]},
            "抽查事项“巡查”的检查结果代码“D”不在规定范围内",
        ),
    ],
)
def test_a_bad_result_is_rejected_with_its_reason_and_its_neighbour_accepted(
    client, change, reason
):
    receipts = client.submit([make_record("bad", **change), make_record("good")])
    assert receipts == {"bad": rejected(reason), "good": accepted(2)}


def test_every_result_category_and_a_generated_entity_code_are_accepted(client):
    codes = [
        "1",
        "5",
        "6",
        "7",
        "8",
        "9",
        "10",
        "11",
        "12",
        "A",
        "B",
        "C",
        "E",
        "F",
        "N",
    ]
    items = [{"name": f"事项{code}", "result": code} for code in codes]
    record = make_record(uscc=None, entity_code="FZ-P-000017", items=items)
    assert client.submit([record]) == {"srsp-1": accepted()}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"digest": "A1" * 32}, "摘要应为64位十六进制的SHA-256值"),
        ({"kind": ""}, "缺少信息类别或编号"),
        ({"number": None}, "缺少信息类别或编号"),
        ({"payload": ["no", "object"]}, "信息内容应为JSON对象"),
    ],
)
def test_a_record_without_its_frame_is_rejected(client, change, reason):
    assert client.submit([make_record() | change]) == {"srsp-1": rejected(reason)}


@pytest.mark.parametrize(
    "code",
    [
        *("11370300MB286462XU", "1137068200427624XD", "N2350121MF1200017X"),
        *("N3350121MF1200025M", "Y1350100MF12000331", "A1350100MF1200041G"),
    ],
)
def test_credit_codes_in_use_pass_the_check_character(code):
    assert (is_uscc(code), is_uscc(code[:-1] + "Y")) == (True, False)
    assert not is_uscc("B" + code[1:])


def test_a_credit_code_of_no_authority_is_refused():
    """The check character of it is right."""
    assert not is_uscc("06977417AQYCCXN53C")


def test_the_same_record_twice_is_stored_once_under_one_receipt(client, platform):
    first, again = client.submit([make_record()]), client.submit([make_record()])
    assert (first, again) == ({"srsp-1": accepted()}, {"srsp-1": accepted()})
    assert platform.store.counts() == {"accepted": 1, "rejected": 0}


def test_another_digest_under_an_accepted_key_is_rejected_and_the_first_stays(client):
    client.submit([make_record()])
    conflict = client.submit([make_record(digest=OTHER_DIGEST)])
    assert conflict == {"srsp-1": rejected("同一报送编号已受理过摘要不同的信息")}
    assert client.inquire(["srsp-1"]) == {"srsp-1": accepted()}


def test_a_rejection_can_be_asked_for_and_is_judged_afresh_when_mended(
    client, platform
):
    client.submit([make_record(entity_name="")])
    assert client.inquire(["srsp-1"]) == {"srsp-1": rejected("缺少检查对象名称")}
    assert client.submit([make_record()]) == {"srsp-1": accepted(2)}
    assert platform.store.counts() == {"accepted": 1, "rejected": 0}


def test_an_inquiry_knows_what_is_accepted_and_what_is_unknown_in_any_number(client):
    client.submit([make_record("键 1&2")])
    strangers = [f"never-sent-{i}" for i in range(120)]
    expected = dict.fromkeys(strangers, UNKNOWN) | {"键 1&2": accepted()}
    assert client.inquire([*strangers, "键 1&2"]) == expected


def test_a_rehearsed_rejection_ends_after_the_asked_number_of_times(client, platform):
    rehearse(platform, "reject", 2)
    statuses = [client.submit([make_record()])["srsp-1"] for _ in range(3)]
    assert statuses == [rejected("演练：平台不予受理")] * 2 + [accepted(3)]


# -- people and the front end -----------------------------------------------------------------


def test_the_page_shows_what_arrived_and_escapes_it(client, platform):
    client.submit(
        [make_record("a", entity_name="<b>闽江</b>"), make_record("b", items=[])]
    )
    rehearse(platform, "timeout", 3)
    page = requests.get(platform.url).text
    shown = [
        text in page for text in ("&lt;b&gt;闽江&lt;/b&gt;", "测绘资质巡查：未发现问题")
    ]
    assert (shown, "<b>" in page) == ([True, True], False)
    assert "已受理 1 条，未受理 1 条" in page
    assert (accepted().number in page, "未受理：缺少抽查事项" in page) == (True, True)
    assert "接下来 3 次报送按“timeout”处理" in page


@pytest.mark.parametrize(
    "order", [{"mode": "explode"}, {"mode": "reject", "times": 0}, {"times": 1}, []]
)
def test_an_unknown_rehearsal_is_refused(platform, order):
    answer = requests.post(f"{platform.url}/control", json=order)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


@pytest.fixture
def front_end(tmp_path):
    """Start ``script/platform`` on a free port; a leftover process is killed in the end."""
    script = Path(__file__).parents[2] / "script" / "platform"
    command = [
        script,
        "--port",
        "0",
        "--db",
        tmp_path / "new" / "p.sqlite",
        "--secret",
        "other",
    ]
    started = []

    def start():
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_front_end_says_where_it_serves_keeps_its_storage_and_stops_on_a_signal(
    front_end,
):
    for how, status in ((signal.SIGTERM, "unknown"), (signal.SIGINT, "accepted")):
        process = front_end()
        line = process.stdout.readline()
        assert re.fullmatch(r"platform http://127\.0\.0\.1:\d+\n", line)
        client = LocalClient(line.split()[1], KEY, "other")
        assert client.inquire(["srsp-1"])["srsp-1"].status == status
        assert client.submit([make_record()])["srsp-1"].status == "accepted"
        process.send_signal(how)
        assert (process.wait(10), process.stdout.read()) == (0, "")
