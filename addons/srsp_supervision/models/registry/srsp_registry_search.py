import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...fields import BigramChar

# Every two characters that follow each other. Immutable, so that an index can hold them; a loop takes a third of the
# time of a query.
BIGRAMS = """
CREATE OR REPLACE FUNCTION srsp_bigrams(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    small text := lower(value);
    found text[] := '{}';
BEGIN
    FOR place IN 1 .. length(small) - 1 LOOP
        found[place] := substr(small, place, 2);
    END LOOP;
    RETURN found;
END
$$
"""
# The same number for two spellings of a name: blanks, brackets, dots and capitals do not count.
NAME_KEY = """
ALTER TABLE srsp_entity ADD COLUMN IF NOT EXISTS name_key bigint GENERATED ALWAYS AS (
    hashtextextended(lower(translate(name, E' \\u3000()（）·.', '') COLLATE "C"), 0)) STORED;
CREATE INDEX IF NOT EXISTS srsp_entity_name_key ON srsp_entity (name_key)
"""
LOCALE = """
SELECT datctype, upper('é') = 'É' AND pg_encoding_to_char(encoding) = 'UTF8'
  FROM pg_database WHERE datname = current_database()
"""


class SrspEntity(models.Model):
    _inherit = "srsp.entity"

    name = BigramChar()

    _name_bigrams = models.Index("USING gin (srsp_bigrams(name))")
    _name_order = models.Index("(name, id)")  # the list's first page

    def _auto_init(self):
        self._check_locale()
        self.env.cr.execute(BIGRAMS)
        return super()._auto_init()

    def init(self):
        self.env.cr.execute(NAME_KEY)

    def _check_locale(self):
        """Raise where the database takes Chinese characters for no letters at all."""
        self.env.cr.execute(LOCALE)
        [locale, is_able] = self.env.cr.fetchone()
        if not is_able:
            raise UserError(
                self.env._(
                    "This database cannot handle Chinese text (locale %(locale)s): create it in UTF-8 with the"
                    " character type C.UTF-8, or another UTF-8 locale.",
                    locale=locale,
                )
            )

    @api.model
    def _search_display_name(self, operator, value):
        if not _is_typed(operator, value):
            return super()._search_display_name(operator, value)
        every = self.sudo().with_context(active_test=False)
        named = every._search(Domain("name", operator, value.strip()))
        coded = every._search(Domain("code", "=like", _prefix(value)))
        # With OR, PostgreSQL cuts every name it finds into its bigrams once more.
        return Domain("id", "in", SQL("(%s UNION %s)", named.select(), coded.select()))


class SrspTarget(models.Model):
    _inherit = "srsp.target"

    name = BigramChar()
    permit_number = BigramChar()

    _name_bigrams = models.Index("USING gin (srsp_bigrams(name))")
    _permit_bigrams = models.Index("USING gin (srsp_bigrams(permit_number))")
    # A division's registry in the order of the list.
    _division_code = models.Index("(division_id, code)")

    @api.model
    def _search_display_name(self, operator, value):
        """Targets by a fragment of their own name, their entity's or a permit number, or the beginning of a code.

        A union of searches that each have an index: PostgreSQL finds none for an OR over two tables.
        """
        if not _is_typed(operator, value):
            return super()._search_display_name(operator, value)
        every = self.sudo().with_context(active_test=False)
        entities = self.env["srsp.entity"].sudo().with_context(active_test=False)
        named = entities._search(Domain("display_name", operator, value))
        further = self.env["srsp.target.permit"].sudo()
        further = further._search(Domain("number", operator, value.strip()))
        parts = [
            every._search(domain).select()
            for domain in (
                Domain("entity_id", "in", named),
                Domain("code", "=like", _prefix(value)),
                Domain("name", operator, value.strip()),
                Domain("permit_number", operator, value.strip()),
            )
        ]
        parts.append(further.subselect("target_id"))
        # As an array, or PostgreSQL expects so many of a fragment it has never met that it reads the whole table.
        found = SQL("(SELECT unnest(ARRAY(%s)))", SQL(" UNION ").join(parts))
        return Domain("id", "in", found)


class SrspTargetPermit(models.Model):
    _inherit = "srsp.target.permit"

    number = BigramChar()

    _number_bigrams = models.Index("USING gin (srsp_bigrams(number))")


def _is_typed(operator, value):
    """Whether somebody looks for what he typed, rather than for what is not or for a list of names."""
    return operator in ("ilike", "like") and isinstance(value, str) and value.strip()


def _prefix(value):
    """A pattern for what begins with ``value``; codes are written in capitals."""
    escaped = re.sub(r"([%_\\])", r"\\\1", value.strip().upper())
    return f"{escaped}%"
