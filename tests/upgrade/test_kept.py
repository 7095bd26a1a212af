"""The database of every release, upgraded to this version: what it sealed and published stands."""

import json
import re
import subprocess
import sys

import databases
import pytest

VERIFIER = databases.ROOT / "addons/srsp_supervision/tools/verify_draw.py"
MODULE = "/srsp_disclosure/static/src/verify/verify.js"
RECOMPUTE = """async ([module, url]) => {
    const { load, verify } = await import(module);
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    return verify(load(bytes)).summary;
}"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def site(kept, start_odoo):
    """A server on the upgraded database, with its own files and keys."""
    server = start_odoo(kept.name, *kept.options[2:], "--max-cron-threads=0")
    yield server.url
    server.stop()


def test_the_upgrade_says_nothing_of_an_error(kept):
    assert [
        line for line in kept.log.splitlines() if re.search(r" (ERROR|CRITICAL) ", line)
    ] == []


def test_the_chain_is_sound(kept):
    assert kept.check() == {"state": "sound", "report": "", "notes": ""}


def test_counts_digests_and_encrypted_values_are_those_that_were_kept(kept):
    now = kept.get_facts()
    now["chain"] = now["chain"][: len(kept.facts["chain"])]
    now["tables"] = {name: now["tables"].get(name) for name in kept.facts["tables"]}
    assert now == kept.facts


def test_every_draw_recomputes_by_both_verifiers(kept, site, new_page, tmp_path):
    page = new_page()
    page.goto(f"{site}/supervision/verify")
    rows = page.request.get(f"{site}/supervision/draws.json").json()
    urls = {
        row["number"]: row["certificate_url"] for row in rows if row["certificate_url"]
    }
    assert urls.keys() == kept.facts["certificates"].keys()
    for number, url in urls.items():
        content = page.request.get(url).body()
        assert (
            json.loads(content)["chain"]["hash_hex"]
            == kept.facts["certificates"][number]
        )
        path = tmp_path / f"{number}.json"
        path.write_bytes(content)
        done = subprocess.run(
            [sys.executable, VERIFIER, path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
        assert page.evaluate(RECOMPUTE, [MODULE, url]), number


def test_the_pages_open(kept, site, new_page):
    page = new_page()
    urls = kept.shell(
        'answer = [one._get_page_url() for one in env["srsp.publication"].search([])]'
    )
    assert len(urls) == len(kept.facts["publications"])
    for url in ["/supervision", "/supervision/chain", "/web/login", *urls]:
        assert page.request.get(f"{site}{url}").status == 200, url
