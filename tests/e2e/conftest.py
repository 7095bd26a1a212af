"""A server, and the people who sign in to it, for the tests that go through the whole house."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "contract")]

from desk import sign_in


@pytest.fixture
def server(start_odoo):
    """An Odoo with the demo, of this test alone."""
    server = start_odoo()
    yield server
    server.stop()


@pytest.fixture
def people(server, new_page):
    """``people("policy")`` is a page on which somebody of the demo has signed in."""

    def open_for(login):
        page = new_page(viewport={"width": 1440, "height": 900})
        return sign_in(page, server, login)

    return open_for
