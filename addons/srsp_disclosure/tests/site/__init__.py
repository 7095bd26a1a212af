from . import test_answers
from . import test_contacts_inside
from . import test_draw_pages
from . import test_pages
from . import test_role_matrix
from . import test_verify_page
from . import test_words
from . import test_translations
