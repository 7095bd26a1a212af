"""Field classes and field factories that the models of this addon share."""

import re

from odoo import api, fields
from odoo.fields import Domain
from odoo.tools import SQL

from .tools.names import canonical

_TYPED = ("ilike", "not ilike", "like", "not like")
_PATTERNS = ("ilike", "like", "=ilike", "=like")
_WILDCARDS = re.compile(r"[%_\\]+")
_TWO_CHINESE = re.compile("[\u4e00-\u9fff]{2}")
_NOT_CHINESE = re.compile(r"[^\u4e00-\u9fff]+")


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


def current_company(**options):
    """Return a required ``company_id`` field that is the user's current company by default."""
    return fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, **options
    )


def planning_division():
    """Return the ``division_id`` field of what a division plans: one of those for which the user plans."""
    return fields.Many2one(
        "srsp.division",
        required=True,
        index=True,
        check_company=True,
        default=lambda self: self.env["srsp.division"]._find_own(),
        domain=lambda self: list(self.env["srsp.division"]._get_planning_domain()),
    )


def selection_of(model, name):
    """Return a ``selection`` argument: what the field ``name`` of ``model`` offers, with what other addons add."""
    return lambda self: self.env[model]._fields[name]._description_selection(self.env)


class UnconstrainedMany2one(fields.Many2one):
    """A Many2one without a foreign key, which would take longer to check than the rows of a draw take to write.

    The record it points at cannot be deleted: its model forbids that, or the column it was copied from has such a key.
    """

    def update_db_foreign_key(self, model, column):
        pass


class PrivateOne2many(fields.One2many):
    """A One2many on which a search, too, reveals only the records that the user may read.

    Odoo's own field looks at all records when it is searched by ids, or for whether there are any.
    """

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        def find(operator, domain):
            return super(PrivateOne2many, self).condition_to_sql(
                field_expr, operator, domain, model, alias, query
            )

        if operator not in ("in", "not in"):
            return find(operator, value)
        parts = [find("any", Domain("id", "in", set(value) - {False}))]
        if False in value:
            parts.append(find("not any", Domain.TRUE))
        found = SQL("(%s)", SQL(" OR ").join(parts))
        return found if operator == "in" else SQL("NOT %s", found)


class BigramChar(fields.Char):
    """A name in its one spelling, searched for fragments of two characters and more by an index over ``srsp_bigrams``.

    Trigrams need three characters, but enterprises are looked up by two. A search for one character reads every name.
    """

    def convert_to_cache(self, value, record, validate=True):
        value = super().convert_to_cache(value, record, validate)
        return canonical(value) if value and validate else value

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        if operator in _TYPED and field_expr == self.name:
            value = canonical(value)
        condition = super().condition_to_sql(
            field_expr, operator, value, model, alias, query
        )
        if field_expr != self.name or operator not in _PATTERNS:
            return condition
        # With unaccent, other letters than Chinese ones may stand for each other.
        parts = (_NOT_CHINESE if model.pool.has_unaccent else _WILDCARDS).split(
            str(value)
        )
        column = SQL.identifier(alias, self.name)
        held = [
            SQL("srsp_bigrams(%s) @> srsp_bigrams(%s)", column, part)
            for part in parts
            if len(part) > 1
        ]
        if operator in ("ilike", "like") and _TWO_CHINESE.fullmatch(str(value)):
            return SQL("(%s)", held[0])  # the index says it all
        return SQL("(%s)", SQL(" AND ").join([*held, condition])) if held else condition
