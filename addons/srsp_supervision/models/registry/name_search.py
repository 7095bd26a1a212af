"""The search of the registries by a fragment of a name, a permit or a code: what their indexes rest on."""

from odoo.exceptions import UserError
from odoo.tools.sql import escape_psql

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
HASH = (
    r"""hashtextextended(lower(translate(%s, E' \u3000()（）·.', '') COLLATE "C"), 0)"""
)
NAME_KEY = f"""
ALTER TABLE srsp_entity ADD COLUMN IF NOT EXISTS name_key bigint GENERATED ALWAYS AS ({HASH % "name"}) STORED;
CREATE INDEX IF NOT EXISTS srsp_entity_name_key ON srsp_entity (name_key)
"""
LOCALE = """
SELECT datctype, upper('é') = 'É' AND pg_encoding_to_char(encoding) = 'UTF8'
  FROM pg_database WHERE datname = current_database()
"""


def check_locale(env):
    """Raise UserError where the locale of the database does not treat Chinese characters as letters."""
    env.cr.execute(LOCALE)
    [locale, is_able] = env.cr.fetchone()
    if not is_able:
        message = env._(
            "This database cannot handle Chinese text (locale %(locale)s): create it in UTF-8 with the"
            " character type C.UTF-8, or another UTF-8 locale.",
            locale=locale,
        )
        raise UserError(message)


def is_typed(operator, value):
    """Whether a search is for a text that somebody typed, not a negation or a list of names."""
    return operator in ("ilike", "like") and isinstance(value, str) and value.strip()


def get_prefix_pattern(value):
    """Return a pattern for codes, which are in capitals, that begin with ``value``."""
    return f"{escape_psql(value.strip().upper())}%"
