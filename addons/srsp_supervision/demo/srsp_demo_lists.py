import base64
import contextlib
import datetime

from odoo import api, models
from odoo.tools import file_open

from ..tools import clock
from .list_cycle import MINERAL, MOVED, PURPOSE, RETURN_REASON, SEA, SURVEY
from .scenes import DRAW_TIME

THREADS = ("srsp.list", "srsp.list.part")
APPROVAL_NUMBERS = {"item": "9043", "duty": "9044"}


class SrspDemo(models.AbstractModel):
    """The lists of the demonstration: the versions in force, and the next one on its way."""

    _inherit = "srsp.demo"  # pylint: disable=consider-merging-classes-inherited

    # The versions in force -----------------------------------------------------------------------

    @api.model
    def _publish_lists(self):
        """Take version 1 of both lists through the cycle, as of half a year ago; returns them."""
        story = self.with_context(tracking_disable=False)
        lists = story.env["srsp.list"]
        for kind in APPROVAL_NUMBERS:
            lists |= story.env.ref(f"srsp_supervision.demo_list_{kind}")
        lists = lists.with_user(story._user("policy")).sudo()
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
            self._record_approval(lists)
            lists.action_approve()
        with story._as_of(-160):
            lists.effective_date = self._day(-160)
            lists.action_publish()
            lists.published_on = self._day(-160)
        return lists.with_env(self.env)

    @api.model
    def _record_approval(self, lists):
        approved = self._day(-165)
        lists.write({"approval_date": approved, "approval_scan": self._scan()})
        for version in lists:
            number = APPROVAL_NUMBERS[version.kind]
            version.approval_number = f"榕审改办〔{approved.year}〕{number}号"

    @api.model
    def _scan(self):
        """The approval document of the demonstration, as a binary field wants it."""
        with file_open("srsp_supervision/demo/approval.pdf", "rb") as scan:
            return base64.b64encode(scan.read())

    # The version on its way ----------------------------------------------------------------------

    @api.model
    def _run_list_cycle(self):
        """Version 2 of the item list: one part handed in, one sent back, two still being edited."""
        story = self.with_context(tracking_disable=False)
        version = story._open_version(-8)
        story._edit(version, -7, "policy", MOVED)
        story._edit(version, -6, "survey_officer", SURVEY)
        story._hand_in(story._get_part(version, "survey"), -5)
        story._edit(version, -5, "sea_manager", SEA)
        part = story._get_part(version, "sea")
        story._hand_in(part, -4)
        story._edit(version, -2, "mineral_officer", MINERAL)
        with story._as_of(-1):
            part.with_user(story._user("policy"))._return(RETURN_REASON)
        story.env["srsp.list"]._cron_daily()

    @api.model
    def _open_version(self, offset):
        """Version 2, called ``offset`` days from today; a reminder of its deadline is due today."""
        policy = self._user("policy")
        lists = self.env["srsp.list"].with_user(policy)
        current = self.env.ref("srsp_supervision.demo_list_item").with_user(policy)
        rulebook = self.env["srsp.rulebook"]._find_in_force(current.company_id)
        today = clock.today()
        soon = today + datetime.timedelta(days=rulebook.reminder_days)
        with self._as_of(offset):
            version = lists.browse(current.action_new_version()["res_id"])
        with self._as_of(offset):
            version.write({"purpose": PURPOSE, "deadline": min(self._day(2), soon)})
            version.action_open()
            version.sudo().opened_on = self._moment(offset)
        return version

    @api.model
    def _edit(self, version, offset, login, changes):
        """Let a user make ``changes`` ({code: values, None to retire}); an unknown code is a new item."""
        user = self._user(login)
        items = self.env["srsp.item"].with_user(user)
        with self._as_of(offset):
            for code, change in changes.items():
                key = [("list_id", "=", version.id), ("code", "=", code)]
                item = items.search(key)
                if change is None:
                    item.unlink()
                elif item:
                    item.write(self._prepare_item_vals(change))
                else:
                    vals = self._prepare_item_vals(change)
                    items.create({"list_id": version.id, "code": code, **vals})

    @api.model
    def _prepare_item_vals(self, change):
        """``change`` with the records that its short names stand for."""
        vals = dict(change)
        for name in ("division", "sector"):
            if name in vals:
                record = self.env.ref(f"srsp_supervision.demo_{name}_{vals.pop(name)}")
                vals[f"{name}_id"] = record.id
        if "bases" in vals:
            names = vals.pop("bases")
            bases = [self.env.ref(f"srsp_supervision.demo_basis_{n}") for n in names]
            vals["legal_basis_ids"] = [(6, 0, [basis.id for basis in bases])]
        if "methods" in vals:
            names = vals.pop("methods")
            methods = [self.env.ref(f"srsp_supervision.method_{n}") for n in names]
            vals["method_ids"] = [(6, 0, [method.id for method in methods])]
        return vals

    @api.model
    def _hand_in(self, part, offset):
        with self._as_of(offset):
            part.with_user(part.division_id.manager_id).action_hand_in()
            part.handed_in_on = self._moment(offset)

    @api.model
    def _get_part(self, version, division):
        owner = self.env.ref(f"srsp_supervision.demo_division_{division}")
        parts = self.env["srsp.list.part"].search([("list_id", "=", version.id)])
        return parts.filtered(lambda part: part.division_id == owner)

    @api.model
    def _user(self, login):
        return self.env.ref(f"srsp_supervision.demo_user_{login}")

    # Time ----------------------------------------------------------------------------------------

    @api.model
    def _moment(self, offset):
        """Half past nine in Fuzhou (UTC, naive) on the working day ``offset`` days from today."""
        return datetime.datetime.combine(self._day(offset), DRAW_TIME)

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
