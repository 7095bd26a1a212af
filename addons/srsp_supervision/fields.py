"""Field classes and field factories that the models of this addon share."""

import os
import re
from pathlib import Path

from odoo import api, fields
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, config

from .tools import uscc
from .tools.data_key import PREFIX, DataKey
from .tools.names import KEY_SQL, UNUSUAL, canonical, get_key

DRAW_KEY_FILE = "SRSP_DRAW_KEY_FILE"
# The system parameter that says which data key the database is encrypted with.
_FINGERPRINT = "srsp.data_key"
_TYPED = ("ilike", "not ilike", "like", "not like")
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


def get_draw_key_path():
    """Return where the draw key lies: the server's environment says it, or it is in the data folder."""
    return Path(os.environ.get(DRAW_KEY_FILE) or f"{config['data_dir']}/srsp_draw.key")


def get_data_key(env):
    """Return the ``DataKey``, from the file ``srsp_data.key`` beside the draw key.

    A function and not a method, like ``encrypt`` and ``decrypt``: nothing that runs in Odoo's sandbox can call it.

    :raise UserError: when the key cannot be read
    """
    try:
        return DataKey(get_draw_key_path().with_name("srsp_data.key"))
    except (OSError, ValueError) as error:
        message = env._(
            "The data key cannot be read; ask the administrator: %(error)s", error=error
        )
        raise UserError(message) from error


def encrypt(env, text):
    """Return a text as it may stand in the database.

    :raise UserError: when the data key is another one than that of this database
    """
    key = get_data_key(env)
    known = env["ir.config_parameter"].sudo().get_param(_FINGERPRINT)
    if known not in key.fingerprints():
        raise _get_foreign_key_error(env)
    return key.encrypt(text)


def decrypt(env, token):
    """Return the text that ``encrypt`` was given.

    :raise UserError: when the data key is another one than that of this database
    """
    try:
        return get_data_key(env).decrypt(token)
    except ValueError as error:
        raise _get_foreign_key_error(env) from error


def _get_foreign_key_error(env):
    return UserError(
        env._(
            "The file srsp_data.key does not hold the data key of this database. Nothing is lost: put the right file"
            " back, beside the draw key, and try again."
        )
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


class UnconstrainedMany2many(fields.Many2many):
    """A Many2many without foreign keys, as ``UnconstrainedMany2one``; the field of the other side must be one, too."""

    def update_db_foreign_keys(self, model):
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


class SpelledChar(fields.Char):
    """A text that is found however it is typed: brackets, blanks, dots, widths and capitals do not count.

    Fragments of two characters and more are looked up in an index over ``srsp_bigrams`` of the key (``BIGRAM_INDEX``):
    trigrams need three, but enterprises are looked up by two. A search for one character reads every text.
    """

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        if field_expr != self.name or operator not in ("ilike", "not ilike"):
            return super().condition_to_sql(
                field_expr, operator, value, model, alias, query
            )
        typed = str(value)
        if len(get_key(typed)) < 2:  # the text as it stands is faster to read
            return super().condition_to_sql(
                field_expr, operator, canonical(typed), model, alias, query
            )
        column = SQL.identifier(alias, self.name)
        condition = self._find_key(column, typed, model.pool)
        return (
            SQL("(%s) IS NOT TRUE", condition) if operator == "not ilike" else condition
        )

    def _find_key(self, column, typed, registry):
        """Return SQL of whether what was typed, which may hold wildcards, is in ``column``."""
        key = SQL(KEY_SQL, column)
        # With unaccent, other letters than Chinese ones may stand for each other.
        parts = (_NOT_CHINESE if registry.has_unaccent else _WILDCARDS).split(typed)
        held = [
            SQL("srsp_bigrams(%s) @> srsp_bigrams(%s)", key, SQL(KEY_SQL, part))
            for part in parts
            if len(get_key(part)) > 1
        ]
        if _TWO_CHINESE.fullmatch(get_key(typed)):
            return held[0]  # the index says it all
        pattern = SQL(KEY_SQL, f"%{typed}%")
        # The key of an ordinary name takes a tenth of the time this way.
        quick = SQL(
            "CASE WHEN %s ~ %s THEN %s ELSE lower(%s) END", column, UNUSUAL, key, column
        )
        like = SQL("%s LIKE %s", registry.unaccent(quick), registry.unaccent(pattern))
        return SQL("(%s)", SQL(" AND ").join([*held, like]))


class BigramChar(SpelledChar):
    """A name in its one spelling."""

    def convert_to_cache(self, value, record, validate=True):
        value = super().convert_to_cache(value, record, validate)
        return canonical(value) if value and validate else value

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        if operator in _TYPED and field_expr == self.name:
            value = canonical(value)
        return super().condition_to_sql(
            field_expr, operator, value, model, alias, query
        )


class CodeChar(fields.Char):
    """A code, which is in capitals and without blanks: found however it is typed."""

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        if field_expr == self.name:
            if isinstance(value, str):
                value = uscc.clean(value)
            elif operator in ("in", "not in"):
                value = {uscc.clean(v) if isinstance(v, str) else v for v in value}
        return super().condition_to_sql(
            field_expr, operator, value, model, alias, query
        )


class EncryptedChar(fields.Char):
    """A text that the database and the cache hold encrypted, and only a record in memory in clear.

    An update of the addon encrypts what is still in clear, and again what an older key has encrypted.
    """

    def update_db(self, model, columns):
        result = super().update_db(model, columns)
        self._renew(model)
        return result

    def _renew(self, model):
        key = get_data_key(model.env)
        name = SQL.identifier(self.name)
        table = SQL.identifier(model._table)
        rows = model.env.execute_query(
            SQL("SELECT id, %s FROM %s WHERE %s IS NOT NULL", name, table, name)
        )
        try:
            renewed = [(id_, key.renew(text), text) for id_, text in rows]
        except ValueError as error:
            raise _get_foreign_key_error(model.env) from error
        changes = [(id_, new) for id_, new, old in renewed if new != old]
        if changes:
            ids, texts = map(list, zip(*changes))
            update = SQL(
                "UPDATE %s r SET %s = n.text FROM unnest(%s::int[], %s::text[]) n (id, text) WHERE n.id = r.id",
                *(table, name, ids, texts),
            )
            model.env.cr.execute(update)
        parameters = model.env["ir.config_parameter"].sudo()
        parameters.with_context(prefetch_fields=False).set_param(
            _FINGERPRINT, key.fingerprints()[0]
        )

    def convert_to_cache(self, value, record, validate=True):
        text = super().convert_to_cache(value, record, validate)
        if not text or text.startswith(PREFIX):
            return text or None
        return encrypt(record.env, text)

    def convert_to_record(self, value, record):
        token = super().convert_to_record(value, record)
        return token and decrypt(record.env, token)
