"""Databases kept from releases: made by ``script/keep``, restored and upgraded by the tests.

An archive ``<version>.tar.xz`` holds the dump, the files of attachments, both key files, and what the database said
when it was kept. The keys are those of a demonstration: they protect nothing, but without them its open draws and
encrypted values could not be read.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "script/lib"))

import databases
from databases import ADDONS, LOCAL, ROOT, say

HERE = Path(__file__).parent
KEYS = ("srsp_draw.key", "srsp_data.key")
# What no test asks for, and Odoo makes anew: bundles of scripts, portraits of Odoo's own demonstration.
DROP = """
DELETE FROM ir_attachment WHERE url LIKE '/web/assets/%' OR res_model = 'res.partner';
UPDATE ir_cron SET active = false;
"""
CHECK = """
check = env["srsp.event.check"]._check(env.ref("base.main_company"))
answer = {"state": check.state, "report": check.report or "", "notes": check.notes or ""}
"""


class Database:
    """A database, and what Odoo's own commands do to it; ``options`` are further ones of the command line."""

    def __init__(self, name, *options):
        self.name = name
        self.options = ["-d", name, *options]

    def query(self, statement, *parameters):
        """Rows of one SQL statement, committed at once, behind Odoo's back."""
        return databases.query(statement, *parameters, database=self.name)

    def run(self, *arguments):
        """Run Odoo to its end and return its log."""
        ends = ("--no-http", "--stop-after-init")
        command = databases.odoo_command(*self.options, *arguments, *ends)
        return run(*command).stderr

    def shell(self, program):
        """Run Python in Odoo's shell, committed, and return what it has left in ``answer``."""
        program += (
            "\nimport json\nenv.cr.commit()\nprint('answer', json.dumps(answer))\n"
        )
        command = databases.odoo_command("shell", *self.options, "--no-http")
        output = run(*command, input=program.encode()).stdout
        lines = [line for line in output.splitlines() if line.startswith("answer ")]
        assert len(lines) == 1, output[-4000:]
        return json.loads(lines[0].removeprefix("answer "))

    def check(self):
        """Check the chain of the bureau: ``{state, report, notes}``."""
        return self.shell(CHECK)

    def get_facts(self):
        """What must be the same for ever: counts, digests, certificates, values that are encrypted."""
        return self.shell(HERE.joinpath("facts.py").read_text())


def run(*command, **options):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, **options)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, (
        f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    )
    return done


def run_postgres(name, *arguments):
    """Run a tool of the PostgreSQL in use: of the embedded one, or of the system where another is named."""
    binaries = LOCAL / "postgres/binaries"
    folder = Path(binaries.read_text().strip()) if binaries.is_file() else None
    path = shutil.which(name, path=folder) if folder else shutil.which(name)
    assert path, f"no {name}: install the client of PostgreSQL"
    libraries = {"LD_LIBRARY_PATH": str(folder.parent / "lib")} if folder else {}
    return run(path, *arguments, env=os.environ | libraries)


def find_archives():
    """The kept databases, oldest version first."""
    paths = HERE.glob("*.tar.xz")
    return sorted(
        paths, key=lambda path: [int(n) for n in get_version(path).split(".")]
    )


def get_version(path):
    return path.name.removesuffix(".tar.xz")


def keep():
    """Make the archive of this version from the demonstration, with an event of every kind."""
    manifest = ROOT / "addons" / ADDONS[0] / "__manifest__.py"
    version = ast.literal_eval(manifest.read_text())["version"]
    name = databases.copy(databases.run_name("keep"), databases.template())
    try:
        database = Database(name)
        say("doing what the demonstration does not")
        missing = database.shell(HERE.joinpath("acts.py").read_text())
        assert not missing, f"no event of these kinds: {', '.join(missing)}"
        found = database.check()
        assert found == {"state": "sound", "report": "", "notes": ""}, found
        database.query(DROP)
        path = HERE / f"{version}.tar.xz"
        _pack(database, path)
    finally:
        databases.drop(name)
    say(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


def _pack(database, path):
    stored = (
        "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL"
    )
    names = sorted(name for [name] in database.query(stored))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        facts = json.dumps(database.get_facts(), indent=1, sort_keys=True)
        folder.joinpath("facts.json").write_text(facts)
        dump = ("--format=custom", "--compress=0", "--no-owner", "--no-privileges")
        run_postgres("pg_dump", *dump, f"--file={folder / 'dump'}", database.name)
        for key in KEYS:
            shutil.copy(LOCAL / "data" / key, folder / key)
        for name in names:
            target = folder / "filestore" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(databases.FILESTORE / database.name / name, target)
        with tarfile.open(path, "w:xz", preset=9) as archive:
            for one in sorted(folder.iterdir()):
                archive.add(one, one.name, filter=_anonymous)


def _anonymous(member):
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def restore(path, name, data):
    """Restore an archive as the database ``name``, files and keys in the folder ``data``; return it and its facts."""
    databases.drop(name)
    databases.pg.admin(
        "CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0", name
    )
    with tarfile.open(path) as archive:
        archive.extractall(data, filter="data")
    run_postgres(
        "pg_restore", "--no-owner", "--exit-on-error", "-d", name, str(data / "dump")
    )
    files = data / "filestore" / name
    data.joinpath("filestore").rename(data / "files")
    files.parent.mkdir()
    data.joinpath("files").rename(files)
    facts = json.loads(data.joinpath("facts.json").read_text())
    return Database(name, "--data-dir", str(data)), facts


if __name__ == "__main__":
    keep()
