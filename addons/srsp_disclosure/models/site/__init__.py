"""How publications are shown: their pages' values and addresses, the website's name.

Entry points: ``srsp.publication._get_page_values`` and ``_get_page_url``; the routes are in ``controllers/``. May
import ``publication``.
"""

from . import ir_http
from . import website
from . import res_company
from . import srsp_publication_page
