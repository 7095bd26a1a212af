from .publication import (
    test_access,
    test_announcement,
    test_deadline,
    test_original,
    test_publication,
    test_rulebook,
)
from .site import (
    test_contacts_inside,
    test_draw_pages,
    test_pages,
    test_verify_page,
    test_words,
    test_translations,
)
from .delivery import test_channel, test_delivery, test_witnesses
