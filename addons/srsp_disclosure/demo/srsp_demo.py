import datetime

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.srsp_supervision.tools import clock

OPEN_DAYS = 6  # results of the last days are still owed
RECEIPT_DAYS = 3  # calendar days from a result to its receipt
REJECTED = "统一社会信用代码与平台登记信息不一致（演示数据）"


class SrspDemo(models.AbstractModel):
    """The disclosure side of the demonstration: what was published and delivered before today."""

    _inherit = "srsp.demo"

    @api.model
    def _publish_fuzhou(self):
        """Publish what exists with the dates it had then; does nothing where publications exist."""
        publications = self.env["srsp.publication"]
        if publications.search_count([], limit=1):
            return
        addon = self.env["ir.module.module"].search([("name", "=", "srsp_disclosure")])
        addon._update_translations(["zh_CN"])
        publications.with_context(lang="zh_CN", tracking_disable=True)._backfill(
            as_of_then=True
        )
        self._settle_history()

    @api.model
    def _dress_website(self):
        """The supervision pages are the whole website."""
        website = self.env.ref("website.default_website")
        website.write({"name": self.env.company.name, "homepage_url": "/supervision"})
        contact = self.env["website.menu"].search([("url", "=", "/contactus")])
        contact.unlink()

    @api.model
    def _settle_history(self):
        """Older results have their receipts, plainly invented; one was rejected; the newest are owed."""
        deliveries = self.env["srsp.delivery"].with_context(tracking_disable=True)
        since = clock.today() - datetime.timedelta(days=OPEN_DAYS)
        settled = Domain("publication_id.task_id.state", "in", ("done", "disclosed"))
        old = deliveries.search(
            settled | Domain("publication_id.formed_on", "<", since),
            order="deadline, id",
        )
        running = old.filtered_domain(~settled)[-1:]
        for delivery in old - running:
            publication = delivery.publication_id
            received = publication.formed_at + datetime.timedelta(
                days=RECEIPT_DAYS, hours=10
            )
            delivery.write(
                {
                    "state": "accepted",
                    "attempts": 1,
                    "receipt_number": f"DEMO-{publication.number}",
                    "received_at": min(received, fields.Datetime.now()),
                    "next_try_at": False,
                }
            )
        old.publication_id._update_disclosed()
        running.write(
            {
                "state": "rejected",
                "attempts": 1,
                "failed_at": fields.Datetime.now(),
                "reason": REJECTED,
                "next_try_at": False,
            }
        )
        for delivery in running:
            delivery._notify(delivery, "平台退回：核对信用代码后重新报送")
