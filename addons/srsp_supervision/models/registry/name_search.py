"""The search of the registries by a fragment of a name, a permit or a code: what their indexes rest on."""

import hashlib

from odoo.exceptions import UserError
from odoo.tools.sql import escape_psql

from ...tools import uscc
from ...tools.names import KEY_SQL

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
# The same number for all spellings of a name.
HASH = f"hashtextextended({KEY_SQL}, 0)"
_NAME_KEY = HASH % "name"
# The comment says by which rule the column was computed: a database of an earlier rule gets it anew.
FIND_NAME_KEY = """
SELECT col_description(attrelid, attnum) FROM pg_attribute
 WHERE attrelid = 'srsp_entity'::regclass AND attname = 'name_key' AND NOT attisdropped
"""
NAME_KEY_RULE = hashlib.sha256(_NAME_KEY.encode()).hexdigest()
NAME_KEY = f"""
ALTER TABLE srsp_entity DROP COLUMN IF EXISTS name_key;
ALTER TABLE srsp_entity ADD COLUMN name_key bigint GENERATED ALWAYS AS ({_NAME_KEY}) STORED;
COMMENT ON COLUMN srsp_entity.name_key IS '{NAME_KEY_RULE}';
CREATE INDEX srsp_entity_name_key ON srsp_entity (name_key)
"""
LOCALE = """
SELECT datctype, upper('é') = 'É' AND pg_encoding_to_char(encoding) = 'UTF8'
  FROM pg_database WHERE datname = current_database()
"""


def get_bigram_index(name):
    """Return the definition of the index by which a ``SpelledChar`` is searched."""
    return f"USING gin (srsp_bigrams({KEY_SQL % name}))"


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


def keep_name_key(cr):
    """Let ``srsp_entity`` have the column ``name_key``, by the rule of today."""
    cr.execute(FIND_NAME_KEY)
    if cr.fetchall() != [(NAME_KEY_RULE,)]:
        cr.execute(NAME_KEY)


def is_typed(operator, value):
    """Whether a search is for a text that somebody typed, not a negation or a list of names."""
    return operator in ("ilike", "like") and isinstance(value, str) and value.strip()


def get_prefix_pattern(value):
    """Return a pattern for codes, which are in capitals and without blanks, that begin with ``value``."""
    return f"{escape_psql(uscc.clean(value))}%"
