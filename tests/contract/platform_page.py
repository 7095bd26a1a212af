"""The sandbox platform's one page for people: what arrived, the newest first."""

from datetime import datetime
from html import escape

from platform_records import BEIJING, RESULTS

KINDS = {
    "result": "抽查结果",
    "list": "清单",
    "plan": "抽查计划",
    "roster": "待抽名单",
    "draw": "抽取结果",
}

PAGE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>公共信用信息平台（沙箱）</title>
<style>
body {{ margin: 0; background: #f4f6f8; color: #1f2d3d; line-height: 1.6;
  font-family: "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }}
header {{ background: #0b5394; color: #fff; padding: 1.4rem max(1rem, calc(50vw - 34rem)); }}
header h1 {{ margin: 0; font-size: 1.5rem; }} header p {{ margin: .2rem 0 0; opacity: .85; }}
main {{ max-width: 68rem; margin: 1.2rem auto; padding: 0 1rem; }}
.warn {{ background: #fff4d6; border-left: 4px solid #e0a100; padding: .6rem 1rem; }}
article {{ background: #fff; border-radius: 8px; padding: .9rem 1.2rem; margin: .8rem 0;
  border-left: 4px solid #2e8b57; box-shadow: 0 1px 3px rgb(0 0 0 / 10%); }}
article.rejected {{ border-color: #b3382c; }}
article h2 {{ margin: 0; font-size: 1.05rem; }}
.meta {{ color: #5b6b7b; font-size: .88rem; overflow-wrap: anywhere; }}
ul {{ margin: .4rem 0; padding-left: 1.2rem; }}
.tag {{ background: #e6f4ec; color: #1d6b41; border-radius: 4px; padding: .05rem .5rem;
  font-size: .85rem; font-weight: normal; }}
.rejected .tag {{ background: #fbe9e7; color: #b3382c; }}
</style></head><body>
<header><h1>公共信用信息平台（沙箱）</h1>
<p>供演示与联调使用，不对外公示。已受理 {accepted} 条，未受理 {rejected} 条。</p></header>
<main>{warning}{records}</main></body></html>
"""


def render(records: list[dict], counts: dict[str, int], mode: str, times: int) -> str:
    """The whole page. ``mode`` and ``times`` say which failure is being rehearsed."""
    warning = f'<p class="warn">演练：接下来 {times} 次报送按“{escape(mode)}”处理。</p>'
    return PAGE.format(
        **counts,
        warning=warning if times else "",
        records="".join(map(render_record, records)) or "<p>尚未收到任何报送。</p>",
    )


def render_record(record: dict) -> str:
    payload = record["payload"] if isinstance(record["payload"], dict) else {}
    accepted = record["status"] == "accepted"
    received_at = datetime.fromisoformat(record["received_at"]).astimezone(BEIJING)
    code = payload.get("uscc") or payload.get("entity_code")
    meta = [
        KINDS.get(record["kind"], record["kind"]),
        f"编号 {record['number']}",
        code and f"主体代码 {code}",
        payload.get("task_number") and f"任务 {payload['task_number']}",
        payload.get("inspected_on") and f"检查日期 {payload['inspected_on']}",
        f"{received_at:%Y-%m-%d %H:%M:%S} 收到",
    ]
    title = payload.get("entity_name") or payload.get("title") or record["number"]
    verdict = (
        f"已受理 {record['receipt']}" if accepted else f"未受理：{record['reason']}"
    )
    return (
        f'<article class="{record["status"]}"><h2>{escape(str(title))} '
        f'<span class="tag">{escape(verdict)}</span></h2>{render_items(payload.get("items"))}'
        f'<div class="meta">{escape(" · ".join(str(part) for part in meta if part))}</div>'
        f'<div class="meta">摘要 {escape(record["digest"])}</div></article>'
    )


def render_items(items) -> str:
    if not isinstance(items, list):
        return ""
    lines = [
        f"{item.get('name', '')}：{RESULTS.get(str(item.get('result')), item.get('result', ''))}"
        for item in items
        if isinstance(item, dict)
    ]
    return (
        "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
        if lines
        else ""
    )
