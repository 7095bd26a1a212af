"""The repository itself: what it promises to whoever clones it."""

import ast
import re
import socket
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import readme
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
ADDONS = ["srsp_supervision", "srsp_disclosure"]
LOCKS = [
    "requirements.txt",
    "test-requirements.txt",
    "script/lib/bench.txt",
    "script/lib/installer.txt",
    "script/lib/postgres.txt",
]
MADE = {".git", ".local", "__pycache__", ".ruff_cache"}
FRONT_ENDS = "setup server test lint bench screenshots translations readme keep".split()
# The rooms of srsp_supervision, in the order in which they build on each other.
ROOMS = (
    "base chain rulebook registry staff lists planning draw inspection exchange".split()
)


def files(*suffixes):
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT)
        named = not suffixes or path.suffix in suffixes
        if path.is_file() and named and not MADE & set(inside.parts):
            yield inside


def shell_scripts():
    for path in files("", ".sh"):
        first = (ROOT / path).read_bytes().split(b"\n", 1)[0]
        if path.suffix == ".sh" or first.endswith((b"bash", b"/sh")):
            yield path


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_no_file_holds_a_path_of_the_machine_it_was_written_on():
    here = [str(ROOT), str(Path.home()) + "/", "/tmp/" + "bare", "/tmp/" + "boot"]
    here = [path.encode() for path in here if len(path) > 4 and path != "/root/"]
    guilty = [
        str(path)
        for path in files()
        if any(text in (ROOT / path).read_bytes() for text in here)
    ]
    assert guilty == []


@pytest.mark.parametrize("addon", ADDONS)
def test_manifest_is_whole_and_names_files_that_exist(addon):
    folder = ROOT / "addons" / addon
    manifest = ast.literal_eval(
        (folder / "__manifest__.py").read_text(encoding="utf-8")
    )
    assert manifest["license"] == "LGPL-3"
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", manifest["version"])
    named = manifest.get("data", []) + manifest.get("demo", [])
    assert [name for name in named if not (folder / name).is_file()] == []


def test_both_addons_have_the_version_of_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.search(r"^## (\S+)", text, re.MULTILINE)[1]
    found = {
        ast.literal_eval(
            (ROOT / "addons" / addon / "__manifest__.py").read_text(encoding="utf-8")
        )["version"]
        for addon in ADDONS
    }
    assert found == {version}
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", version)


def test_supervision_does_not_know_disclosure():
    manifest = (ROOT / "addons/srsp_supervision/__manifest__.py").read_text(
        encoding="utf-8"
    )
    assert "srsp_disclosure" not in ast.literal_eval(manifest)["depends"]
    guilty = [
        str(path)
        for path in files(".py", ".xml", ".csv")
        if path.parts[:2] == ("addons", "srsp_supervision")
        and b"srsp_disclosure" in (ROOT / path).read_bytes()
    ]
    assert guilty == []


def test_the_map_names_files_that_exist():
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`(\w+/\w+\.py)`", text))
    places = [
        folder
        for addon in ADDONS
        for folder in (ROOT / "addons" / addon, ROOT / "addons" / addon / "models")
    ]
    assert len(named) > 20
    assert [
        n for n in sorted(named) if not any((p / n).is_file() for p in places)
    ] == []


@pytest.mark.parametrize("layer", ["models", "wizard"])
def test_a_room_imports_only_rooms_before_it(layer):
    folder = ROOT / "addons/srsp_supervision" / layer
    assert [path.name for path in folder.glob("*.py")] == ["__init__.py"]
    upward = []
    for path in folder.glob("*/*.py"):
        found = re.findall(
            r"^from \.\.(?:\.models\.)?(\w+)[. ]", path.read_text(), re.MULTILINE
        )
        here = ROOMS.index(path.parent.name)
        upward += [
            (path.name, room)
            for room in found
            if room in ROOMS and ROOMS.index(room) > here
        ]
    assert not upward


@pytest.mark.parametrize("addon", ADDONS)
def test_the_readme_of_an_addon_is_made_of_its_fragments(addon):
    folder = ROOT / "addons" / addon
    assert (
        (folder / "README.md").read_text(),
        (folder / "static/description/index.html").read_text(),
    ) == readme.render(addon)
    assert (folder / "static/description/icon.png").is_file()


OTHER_CLOCKS = {
    ".py": r"context_today|context_timestamp|\b[Dd]ate\.today\(|\bdatetime\.now\(|utcnow|format_datetime"
    r"|now\(\)\.(date|year)\b|(?i:current_date|now\(\)::date|localtimestamp)",
    ".xml": r"context_today|current_date|\bnow\(\)|datetime\.",
    ".js": r"context_today|new Date\(\)|DateTime\.(now|local)|remaining_days",
}


def test_legal_dates_come_from_one_clock():
    """Not from the time zone of a machine or a browser, nor from the one that a caller writes into the context."""
    allowed = {
        "addons/srsp_supervision/tools/clock.py",  # it is the clock
        "addons/srsp_supervision/models/base/res_users.py",  # Odoo's own count of failed logins
    }
    users = [
        str(path)
        for suffix, others in OTHER_CLOCKS.items()
        for path in files(suffix)
        if path.parts[0] == "addons"
        and not {"tests", "demo", "data"} & set(path.parts)
        and re.search(others, (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert set(users) - allowed == set()


def test_a_muted_logger_of_ours_exists():
    """Or it mutes nothing: a module's logger has the module's name, and goes with it."""
    named = {
        name
        for path in files(".py")
        for call in re.findall(
            r"mute_logger\(([^()]*)\)", (ROOT / path).read_text(encoding="utf-8")
        )
        for name in re.findall(r'"odoo\.addons\.(srsp_\w+\.[\w.]+)"', call)
    }
    silent = [
        name
        for name in sorted(named)
        if not (module := ROOT / "addons" / f"{name.replace('.', '/')}.py").is_file()
        or "getLogger(__name__)" not in module.read_text(encoding="utf-8")
    ]
    assert named
    assert silent == []


def test_the_licence_is_in_the_repository():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert "Version 3" in text


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_pins_every_package_by_hash_and_names_no_host(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    loose = [e for e in entries if "==" not in e or "--hash=sha256:" not in e]
    assert loose == []
    assert "://" not in text
    assert "--index" not in text


def imported(path):
    """Yield the top-level modules that a Python file imports absolutely."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_the_locks_cover_all_that_is_imported():
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    locked = set(re.findall(r"^([\w.-]+)==", text, re.M))
    own = {"odoo"} | {
        part.removesuffix(".py") for p in files(".py") for part in p.parts
    }
    packages = packages_distributions()
    missing = {
        (str(path), module)
        for path in files(".py")
        for module in set(imported(path)) - own - sys.stdlib_module_names
        if not locked & {canonicalize_name(n) for n in packages.get(module, [module])}
    }
    assert missing == set()


def test_the_lock_of_the_server_covers_what_the_addons_demand():
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for addon in ADDONS:
        manifest = (ROOT / "addons" / addon / "__manifest__.py").read_text(
            encoding="utf-8"
        )
        wanted = ast.literal_eval(manifest).get("external_dependencies", {})
        for name in wanted.get("python", []):
            assert re.search(rf"^{re.escape(name)}==", locked, re.M), name


def test_every_shell_script_parses():
    scripts = list(shell_scripts())
    assert Path("script/server") in scripts and Path(".ci/run") in scripts
    broken = {str(p): run("bash", "-n", str(p)).stderr for p in scripts}
    assert {path: error for path, error in broken.items() if error} == {}


def test_every_command_that_the_readme_names_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(
        re.findall(r"(?<![\w/.])((?:script|\.ci|tests|addons)/[\w./-]+\w)", text)
    )
    assert {"script/server", "script/test"} <= named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_picture_and_link_of_the_readme_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'src="([^"]+)"', text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_front_end_is_executable_and_says_what_it_does(name):
    path = ROOT / "script" / name
    assert path.stat().st_mode & 0o111
    assert (
        path.read_text(encoding="utf-8").splitlines()[1].startswith(f"# script/{name}")
    )


def test_pre_commit_runs_the_checks_of_script_lint_and_fetches_nothing():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    checks = (ROOT / "script/lib/checks.sh").read_text(encoding="utf-8")
    [names] = re.findall(r"^CHECKS=\((.*)\)$", checks, re.M)
    assert re.findall(r"entry: script/lint (\w+)", hooks) == names.split()
    assert set(re.findall(r"repo: (\S+)", hooks)) == {"local"}


def test_server_says_in_one_line_that_its_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = run("script/server", "--port", str(port))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        f"script/server: port {port} is taken:"
        " stop what listens there, or choose another with --port\n"
    )


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["--port"], ["--port", "x"], ["--workers", "two"]]
)
def test_server_explains_itself_when_asked_wrongly(arguments):
    answer = run("script/server", *arguments)
    assert answer.returncode == 1
    assert answer.stderr.startswith("script/server: usage: script/server [--db NAME]")
