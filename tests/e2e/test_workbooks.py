"""The lists as workbooks, through LibreOffice and back: what a division does with them outside the system."""

import base64
import io
import subprocess

import pytest
import python_calamine
from people import Person
from pypdf import PdfReader

CONVERT_SECONDS = 180


@pytest.fixture(scope="module")
def policy(start_odoo):
    return Person(start_odoo(None, "--max-cron-threads", "0"), "policy")


@pytest.fixture(scope="module")
def convert(soffice, tmp_path_factory):
    """A function ``convert(data, suffix, *suffixes)``: the file after LibreOffice saved it as each of them in turn."""
    home = tmp_path_factory.mktemp("libreoffice")

    def run(data, *suffixes, begin="xlsx"):
        path = home / f"list.{begin}"
        path.write_bytes(data)
        for at, suffix in enumerate(suffixes):
            folder = home / f"{at}"
            command = [
                *[soffice, f"-env:UserInstallation={home.as_uri()}/profile"],
                *["--headless", "--convert-to", suffix, "--outdir", folder, path],
            ]
            subprocess.run(
                command, check=True, timeout=CONVERT_SECONDS, capture_output=True
            )
            path = folder / f"list.{suffix}"
        return path.read_bytes()

    return run


def download(person, list_id):
    answer = person.session.get(
        f"{person.url}/srsp/list/{list_id}/workbook", timeout=CONVERT_SECONDS
    )
    assert answer.status_code == 200, answer.text[:500]
    return answer


def cells(data):
    """Every value of the workbook's sheets, by the sheet's name."""
    with python_calamine.CalamineWorkbook.from_object(io.BytesIO(data)) as book:
        return {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }


def in_force(person, kind):
    domain = [("kind", "=", kind), ("state", "=", "published")]
    [found] = person.find("srsp.list", domain, ["version", "line_count"], limit=1)
    return found


@pytest.mark.parametrize(("kind", "name"), [("item", "抽查"), ("duty", "责任")])
def test_libreoffice_reads_a_list_whole_and_saves_it_unharmed(
    policy, convert, kind, name
):
    version = in_force(policy, kind)
    answer = download(policy, version["id"])
    [(sheet, rows)] = cells(answer.content).items()
    assert name in sheet
    assert len(rows) > version["line_count"] > 0
    assert f"{version['version']}" in answer.headers["Content-Disposition"]
    for suffixes in (["xlsx"], ["ods"], ["ods", "xlsx"]):
        assert cells(convert(answer.content, *suffixes)) == {sheet: rows}, suffixes


def test_a_list_prints_on_landscape_pages_two_wide_that_all_begin_with_the_headings(
    policy, convert
):
    version = in_force(policy, "item")
    answer = download(policy, version["id"])
    [rows] = cells(answer.content).values()
    pages = PdfReader(io.BytesIO(convert(answer.content, "pdf"))).pages
    assert len(pages) > 2
    codes = [row[0] for row in rows[-version["line_count"] :]]
    [heading] = [row for row in rows if row[0] and row[1] and row[0] not in codes][:1]
    text = [squeeze(page.extract_text()) for page in pages]
    size = {(round(p.mediabox.width), round(p.mediabox.height)) for p in pages}
    assert size == {(842, 595)}
    missing = [label for label in heading if squeeze(label) not in text[0]]
    cut = heading.index(missing[0])
    half = len(text) // 2  # down the left side, then down the right one
    for wanted, side in (
        (heading[:cut], text[:half]),
        (heading[:2] + heading[cut:], text[half:]),
    ):
        for said in side:
            assert [label for label in wanted if squeeze(label) not in said] == []
    assert [code for code in codes if squeeze(code) not in "".join(text)] == []


def squeeze(text):
    """The text without the breaks that a narrow column makes."""
    return "".join(text.split())


def test_what_libreoffice_saved_is_imported_without_a_difference(policy, convert):
    open_states = ("draft", "submitted", "consolidated")
    drafts = policy.find("srsp.list", [("state", "in", open_states)], ["kind"])
    if not drafts:
        action = policy.call(
            "srsp.list", "action_new_version", [in_force(policy, "item")["id"]]
        )
        drafts = [{"id": action["res_id"]}]
    for draft in drafts:
        saved = convert(download(policy, draft["id"]).content, "ods", "xlsx")
        action = policy.call("srsp.list", "action_import_workbook", [draft["id"]])
        wizard = action["res_id"]
        policy.call(
            "srsp.list.import",
            "write",
            [wizard],
            {"file": base64.b64encode(saved).decode(), "file_name": "list.xlsx"},
        )
        policy.call("srsp.list.import", "action_check", [wizard])
        [shown] = policy.call(
            "srsp.list.import", "read", [wizard], ["seen", "step", "list_id"]
        )
        assert shown["seen"]["problems"] == []
        assert shown["seen"]["changes"] == []
        assert shown["seen"]["unchanged"] > 0
        assert shown["step"] == "check"
