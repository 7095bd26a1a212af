import datetime

from odoo import api, models

from ..tools import clock
from .registries import (
    BUREAU,
    DEFINITIONS,
    FURTHER,
    KEY_DELISTINGS,
    KEY_PROPOSALS,
    MARKET,
    MINERALS,
    PLACES,
    PROVINCE,
    SCOPES,
    SEA_USES,
    STATES,
)


class SrspDemo(models.AbstractModel):
    """The registries of the demonstration: what each sector wants to know, and what is missing."""

    _inherit = "srsp.demo"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _date_registries(self):
        result = super()._date_registries()
        self._list_key_targets()
        for name, definition in DEFINITIONS.items():
            sector = self.env.ref(f"srsp_supervision.demo_sector_{name}")
            sector.target_properties_definition = definition
            targets = sector.target_ids.sorted("code")
            for number, target in enumerate(targets):
                prepare = getattr(self, f"_prepare_{name}_vals")
                target.write(self._prepare_place(target, number))
                target.write(prepare(target, number))
            self._describe_entities(targets.entity_id, SCOPES[name])
            self._leave_gaps(targets)
        self._enter_contacts()
        item = self.env.ref("srsp_supervision.demo_item_sur02")
        self.env.ref("srsp_supervision.demo_inspector_cg08").item_ids = item
        return result

    @api.model
    def _enter_contacts(self):
        """Whom to call, what the registrar says, further permits. No telephone number begins like these."""
        tags = [
            self.env.ref(f"srsp_supervision.demo_tag_{name}")
            for name in ("key_project", "nonlocal", "model")
        ]
        targets = self.env["srsp.target"].search(
            [("company_id", "=", self.env.company.id)]
        )
        for number, entity in enumerate(targets.entity_id.sorted("id"), 1):
            is_firm = entity.kind in ("enterprise", "institution")
            entity.write(
                {
                    "contact_name": entity.legal_representative or "演示联系人",
                    "contact_phone": f"0591-0001{number:04d}",
                    "contact_mobile": f"1000001{number:04d}",
                    "supervising_body": f"{entity.region[:-1]}分局（演示）",
                    "registration_state": is_firm
                    and STATES.get(number % 40, "registered"),
                    "tag_ids": [
                        (6, 0, tags[number % 3].ids if number % 5 == 0 else [])
                    ],
                }
            )
        year = clock.today().year
        for number, target in enumerate(targets.sorted("code")[::3], 1):
            target.contact_name = f"现场联系人{number}"
            target.contact_phone = f"1000002{number:04d}"
            for code, permit in FURTHER.items():
                if target.sector_id.code == code:
                    ends = datetime.date(year - 1 + number % 4, 1 + number % 12, 15)
                    vals = {
                        "number": permit["number"] % number,
                        "valid_until": number % 5 and ends,
                    }
                    target.permit_ids = [(0, 0, {**permit, **vals})]

    @api.model
    def _list_key_targets(self):
        """What the divisions proposed half a year ago and the policy division listed."""
        policy = self.env.ref("srsp_supervision.demo_user_policy")
        listings = self.env["srsp.key.target"].search([("state", "=", "proposed")])
        day = self._day(-160)
        for division, proposed in listings.grouped("division_id").items():
            proposed.write(
                {"proposed_by_id": division.manager_id.id, "proposed_on": day}
            )
        listings.with_user(policy).action_approve()
        listings.write({"listed_on": day, "decided_on": day})
        listings.target_id.write({"key_date": day})

    @api.model
    def _propose_key_targets(self):
        """Proposals that wait: by rule, by hand, for delisting; one that was declined and one target delisted."""
        policy = self.env.ref("srsp_supervision.demo_user_policy")
        listings = self.env["srsp.key.target"]
        manager = self.env.ref("srsp_supervision.demo_user_sea_manager")
        listings.with_user(manager).action_propose_by_rule()
        for (code, declined), vals in KEY_PROPOSALS.items():
            target = self.env.ref(f"srsp_supervision.demo_target_{code}")
            user = target.division_id.manager_id
            made = listings.with_user(user).create({"target_id": target.id, **vals})
            if declined:
                made.with_user(policy)._decline(declined)
        for (code, is_decided), reason in KEY_DELISTINGS.items():
            listing = self.env.ref(f"srsp_supervision.demo_key_target_{code}")
            user = listing.division_id.manager_id
            listing.with_user(user)._propose_delisting(reason)
            if is_decided:
                listing.with_user(policy).action_approve()

    @api.model
    def _prepare_place(self, target, number):
        """Coordinates a few kilometres around the county's middle, and where the class comes from."""
        north, east = PLACES[target.region]
        year = clock.today().year
        granted = datetime.date(year - 4 + number % 4, 1 + number % 12, 8)
        source = "manual" if number % 9 == 0 else "import"
        classified = bool(target.risk_class)
        return {
            "latitude": round(north + (number * 0.618 % 1 - 0.5) / 12, 6),
            "longitude": round(east + (number * 0.414 % 1 - 0.5) / 12, 6),
            "permit_granted_on": granted,
            "risk_date": classified and datetime.date(year - 1, 12, 25),
            "risk_source": classified and source,
        }

    @api.model
    def _prepare_survey_vals(self, target, number):
        grade, specialities = target.name.rstrip("）").split("测绘资质（")
        return {
            "permit_name": "测绘资质证书",
            "permit_authority": PROVINCE,
            "properties": {
                "grade": "a" if grade == "甲级" else "b",
                "specialities": specialities,
                "staff": 8 + number * 7 % 40 + (40 if grade == "甲级" else 0),
            },
        }

    @api.model
    def _prepare_mineral_vals(self, target, number):
        exploring = target.permit_number.startswith("T")
        found = [mineral for mineral in MINERALS if mineral in target.name]
        return {
            "permit_name": "矿产资源勘查许可证" if exploring else "采矿许可证",
            "permit_authority": BUREAU,
            "properties": {
                "right": "exploration" if exploring else "mining",
                "mineral": found[0] if found else "",
                "area": round(0.05 + number * 0.037 % 0.9, 3),
                "output": 0 if exploring else 5 + number * 11 % 95,
            },
        }

    @api.model
    def _prepare_sea_vals(self, target, number):
        uses = [use for word, use in SEA_USES.items() if word in target.name]
        return {
            "permit_name": "海域使用权证书",
            "permit_authority": BUREAU,
            "properties": {
                "use": uses[0] if uses else "special",
                "area": round(1.2 + number * 3.7 % 60, 2),
            },
        }

    @api.model
    def _prepare_planning_vals(self, target, number):
        return {
            "permit_name": "建设工程规划许可证",
            "permit_authority": BUREAU,
            "properties": {"floors": 4200 + number * 3700 % 90000},
        }

    @api.model
    def _describe_entities(self, entities, scope):
        """Who registered them and what they do, where the law keeps that of their kind."""
        firms = entities.filtered(
            lambda entity: (
                entity.kind in ("enterprise", "institution")
                and not entity.business_scope
            )
        )
        firms.write({"registering_authority": MARKET, "business_scope": scope})
        for number, entity in enumerate(firms.sorted("id")):
            year, month = 1998 + number * 5 % 24, 1 + number * 7 % 12
            entity.founded_on = datetime.date(year, month, 1 + number * 3 % 28)

    @api.model
    def _leave_gaps(self, targets):
        """What a registry looks like when nobody has gone through it for a while."""
        kept = targets.filtered(lambda t: t.state == "active" and not t.is_key)
        kept[5::37].write({"permit_valid_until": self._day(-20)})
        kept[6::29].write({"permit_valid_until": self._day(33)})
        for target in kept[8::41]:
            target.entity_id.address = False

    @api.model
    def _schedule_activities(self):
        result = super()._schedule_activities()
        self.env.flush_all()
        for name in ("survey", "mineral"):
            self._confirm_registry(name)
        self._propose_key_targets()
        self._age_registry()
        self.env["srsp.division"]._cron_remind_permits()
        self.env["srsp.sector"].search([("active", "=", True)])._count_registry()
        return result

    @api.model
    def _confirm_registry(self, name):
        manager = self.env.ref(f"srsp_supervision.demo_user_{name}_manager")
        sector = self.env.ref(f"srsp_supervision.demo_sector_{name}")
        self.env["srsp.registry.confirmation"].with_user(manager)._confirm(
            sector.with_user(manager)
        )

    @api.model
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
