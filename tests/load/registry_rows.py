"""Rows of a registry for the benchmarks: enterprises with valid credit codes, one target each."""

import csv
import multiprocessing
import random
import threading
from datetime import date
from pathlib import Path

PLACES = ("鼓楼", "台江", "仓山", "马尾", "晋安", "长乐")
TRADES = "测绘地理信息 矿业 石材 海洋工程 地质勘查 土地整理 规划设计 不动产 遥感 渔业".split()
SYLLABLES = (
    "安宝博昌晨诚德东方飞丰福光广海航和恒弘华汇嘉建金锦经景科坤利隆"
    "迈明南宁鹏启庆荣瑞盛顺泰天通伟文祥新兴旭亚阳益永宇源远泽正志中"
)
HEADER = (
    "entity_name kind uscc address legal_representative founded_on registering_authority entity_region"
    " sector name region latitude longitude permit_name permit_number permit_authority permit_granted_on"
    " permit_valid_until risk_class is_key key_reason state"
).split()
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(number):
    body = f"91350100{number:09d}"
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True))
    return body + ALPHABET[-total % 31]


def make_rows(size, sectors):
    """``size`` rows in the order of HEADER, always the same ones, dealt out to ``sectors`` (codes)."""
    pick = random.Random(4)
    for number in range(1, size + 1):
        place, trade = pick.choice(PLACES), pick.choice(TRADES)
        word = "".join(pick.choices(SYLLABLES, k=3))
        is_key = number % 50 == 0
        yield [
            f"福州市{place}区{word}{trade}有限公司",
            "enterprise",
            credit_code(number),
            f"福州市{place}区{pick.choice(SYLLABLES)}{pick.choice(SYLLABLES)}路{number % 999}号",
            f"{pick.choice(SYLLABLES)}{pick.choice(SYLLABLES)}",
            date(1990 + number % 30, 1 + number % 12, 1 + number % 28).isoformat(),
            "福州市市场监督管理局",
            f"{place}区",
            sectors[number % len(sectors)],
            f"{trade}项目{number}",
            f"{place}区",
            f"{25.5 + number % 1000 / 1000:.6f}",
            f"{118.5 + number % 1000 / 1000:.6f}",
            "测绘资质证书",
            f"乙测资字35{number:08d}",
            "福建省自然资源厅",
            date(2021 + number % 4, 1 + number % 12, 1 + number % 28).isoformat(),
            date(2026 + number % 4, 1 + number % 12, 1 + number % 28).isoformat(),
            "ABCD"[number % 4],
            "1" if is_key else "0",
            "上年发现问题" if is_key else "",
            "active",
        ]


def write_csv(path, size, sectors):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(make_rows(size, sectors))


def make_sectors(env, count=1):
    """``count`` divisions with a sector each, a user who keeps all their registries, and the regions of the rows."""
    known = env["srsp.region"].search([("company_id", "=", env.company.id)])
    places = {f"{place}区" for place in PLACES} - set(known.mapped("label"))
    env["srsp.region"].create(
        [
            {"name": name, "code": f"B{number:03d}"}
            for number, name in enumerate(sorted(places))
        ]
    )
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]
    divisions = env["srsp.division"].create(
        [{"name": f"Bench {letter}", "code": f"BENCH-{letter}"} for letter in letters]
    )
    sectors = env["srsp.sector"].create(
        [
            {
                "name": f"Bench {letter}",
                "code": f"BEN{letter}",
                "division_id": division.id,
            }
            for letter, division in zip(letters, divisions, strict=True)
        ]
    )
    return sectors, make_user(env, "keeper", divisions)


def make_user(env, login, divisions):
    return env["res.users"].create(
        {
            "name": login,
            "login": login,
            "group_ids": [(4, env.ref("srsp_supervision.group_division_officer").id)],
            "srsp_division_ids": [(6, 0, divisions.ids)],
        }
    )


def make_import(env, path, user, state="importing", **values):
    """An import of the file at ``path``."""
    record = (
        env["srsp.registry.import"]
        .with_user(user)
        .create({"source": "Bench", **values})
    )
    with open(path, "rb") as file:
        record._set_file(file, path.name)
    record.sudo().state = state
    return record


def tidy(env):
    """Clear away what was rolled back."""
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE srsp_entity, srsp_target, srsp_target_change")
    env.cr._cnx.autocommit = False


def weigh(env, function, *arguments):
    """The most memory (MB) that ``function(env, *arguments)`` takes on top of an Odoo that has done nothing yet.

    Measured in a process of its own, as this one keeps what earlier work took. What the function does to the database
    is taken back.
    """
    env.cr.commit()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_weigh, (env.cr.dbname, function, arguments))


def _weigh(db, function, arguments):
    import odoo
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["-c", "odoo.conf", "-d", db, "--log-level", "warn"])
    done, seen = threading.Event(), []

    def watch():
        while not done.wait(0.02):
            seen.append(_resident())

    with Registry(db).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        seen.append(_resident())
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            function(env, *arguments)
        finally:
            done.set()
            watcher.join()
            cr.rollback()
    return (max(seen) - seen[0]) // 1024


def _resident():
    """Resident memory of this process in KB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")
