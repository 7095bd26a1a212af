"""A small bureau of its own company, whose lists, draws and results the tests publish."""

import datetime
from base64 import b64encode

from odoo import Command
from odoo.tests import TransactionCase

from odoo.addons.srsp_supervision.models.base.silence import SILENT

LOCK = datetime.datetime(2025, 9, 1, 1, 30)
DRAW = datetime.datetime(2025, 9, 2, 1, 30)
VISIT = datetime.date(2025, 9, 20)
NAMES = ("甲", "乙", "丙", "丁", "戊", "己")


class Bureau:
    """Mixed into a test case: ``cls.make_bureau()`` in ``setUpClass``, then the steps of the chain."""

    @classmethod
    def make_bureau(cls):
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=SILENT))
        cls.company = cls.env["res.company"].create(
            {
                "name": "测试局",
                "srsp_area_code": "350199",
                "srsp_language": "en_US",
            }
        )
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids)
        )
        cls.company = cls.company.with_env(cls.env)
        cls.env["srsp.rulebook"].create(
            {"name": "测试细则", "effective_date": "2020-01-01"}
        )._publish()
        cls.division = cls.env["srsp.division"].create({"name": "测管处", "code": "CG"})
        cls.sector = cls.env["srsp.sector"].create(
            {"name": "测绘", "code": "CH", "division_id": cls.division.id}
        )
        cls.make_registries()

    @classmethod
    def make_registries(cls):
        cls.entities = cls.env["srsp.entity"].create(
            [{"name": f"{name}测绘有限公司"} for name in NAMES]
        )
        cls.env["srsp.target"].create(
            [{"entity_id": e.id, "sector_id": cls.sector.id} for e in cls.entities]
        )
        cls.env["srsp.inspector"].create(
            [
                {
                    "name": f"检查员{number}",
                    "staff_number": f"CG0{number}",
                    "division_id": cls.division.id,
                    "sector_ids": [Command.set(cls.sector.ids)],
                    "certificate_number": f"35-{number}",
                    "certificate_valid_until": "2099-12-31",
                }
                for number in range(1, 5)
            ]
        )

    @classmethod
    def publish_list(cls, **vals):
        record = cls.env["srsp.list"].create(
            {
                "kind": "item",
                "approval_number": "榕审改〔2025〕1号",
                "approval_date": "2025-01-10",
                "approval_scan": b64encode(b"scan"),
                "deadline": "2099-01-01",
                "item_ids": [
                    Command.create(
                        {
                            "code": "CH01",
                            "name": "测绘资质巡查",
                            "legal_basis_ids": [
                                Command.create(
                                    {"title": "测绘法", "article": "第五十三条"}
                                )
                            ],
                            "sector_id": cls.sector.id,
                            "division_id": cls.division.id,
                            "inspecting_body": "测试局",
                            "target": "测绘资质单位",
                            "content": "资质条件",
                            "standard": "对照资质标准",
                            "method_ids": [
                                Command.link(
                                    cls.env.ref("srsp_supervision.method_on_site").id
                                )
                            ],
                            **vals,
                        }
                    )
                ],
            }
        )
        return cls.take_through(record)

    @classmethod
    def take_through(cls, record):
        """Publish a draft of a list that has its deadline and its approval."""
        record.action_open()
        record.part_ids.action_hand_in()
        for step in ("consolidate", "approve", "publish"):
            getattr(record, f"action_{step}")()
        return record

    @classmethod
    def publish_plan(cls, item_list):
        plan = cls.env["srsp.plan"].create(
            {"division_id": cls.division.id, "year": 2025}
        )
        plan.action_generate()
        for step in ("submit", "consolidate", "publish"):
            getattr(plan, f"action_{step}")()
        return plan

    @classmethod
    def make_task(cls, **vals):
        """A task of the list's first item, announced for ``DRAW``."""
        items = cls.env["srsp.list"]._get_in_force("item", cls.company).item_ids
        task = cls.env["srsp.task"].create(
            {
                "name": "测绘资质巡查",
                "division_id": cls.division.id,
                "sector_id": cls.sector.id,
                "item_ids": [Command.set(items.ids)],
                "ratio": 0.3,
                "date_from": "2025-09-03",
                "date_to": "2025-12-31",
                "draw_at": DRAW,
                "lock_at": LOCK,
                "approval_state": "approved",
                **vals,
            }
        )
        task.announced_on = LOCK
        return task

    @classmethod
    def draw(cls, task):
        task._lock_roster(now=LOCK)
        task.draw_id._draw(now=DRAW)
        return task.draw_id

    @classmethod
    def close(cls, visit, date, **line):
        """Take a visit to its end; the result is formed on ``date``."""
        visit.scheduled_date = VISIT
        visit.action_schedule()
        visit.action_start()
        visit.started_at = datetime.datetime.combine(VISIT, datetime.time(2))
        visit.line_ids.write({"result": "1", "facts": "现场检查未发现问题", **line})
        visit.action_record()
        visit.confirmed_by_id = visit.officer_ids.user_id[:1]
        visit.record_scan = b64encode(b"signed record")
        visit.action_review()
        visit._close(date)
        return cls.publications_of(visit)

    @classmethod
    def publications_of(cls, record, *kinds):
        domain = [("res_model", "=", record._name), ("res_id", "in", record.ids)]
        if kinds:
            domain.append(("kind", "in", kinds))
        return cls.env["srsp.publication"].search(domain, order="id")


class BureauCase(Bureau, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
