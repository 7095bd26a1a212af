"""Fields that several models of the addon declare in the same way."""

from odoo import api, fields


def company_of(name):
    """Return a ``company_id`` field that follows the record in the field ``name``.

    Until that record is chosen it is the user's current company, not empty as a related field would be:
    the client offers in ``check_company`` relations only what belongs to the form's company.
    """

    @api.depends(f"{name}.company_id")
    def compute(records):
        for record in records:
            record.company_id = record[name].company_id or record.env.company

    return fields.Many2one(
        "res.company", compute=compute, store=True, precompute=True, index=True
    )
