from datetime import date, datetime, time

from freezegun import freeze_time

from ..common import SCAN, SrspCase

TODAY = date(2026, 3, 20)
DEADLINE = date(2026, 3, 31)
APPROVAL = {
    "approval_number": "2026-18",
    "approval_date": date(2026, 3, 18),
    "approval_scan": SCAN,
}


class ListCase(SrspCase):
    """The bureau of SrspCase with the people of the cycle, on Friday 20 March 2026.

    ``policy`` opens and consolidates by role alone; ``chief`` heads the policy division. Surveying has a
    head and an officer; Minerals has no head, but a deputy and a clerk; the detachment has nobody.
    """

    deadline = DEADLINE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.regulations = cls._make_division("Regulations", "FG", kind="policy")
        cls.policy = cls._make_user("policy", "policy_officer")
        cls.chief = cls._make_user("chief", "policy_officer", cls.regulations)
        cls.regulations.manager_id = cls.chief
        cls.head = cls._make_user("head", "division_manager", cls.surveying)
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.surveying.manager_id = cls.head
        cls.deputy = cls._make_user("deputy", "division_manager", cls.minerals)
        cls.clerk = cls._make_user("clerk", "division_officer", cls.minerals)
        cls.administrator = cls._make_user("administrator", "administrator")

    def setUp(self):
        super().setUp()
        self._travel(TODAY)

    def _travel(self, day):
        """Let it be 10 o'clock in Beijing on ``day`` until the test ends, or travels on."""
        freezer = freeze_time(datetime.combine(day, time(2)))
        freezer.start()
        self.addCleanup(freezer.stop)

    def _make_draft(self):
        """A new version of the list in force, opened by the policy officer, without the detachment."""
        version = self.env["srsp.list"]._get_in_force("item", self.company)
        action = version.with_user(self.policy).action_new_version()
        draft = self.env["srsp.list"].with_user(self.policy).browse(action["res_id"])
        self._get_part(draft, self.detachment).unlink()
        return draft

    def _make_open_draft(self):
        draft = self._make_draft()
        draft.deadline = self.deadline
        draft.action_open()
        return draft

    def _get_part(self, draft, division):
        return draft.part_ids.filtered(lambda part: part.division_id == division)

    def _get_line(self, draft, code):
        return draft.item_ids.filtered(lambda item: item.code == code)

    def _hand_in(self, draft):
        self._get_part(draft, self.surveying).with_user(self.head).action_hand_in()
        self._get_part(draft, self.minerals).with_user(self.deputy).action_hand_in()

    def _approve(self, draft, **values):
        """Take a draft from its parts' being open to its approval."""
        if draft.state == "draft":
            self._hand_in(draft)
        draft.action_consolidate()
        draft.write(APPROVAL | values)
        draft.action_approve()

    def _publish(self, draft, **values):
        self._approve(draft, **values)
        draft.action_publish()

    def _get_todo(self, user):
        """What the user has been asked to do: [(record, summary, deadline)], the oldest first."""
        found = self.env["mail.activity"].search(
            [("user_id", "=", user.id)], order="id"
        )
        return [
            (
                self.env[activity.res_model].browse(activity.res_id),
                activity.summary,
                activity.date_deadline,
            )
            for activity in found
        ]
