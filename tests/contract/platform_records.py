"""What the sandbox platform accepts and what it keeps: rules and SQLite storage.

Written against PROTOCOL.md, not against the client: the two share no code.
"""

import json
import re
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

BEIJING = timezone(timedelta(hours=8))
NONCE_LIFE = 600  # seconds: twice the timestamp window

# Result categories of the national publicity system.
RESULTS = {
    "1": "未发现问题",
    "5": "违反其他部门相关规定",
    "6": "通过登记的住所（经营场所）无法联系",
    "7": "已关闭停业或正在组织清算",
    "8": "不配合检查情节严重",
    "9": "注销",
    "10": "被吊销",
    "11": "被撤销",
    "12": "迁出",
    "A": "发现问题待后续处理",
    "B": "未按规定公示应当公示的信息",
    "C": "公示信息隐瞒真实情况、弄虚作假",
    "E": "发现问题经责令已改正",
    "F": "未发现开展本次抽查涉及的经营活动",
    "N": "违反自然资源（土地、规划、矿产、测绘、海域）规定",
}

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, idempotency_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, number TEXT NOT NULL, digest TEXT NOT NULL, payload TEXT NOT NULL,
    status TEXT NOT NULL, receipt TEXT NOT NULL, reason TEXT NOT NULL, received_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS nonce (value TEXT PRIMARY KEY, seen_at INTEGER NOT NULL);
"""


def is_uscc(code) -> bool:
    """Unified social credit code with its check character (GB 32100-2015, modulus 31)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    form = f"[1-9ANY][0-9]{{7}}[{alphabet}]{{10}}"
    if not isinstance(code, str) or not re.fullmatch(form, code):
        return False
    total = sum(
        alphabet.index(sign) * pow(3, i, 31) for i, sign in enumerate(code[:17])
    )
    return alphabet[-total % 31] == code[17]


def is_text(value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_date(value) -> bool:
    try:
        return is_text(value) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def why_refused(record: dict) -> str:
    """Why the platform will not take this record, in Chinese; empty when it will."""
    if not is_text(record.get("kind")) or not is_text(record.get("number")):
        return "缺少信息类别或编号"
    if not re.fullmatch("[0-9a-f]{64}", str(record.get("digest"))):
        return "摘要应为64位十六进制的SHA-256值"
    if not isinstance(record.get("payload"), dict):
        return "信息内容应为JSON对象"
    return why_result_refused(record["payload"]) if record["kind"] == "result" else ""


def why_result_refused(payload: dict) -> str:
    """The same for the payload of an inspection result."""
    uscc, code = payload.get("uscc"), payload.get("entity_code")
    if uscc and not is_uscc(uscc):
        return f"统一社会信用代码“{uscc}”不正确"
    if not uscc and not is_text(code):
        return "缺少统一社会信用代码或主体编码"
    if not uscc and re.fullmatch(r"\d{17}[\dXx]", code):
        return "主体编码不得使用公民身份号码"
    if not is_text(payload.get("entity_name")):
        return "缺少检查对象名称"
    if not is_text(payload.get("task_number")):
        return "缺少抽查任务编号"
    if not is_date(payload.get("inspected_on")):
        return "检查日期应为YYYY-MM-DD格式"
    items = payload.get("items")
    if not isinstance(items, list) or not items:
        return "缺少抽查事项"
    for item in items:
        if not isinstance(item, dict) or not is_text(item.get("name")):
            return "缺少抽查事项名称"
        result = item.get("result")
        if not is_text(result) or result not in RESULTS:
            return f"抽查事项“{item['name']}”的检查结果代码“{result}”不在规定范围内"
    return ""


class Store:
    """Records and nonces in one SQLite file, a connection per use, safe for many threads."""

    def __init__(self, path: Path):
        self.path = path
        with self._open() as connection:
            connection.executescript(SCHEMA)

    @contextmanager
    def _open(self):
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            with connection:
                yield connection

    def is_new_nonce(self, nonce: str, now: float) -> bool:
        """Remember a nonce; False when it was seen before."""
        with self._open() as connection:
            connection.execute(
                "DELETE FROM nonce WHERE seen_at < ?", (now - NONCE_LIFE,)
            )
            query = "INSERT OR IGNORE INTO nonce VALUES (?, ?)"
            return connection.execute(query, (nonce, now)).rowcount == 1

    def receive(self, records: list[dict], now: float, refusal: str = "") -> list[dict]:
        """Decide on every record, in one transaction; receipts in the same order.

        An acceptance is final. A rejection is kept too, so that it can be asked for, but a
        later submission under the same key is judged afresh. ``refusal`` rejects everything.
        """
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            return [self._receive_one(connection, row, now, refusal) for row in records]

    def _receive_one(self, connection, record: dict, now: float, refusal: str) -> dict:
        key = record["idempotency_key"]
        known = self._find(connection, key)
        if known and known["status"] == "accepted":
            if known["digest"] == record.get("digest"):
                return to_receipt(key, known)
            reason = "同一报送编号已受理过摘要不同的信息"
            return to_receipt(key, to_decision("rejected", "", reason, now))
        reason = refusal or why_refused(record)
        decision = to_decision("rejected" if reason else "accepted", "", reason, now)
        values = [
            key,
            *(str(record.get(name, "")) for name in ("kind", "number", "digest")),
        ]
        values += [
            json.dumps(record.get("payload"), ensure_ascii=False),
            *decision.values(),
        ]
        row_id = connection.execute(
            "INSERT OR REPLACE INTO record (idempotency_key, kind, number, digest, payload,"
            " status, receipt, reason, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        ).lastrowid
        if not reason:
            decision["receipt"] = (
                f"XY{datetime.fromtimestamp(now, BEIJING):%Y%m%d}{row_id:06d}"
            )
            query = "UPDATE record SET receipt = ? WHERE id = ?"
            connection.execute(query, (decision["receipt"], row_id))
        return to_receipt(key, decision)

    def receipts(self, keys: list[str]) -> list[dict]:
        with self._open() as connection:
            return [to_receipt(key, self._find(connection, key)) for key in keys]

    def _find(self, connection, key: str):
        query = "SELECT * FROM record WHERE idempotency_key = ?"
        return connection.execute(query, (key,)).fetchone()

    def newest(self, limit: int = 200) -> list[dict]:
        """Accepted and rejected records, the newest first, payload decoded."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT * FROM record ORDER BY id DESC LIMIT ?", (limit,)
            )
            return [dict(row) | {"payload": json.loads(row["payload"])} for row in rows]

    def counts(self) -> dict[str, int]:
        with self._open() as connection:
            rows = connection.execute(
                "SELECT status, count(*) FROM record GROUP BY status"
            )
            return {"accepted": 0, "rejected": 0} | dict(rows.fetchall())


def to_decision(status: str, receipt: str, reason: str, now: float) -> dict:
    received_at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    return {
        "status": status,
        "receipt": receipt,
        "reason": reason,
        "received_at": received_at,
    }


def to_receipt(key: str, row) -> dict:
    """A receipt as it goes over the wire; ``row`` None means that the key is unknown."""
    names = ("status", "receipt", "reason", "received_at")
    values = [row[name] for name in names] if row else ["unknown", "", "", None]
    return {"idempotency_key": key} | dict(zip(names, values, strict=True))
