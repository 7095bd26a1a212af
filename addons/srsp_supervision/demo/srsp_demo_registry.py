import datetime

from markupsafe import Markup

from odoo import models

from ..tools import clock


class SrspDemo(models.AbstractModel):
    """The registries of the demonstration: what depends on the day, and what people proposed and confirmed."""

    _inherit = "srsp.demo"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _date_registries(self):
        bureau = [("company_id", "=", self.env.company.id)]
        targets = self.env["srsp.target"].search(bureau, order="code")
        self._date_permits(targets)
        self._translate_notes()
        self._list_key_targets()
        for sector_targets in targets.grouped("sector_id").values():
            self._date_targets(sector_targets)
            self._leave_gaps(sector_targets)
        self._ref("inspector_cg08").item_ids = self._ref("item_sur02")

    def _date_permits(self, targets):
        """Permits that run out over the coming years."""
        year = clock.today().year
        gone = targets.filtered(lambda target: target.state == "cancelled")
        gone.permit_valid_until = datetime.date(year - 1, 12, 31)
        for part in range(4):
            until = datetime.date(year + 1 + part, 6 + 2 * part, 30)
            (targets - gone)[part::4].permit_valid_until = until
        for number, target in enumerate(targets[::3], 1):
            until = datetime.date(year - 1 + number % 4, 1 + number % 12, 15)
            target.permit_ids.valid_until = number % 5 and until

    def _translate_notes(self):
        """That records were entered, as the bureau's people read it: the data files were loaded in English."""
        notes = self.env["mail.message"].search(
            [("model", "=like", "srsp.%"), ("body", "=like", "<span>%</span>")]
        )
        for model, said in notes.grouped("model").items():
            record = self.env[model].browse(said[0].res_id)
            said.body = Markup("<span>%s</span>") % record._creation_message()

    def _list_key_targets(self):
        """What the divisions proposed half a year ago and the policy division listed."""
        listings = self.env["srsp.key.target"].search([("state", "=", "proposed")])
        day = self._day(-160)
        for division, proposed in listings.grouped("division_id").items():
            proposed.write(
                {"proposed_by_id": division.manager_id.id, "proposed_on": day}
            )
        listings.with_user(self._ref("user_policy")).action_approve()
        listings.write({"listed_on": day, "decided_on": day})
        listings.target_id.write({"key_date": day})

    def _date_targets(self, targets):
        """When the permits of a sector were granted and its targets classified."""
        year = clock.today().year
        for number, target in enumerate(targets):
            granted = datetime.date(year - 4 + number % 4, 1 + number % 12, 8)
            target.permit_granted_on = granted
            if target.risk_class:
                target.risk_date = datetime.date(year - 1, 12, 25)
                target.risk_source = "import" if number % 9 else "manual"

    def _leave_gaps(self, targets):
        """What a registry looks like when nobody has gone through it for a while."""
        kept = targets.filtered(lambda t: t.state == "active" and not t.is_key)
        kept[5::37].permit_valid_until = self._day(-20)
        kept[6::29].permit_valid_until = self._day(33)

    def _schedule_activities(self):
        result = super()._schedule_activities()
        self.env.flush_all()
        for name in ("survey", "mineral"):
            manager = self._ref(f"user_{name}_manager")
            sector = self._ref(f"sector_{name}").with_user(manager)
            self.env["srsp.registry.confirmation"].with_user(manager)._confirm(sector)
        self._propose_key_targets()
        self._age_registry()
        self.env["srsp.division"]._cron_remind_permits()
        self.env["srsp.sector"].search([("active", "=", True)])._count_registry()
        return result

    def _propose_key_targets(self):
        """Proposals that wait: by rule, by hand, for delisting; one that was declined and one target delisted."""
        policy, manager = self._ref("user_policy"), self._ref("user_sea_manager")
        self.env["srsp.key.target"].with_user(manager).action_propose_by_rule()
        self._propose(
            "sur_014",
            for_complaints=True,
            reason="今年以来收到两件实名投诉，反映成果质量问题",
        )
        late = self._propose(
            "min_003", for_other=True, reason="上一年度信息公示逾期 5 日"
        )
        late.with_user(policy)._decline(
            "仅有一次逾期公示且已补报，不足以列为重点，按风险分类抽查"
        )
        self._propose_delisting("min_016", "已按期公示并连续两年核查无异常")
        delisted = self._propose_delisting("pln_010", "投诉事项经核查不属实")
        delisted.with_user(policy).action_approve()

    def _propose(self, name, **vals):
        target = self._ref(f"target_{name}")
        listings = self.env["srsp.key.target"].with_user(target.division_id.manager_id)
        return listings.create({"target_id": target.id, **vals})

    def _propose_delisting(self, name, reason):
        listing = self._ref(f"key_target_{name}")
        manager = listing.division_id.manager_id
        listing.with_user(manager)._propose_delisting(reason)
        return listing

    def _age_registry(self):
        """Nobody has touched some targets and their entities for fourteen months, as far as the database remembers."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE srsp_target SET write_date = write_date - interval '14 months' WHERE id % 23 = 0;
            UPDATE srsp_entity SET write_date = write_date - interval '14 months'
             WHERE id IN (SELECT entity_id FROM srsp_target WHERE id % 23 = 0)
            """
        )
        self.env.invalidate_all()
