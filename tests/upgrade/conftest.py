"""Databases over time: what an addon or a later version does to evidence that was sealed before."""

import os
import sys
from pathlib import Path

import databases
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from kept import Database, find_archives, get_version, restore


@pytest.fixture(scope="session")
def extended():
    """A copy of the demo, whose Odoo finds the addons of the tests too."""
    name = databases.copy(databases.run_name("extended"), os.environ["SRSP_TEMPLATE"])
    yield Database(name, f"--addons-path=addons,{HERE.parent / 'addons'}")
    databases.drop(name)


@pytest.fixture(scope="session", params=find_archives(), ids=get_version)
def kept(request, tmp_path_factory):
    """Each kept database, upgraded to this checkout; with its facts from before, and the log of the upgrade."""
    data = tmp_path_factory.mktemp("kept")
    name = databases.run_name(f"kept_{get_version(request.param).replace('.', '_')}")
    database, database.facts = restore(request.param, name, data)
    database.log = database.run("-u", ",".join(databases.ADDONS))
    yield database
    databases.drop(name)
