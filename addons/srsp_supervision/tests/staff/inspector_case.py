from freezegun import freeze_time

from odoo.fields import Domain

from ..common import NOW, SrspCase


class InspectorCase(SrspCase):
    """The bureau of SrspCase on 20 March 2026: Surveying and the policy division have heads, SV-01 a login."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = cls._make_user("head", "division_manager", cls.surveying)
        cls.policy = cls._make_user("policy", "policy_officer")
        cls.user = cls._make_user("sv01", "inspector", cls.surveying)
        cls.surveying.manager_id = cls.head
        cls._make_division("Policy", "PO", kind="policy").manager_id = cls.policy
        cls.inspector = cls.officers[0]
        cls.inspector.user_id = cls.user
        cls.entity = cls.targets[0].entity_id

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(NOW))

    def _get_eligible(self, task):
        inspectors = self.env["srsp.inspector"]
        return inspectors.search(inspectors._get_eligible_domain(task))

    def _declare(self, model, user=None, **vals):
        vals.setdefault("inspector_id", self.inspector.id)
        if model == "srsp.recusal":
            vals = {"entity_id": self.entity.id, "reason": "Sister"} | vals
        return self.env[model].with_user(user or self.user).create(vals)

    def _get_bound(self, task):
        """[(inspector, entity)] that the draw of ``task`` would keep apart."""
        recusals = self.env["srsp.recusal"]
        binding = recusals._get_binding_domain(task.date_from, task.date_to)
        found = recusals.search(
            binding & Domain("inspector_id", "in", self.officers.ids)
        )
        return [(recusal.inspector_id, recusal.entity_id) for recusal in found]
