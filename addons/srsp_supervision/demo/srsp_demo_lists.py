import contextlib
import datetime

from odoo import models
from odoo.fields import Command

from ..tools import clock
from .srsp_demo import read_binary, read_json

THREADS = ("srsp.list", "srsp.list.part")
APPROVAL_NUMBERS = {"item": "9043", "duty": "9044"}


class SrspDemo(models.AbstractModel):
    """The lists of the demonstration: the versions in force, and the next one on its way."""

    _inherit = "srsp.demo"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    # The versions in force -----------------------------------------------------------------------

    def _publish_lists(self):
        """Take version 1 of both lists through the cycle, as of half a year ago; returns them."""
        story = self.with_context(tracking_disable=False)
        lists = story._ref("list_item") | story._ref("list_duty")
        lists = lists.with_user(story._ref("user_policy")).sudo()
        lists._compute_name()
        (lists.message_ids | lists.part_ids.message_ids).date = self._moment(-180)
        with story._as_of(-180):
            lists.deadline = clock.today()
            lists.action_open()
            lists.write({"deadline": self._day(-168), "opened_on": self._moment(-180)})
        for part in lists.part_ids:
            story._hand_in(part, -170)
        with story._as_of(-168):
            lists.action_consolidate()
        with story._as_of(-165):
            approved, scan = self._day(-165), read_binary("approval.pdf")
            lists.write({"approval_date": approved, "approval_scan": scan})
            for version in lists:
                number = APPROVAL_NUMBERS[version.kind]
                version.approval_number = f"榕审改办〔{approved.year}〕{number}号"
            lists.action_approve()
        with story._as_of(-160):
            lists.effective_date = self._day(-160)
            lists.action_publish()
            lists.published_on = self._day(-160)
        return lists.with_env(self.env)

    # The version on its way ----------------------------------------------------------------------

    def _run_list_cycle(self):
        """Version 2 of the item list: one part handed in, one sent back, two still being edited."""
        story = self.with_context(tracking_disable=False)
        cycle = read_json("list_cycle")
        version = story._open_version(-8, cycle["purpose"])
        story._edit(version, -7, "policy", cycle["moved"])
        story._edit(version, -6, "survey_officer", cycle["survey"])
        story._hand_in(story._get_part(version, "survey"), -5)
        story._edit(version, -5, "sea_manager", cycle["sea"])
        part = story._get_part(version, "sea")
        story._hand_in(part, -4)
        story._edit(version, -2, "mineral_officer", cycle["mineral"])
        with story._as_of(-1):
            part.with_user(story._ref("user_policy"))._return(cycle["return_reason"])
        story.env["srsp.list"]._cron_daily()

    def _open_version(self, offset, purpose):
        """Version 2, called ``offset`` days from today; a reminder of its deadline is due today."""
        current = self._ref("list_item").with_user(self._ref("user_policy"))
        rulebook = self.env["srsp.rulebook"]._find_in_force(current.company_id)
        soon = clock.today() + datetime.timedelta(days=rulebook.reminder_days)
        with self._as_of(offset):
            version = current.browse(current.action_new_version()["res_id"])
        with self._as_of(offset):
            version.write({"purpose": purpose, "deadline": min(self._day(2), soon)})
            version.action_open()
            version.sudo().opened_on = self._moment(offset)
        return version

    def _edit(self, version, offset, login, changes):
        """Let a user make ``changes`` ({code: values, None to retire}); an unknown code is a new item."""
        items = self.env["srsp.item"].with_user(self._ref(f"user_{login}"))
        with self._as_of(offset):
            for code, change in changes.items():
                item = items.search([("list_id", "=", version.id), ("code", "=", code)])
                if change is None:
                    item.unlink()
                    continue
                vals = self._prepare_item_vals(change)
                if item:
                    item.write(vals)
                else:
                    items.create({"list_id": version.id, "code": code, **vals})

    def _prepare_item_vals(self, change):
        """``change`` with ids in place of the names of records."""
        vals = dict(change)
        for name in ("division_id", "sector_id", "legal_basis_ids", "method_ids"):
            if name in vals:
                value = vals[name]
                names = [value] if isinstance(value, str) else value
                ids = [self.env.ref(f"srsp_supervision.{each}").id for each in names]
                vals[name] = ids[0] if isinstance(value, str) else [Command.set(ids)]
        return vals

    def _hand_in(self, part, offset):
        with self._as_of(offset):
            part.with_user(part.division_id.manager_id).action_hand_in()
            part.handed_in_on = self._moment(offset)

    def _get_part(self, version, division):
        owner = self._ref(f"division_{division}")
        key = [("list_id", "=", version.id), ("division_id", "=", owner.id)]
        return self.env["srsp.list.part"].search(key)

    @contextlib.contextmanager
    def _as_of(self, offset):
        """What is said about the lists in this block was said ``offset`` days from today."""
        messages = self.env["mail.message"].sudo()
        last = messages.search([], order="id desc", limit=1).id
        yield
        self.env.flush_all()
        self.env.cr.precommit.run()  # what was tracked becomes messages
        said = messages.search([("id", ">", last), ("model", "in", THREADS)])
        said.date = self._moment(offset)
