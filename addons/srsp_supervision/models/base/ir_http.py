import json
import logging
import re
from collections import defaultdict
from functools import cache

from odoo import api, models
from odoo.http import request
from odoo.tools import file_open
from odoo.tools.misc import ReadonlyDict
from odoo.tools.translate import get_po_paths, translation_file_reader

_TOKEN = re.compile(r"([?&](?:\w+_)?token=)[^&\s\"]+")


def hide_tokens(record):
    """Keep what opens an account or a file out of the access log: a filter of a logger."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _TOKEN.sub(r"\1***", part) if isinstance(part, str) else part
            for part in record.args
        )
    return True


logging.getLogger("werkzeug").addFilter(hide_tokens)


@cache
def read_core_terms(lang):
    """``{module: {source: translation}}``: the terms of other modules in the web client, from our ``i18n_extra``.

    Odoo itself reads that folder for the terms of this module alone.
    """
    terms = defaultdict(dict)
    for path in get_po_paths("srsp_supervision", lang):
        if "i18n_extra" in path:
            with file_open(path, mode="rb") as file:
                for row in translation_file_reader(file, fileformat="po"):
                    if row["type"] == "code" and row["value"]:
                        terms[row["module"]][row["src"]] = row["value"]
    return terms


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @api.model
    def _get_translations_for_webclient(self, modules, lang):
        """Replace translations of other modules by those of ``i18n_extra``."""
        result = translations, _parameters = super()._get_translations_for_webclient(
            modules, lang
        )
        core = read_core_terms(lang) if lang else {}
        for module in core.keys() & translations.keys():
            messages = translations[module]["messages"]
            terms = {term["id"]: term["string"] for term in messages} | core[module]
            rows = [{"id": source, "string": text} for source, text in terms.items()]
            messages = tuple(map(ReadonlyDict, rows))
            translations[module] = ReadonlyDict({"messages": messages})
        return result

    def session_info(self):
        """Open the action of the user's role after sign-in, unless the user has chosen a home action."""
        info = super().session_info()
        if not info.get("home_action_id"):
            info["home_action_id"] = self.env.user._srsp_get_home_action().id
        return info

    @classmethod
    def _handle_error(cls, exception):
        """Visitors without a login learn what went wrong, not where in the program: no paths, no source lines."""
        response = super()._handle_error(exception)
        known = request.env.uid and request.env.uid != request.env[
            "ir.model.data"
        ]._xmlid_to_res_id("base.public_user")
        if not known and getattr(response, "mimetype", "") == "application/json":
            body = json.loads(response.get_data())
            for part in (body, body.get("error", {}).get("data", {})):
                part.pop("debug", None)
            response.set_data(json.dumps(body))
        return response
