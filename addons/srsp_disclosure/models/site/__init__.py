from . import website
from . import res_company
from . import srsp_publication_page
