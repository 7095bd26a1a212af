import datetime

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import mute_logger

from odoo.addons.srsp_supervision.models.base.silence import SILENT
from odoo.addons.srsp_supervision.tools import clock

OPEN_DAYS = 6  # results of the last days are still owed
RECEIPT_TIME = datetime.timedelta(days=3, hours=10)  # from a result to its receipt
HEAD_DAYS, HEAD_TIME = 5, datetime.timedelta(hours=1)
HEAD_RECIPIENT = "auditor@example.com"
REJECTED = "统一社会信用代码与平台登记信息不一致（演示数据）"


class SrspDemo(models.AbstractModel):
    """The disclosure side of the demonstration: what was published and delivered before today."""

    _inherit = "srsp.demo"

    @api.model
    def _load_disclosure_chinese(self):
        """Load the addon's own Chinese, which is otherwise loaded after the demonstration."""
        addon = self.env["ir.module.module"].search([("name", "=", "srsp_disclosure")])
        addon._update_translations(["zh_CN"])

    @api.model
    def _publish_fuzhou(self):
        """Publish what exists with the dates it had then; do nothing if there are publications."""
        publications = self.env["srsp.publication"]
        if publications.search_count([], limit=1):
            return
        publications.with_context(lang="zh_CN", tracking_disable=SILENT)._backfill(
            as_of_then=True
        )
        self._settle_history()
        self._send_heads()

    @api.model
    def _settle_history(self):
        """Give the older results invented receipts, and reject one; the newest are not delivered yet."""
        deliveries = self.env["srsp.delivery"].with_context(tracking_disable=SILENT)
        now = fields.Datetime.now()
        since = clock.today() - datetime.timedelta(days=OPEN_DAYS)
        settled = Domain("publication_id.task_id.state", "in", ("done", "disclosed"))
        old = deliveries.search(
            settled | Domain("publication_id.formed_on", "<", since)
        )
        rejected = old.filtered_domain(~settled)[-1:]
        old.write({"attempts": 1, "next_try_at": False})
        for delivery in old - rejected:
            publication = delivery.publication_id
            delivery.write(
                {
                    "state": "accepted",
                    "receipt_number": f"DEMO-{publication.number}",
                    "received_at": min(publication.formed_at + RECEIPT_TIME, now),
                }
            )
        old.publication_id._update_disclosed()
        rejected.write({"state": "rejected", "failed_at": now, "reason": REJECTED})
        for delivery in rejected:
            summary = "平台退回：核对信用代码后重新报送"
            with mute_logger(
                "odoo.addons.srsp_disclosure.models.delivery.srsp_channel"
            ):
                delivery.channel_id._notify(delivery, summary, REJECTED)

    @api.model
    def _send_heads(self):
        """Record heads of the chain as if they had been sent on the last days; today's is the scheduled action's."""
        company = self.env.ref("base.main_company")
        for days in range(HEAD_DAYS, 0, -1):
            day = clock.today() - datetime.timedelta(days=days)
            sent_at = clock.beijing_midnight(day) + HEAD_TIME
            self.env["srsp.chain.head"]._record(
                company, event_at=sent_at, sent_at=sent_at, recipients=HEAD_RECIPIENT
            )
