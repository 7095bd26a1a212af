"""Make, copy and drop the databases of this checkout.

Two templates stand behind every database: the base (Odoo's own modules, in Chinese),
made once per Odoo, and one with the addons, made once per content of ``addons/``.
Everything else is a copy of the latter, which takes a second.

Command line: ``databases.py check | template | copy NAME | drop NAME | server NAME
[--fresh]``, each with ``--no-demo``.
"""

import argparse
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pg
import psycopg2
from pg import FILESTORE, LOCAL, ROOT, DatabaseError, drop, exists, query, say
from psycopg2 import sql

ADDONS = ("srsp_supervision", "srsp_disclosure")
BASE = ("base", "web", "mail", "website")
KEEP_TEMPLATES = 3
PREFIX = "srsp_" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]


# -- Odoo ----------------------------------------------------------------------


def odoo_command(*arguments):
    """The command line that runs Odoo with this checkout's configuration."""
    command = [str(LOCAL / "venv/bin/python"), str(LOCAL / "venv/bin/odoo")]
    if arguments[:1] == ("shell",):
        command, arguments = [*command, "shell"], arguments[1:]
    return [*command, "-c", "odoo.conf", *arguments]


def run_odoo(label, *arguments, stdin=None):
    """Run Odoo to its end, with a sign of life every ten seconds; the log goes to .local/log/database.log."""
    say(label)
    log = LOCAL / "log/database.log"
    with open(log, "ab") as output:
        start = output.tell()
        process = subprocess.Popen(
            odoo_command(*arguments),
            cwd=ROOT,
            stdin=stdin or subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    status = process.wait(timeout=10)
                    break
                say(f"... {label}: still at it")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status:
        text = log.read_bytes()[start:].decode(errors="replace").splitlines()
        print("\n".join(text[-25:]), file=sys.stderr)
        raise DatabaseError(f"{label}: Odoo failed (see .local/log/database.log)")


# -- Templates -----------------------------------------------------------------


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def addons_key():
    """A digest of everything in addons/ that a database depends on: not the tests, not the read-me."""
    hasher = hashlib.sha256()
    for path in sorted(ROOT.joinpath("addons").rglob("*")):
        inside = path.relative_to(ROOT / "addons").parts
        if (
            path.is_file()
            and not {"__pycache__", "tests", "readme"} & set(inside)
            and path.suffix != ".pyc"
        ):
            hasher.update("/".join(inside).encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()[:10]


def _base_key():
    home = (LOCAL / "stamp/odoo").read_text().strip()
    release = Path(home, "odoo/release.py").read_text()
    return _digest(home, release, Path(__file__).with_name("localise.py").read_text())


def _build(name, kind, make):
    """Make the template ``name`` with ``make(unfinished name)`` unless it exists; forget the oldest of its kind."""
    if exists(name):
        return
    unfinished = f"{name}_tmp"
    drop(unfinished)
    make(unfinished)
    pg.move(unfinished, name, FILESTORE / unfinished)
    others = query(
        "SELECT datname FROM pg_database WHERE datname ~ %s ORDER BY oid DESC",
        f"^{kind}_[0-9a-f]+$",
    )
    for [old] in others[KEEP_TEMPLATES:]:
        drop(old)


def base_template(demo=True):
    """Name of the template with Odoo's own modules."""
    kind = f"{PREFIX}_base_{'demo' if demo else 'bare'}"

    def make(name):
        pg.admin(
            "CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0", name
        )
        flags = ["--with-demo"] if demo else []
        languages = ["--load-language=zh_CN", "--no-http", "--stop-after-init"]
        run_odoo(
            "installing Odoo's modules and Chinese",
            "-d",
            name,
            "-i",
            ",".join(BASE),
            *flags,
            *languages,
        )
        with open(Path(__file__).with_name("localise.py")) as program:
            run_odoo(
                "making Chinese the language",
                "shell",
                "-d",
                name,
                "--no-http",
                stdin=program,
            )

    name = f"{kind}_{_base_key()}"
    _build(name, kind, make)
    return name


def template(demo=True):
    """Name of the template with the addons (and their demonstration), made when it is not there yet."""
    kind = f"{PREFIX}_addons_{'demo' if demo else 'bare'}"

    def make(name):
        pg.copy(base_template(demo), name)
        flags = ["--with-demo"] if demo else []
        ends = ["--no-http", "--stop-after-init"]
        run_odoo(
            "installing the addons", "-d", name, "-i", ",".join(ADDONS), *flags, *ends
        )
        _check_installed(name, demo)
        with open(Path(__file__).with_name("assets.py")) as program:
            run_odoo(
                "building the pages' styles and scripts",
                "shell",
                "-d",
                name,
                "--no-http",
                stdin=program,
            )

    with pg.lock():
        name = f"{kind}_{_digest(_base_key(), addons_key())}"
        _build(name, kind, make)
    return name


def _check_installed(name, demo):
    """Odoo goes on when an addon's demonstration fails to load, and says so only in its log. Here it is an error."""
    rows = query(
        "SELECT name FROM ir_module_module WHERE name IN %s AND (state != 'installed' OR demo != %s)",
        ADDONS,
        demo,
        database=name,
    )
    if rows:
        names = ", ".join(row[0] for row in rows)
        raise DatabaseError(
            f"{names}: not installed whole, the demonstration failed (see .local/log/database.log)"
        )


# -- Databases for use ---------------------------------------------------------


def copy(name, source=None, demo=True, replace=True):
    """A new database ``name``, copied from ``source`` (else from the template with the addons)."""
    source = source or template(demo)
    with pg.lock():
        if replace or not exists(name):
            drop(name)
            pg.copy(source, name)
    return name


def run_name(suffix):
    """A name for a database that lives as long as this process's run; those of dead runs are dropped."""
    for [name] in query(
        "SELECT datname FROM pg_database WHERE datname ~ %s", f"^{PREFIX}_run_[0-9]+_"
    ):
        if not Path("/proc", name.split("_")[3]).exists():
            drop(name)
    return f"{PREFIX}_run_{os.environ.get('SRSP_RUN', os.getpid())}_{suffix}"


def server(name, demo=True, fresh=False):
    """The database of script/server: made when missing, updated when the addons changed since."""
    if fresh:
        drop(name)
    key = addons_key()
    if not exists(name):
        copy(name, demo=demo, replace=False)
    elif query(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
        name,
    ) != [(key,)]:
        names = ",".join(ADDONS)
        run_odoo(
            f"updating {name}",
            "-d",
            name,
            "-i",
            names,
            "-u",
            names,
            "--no-http",
            "--stop-after-init",
        )
    query(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(name), sql.Literal(key)
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "action", choices=["check", "template", "copy", "drop", "server"]
    )
    parser.add_argument("name", nargs="?")
    parser.add_argument("--no-demo", dest="demo", action="store_false")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends Odoo on the way out
    try:
        if given.action == "check":
            pg.check()
        elif given.action == "template":
            print(template(given.demo))
        elif given.action == "copy":
            source = os.environ.get("SRSP_TEMPLATE")
            print(copy(run_name(given.name), source, given.demo))
        elif given.action == "drop":
            drop(given.name)
        else:
            server(given.name, given.demo, given.fresh)
    except (DatabaseError, psycopg2.Error) as error:
        sys.exit(f"databases: {error}")


if __name__ == "__main__":
    main()
