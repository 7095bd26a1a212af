import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...tools.clock import beijing_date
from ...tools.sql import digest_rows

COUNTS = (
    "target_count complete_count no_risk_count expired_count duplicate_count".split()
)
SNAPSHOT = """
SELECT code, state, coalesce(risk_class, ''), coalesce(permit_number, '') FROM srsp_target
 WHERE sector_id = %s ORDER BY code COLLATE "C"
"""


class SrspRegistryConfirmation(models.Model):
    """A division's word, once a year, that the registry of a sector is as it should be.

    ``digest`` is the SHA-256 of the whole registry at that moment, removed targets too: one line
    ``code TAB state TAB risk class TAB permit LF`` per target in the order of the codes' bytes, UTF-8,
    an absent value empty, and tabs, line breaks and backslashes in a value escaped as PostgreSQL's
    ``COPY`` escapes them. Sealed into the chain. Confirming again in the same year adds a version.
    """

    _name = "srsp.registry.confirmation"
    _description = "Confirmation of a registry"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = ("digest",)
    _order = "year desc, sector_id, version desc"
    _check_company_auto = True

    sector_id = fields.Many2one("srsp.sector", required=True, readonly=True, index=True)
    division_id = fields.Many2one(
        "srsp.division", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    year = fields.Integer(required=True, readonly=True)
    version = fields.Integer(required=True, readonly=True)
    confirmed_by_id = fields.Many2one("res.users", required=True, readonly=True)
    confirmed_on = fields.Datetime(required=True, readonly=True)
    target_count = fields.Integer("Targets", readonly=True)
    complete_count = fields.Integer("Complete", readonly=True)
    no_risk_count = fields.Integer("Without a Risk Class", readonly=True)
    expired_count = fields.Integer("Permits Expired", readonly=True)
    duplicate_count = fields.Integer("Possible Duplicates", readonly=True)
    line_count = fields.Integer(
        "Targets in the Snapshot", readonly=True, help="Including removed targets."
    )
    digest = fields.Char("SHA-256 of the Snapshot", required=True, readonly=True)

    _version_uniq = models.UniqueIndex("(sector_id, year, version)")

    @api.depends("sector_id", "year", "version")
    def _compute_display_name(self):
        for record in self:
            version = f"{record.year}.{record.version}"
            record.display_name = f"{record.sector_id.name} {version}"

    def _confirm(self, sector):
        """Confirm the registry of ``sector`` as it stands now: the new confirmation.

        :raise AccessError: unless the user manages the sector's division
        """
        self._check_manager(sector)
        now = fields.Datetime.now()
        year = beijing_date(now).year
        sector._count_registry()
        health = self.env["srsp.registry.health"].sudo().browse(sector.id)
        digest = hashlib.sha256()
        lines = digest_rows(self.env.cr, SQL(SNAPSHOT, sector.id), digest)
        this_year = [("sector_id", "=", sector.id), ("year", "=", year)]
        earlier = self.sudo().search(this_year, limit=1)
        record = self.sudo().create(
            {
                "sector_id": sector.id,
                "division_id": sector.division_id.id,
                "company_id": sector.company_id.id,
                "year": year,
                "version": earlier.version + 1,
                "confirmed_by_id": self.env.uid,
                "confirmed_on": now,
                "line_count": lines,
                "digest": digest.hexdigest(),
                **{name: health[name] for name in COUNTS},
            }
        )
        names = {
            "sector": sector.code,
            "division": sector.division_id.name,
            "confirmed_by": self.env.user._srsp_get_signature(sector.company_id),
        }
        self.env["srsp.event"]._seal_state(record, "registry.confirmed", **names)
        return record.with_env(self.env)

    def _check_manager(self, sector):
        manages = self.env.user.has_group("srsp_supervision.group_division_manager")
        own = sector.division_id in self.env.user.srsp_division_ids
        if not self.env.su and not (manages and own):
            message = self.env._(
                "Only a manager of %(division)s confirms the registry of %(sector)s.",
                division=sector.sudo().division_id.name,
                sector=sector.sudo().name,
            )
            raise AccessError(message)

    def _prepare_seal(self):
        return {
            "year": self.year,
            "version": self.version,
            "confirmed_on": fields.Datetime.to_string(self.confirmed_on),
            "counts": {name: self[name] for name in (*COUNTS, "line_count")},
            "digest": self.digest,
        }

    def _check_evidence(self, vals=None):
        changed = self.env._("A confirmation never changes: confirm again.")
        deleted = self.env._("A confirmation is never deleted.")
        raise UserError(deleted if vals is None else changed)
