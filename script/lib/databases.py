"""Make, copy and drop the databases of this checkout.

Two templates stand behind every database: the base (Odoo's own modules, in Chinese),
made once per Odoo, and one with the addons, made once per content of ``addons/``.
Everything else is a copy of the latter, which takes a second. A database gets its name
only when it is complete; what an interruption leaves behind ends in ``_tmp`` and is
dropped the next time.

Command line: ``databases.py check | template | copy NAME | drop NAME | server NAME
[--fresh]``, each with ``--no-demo``.
"""

import argparse
import configparser
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
FILESTORE = LOCAL / "data" / "filestore"
ADDONS = ("srsp_supervision", "srsp_disclosure")
BASE = ("base", "web", "mail", "website")
KEEP_TEMPLATES = 3
PREFIX = "srsp_" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]
START = time.monotonic()


class DatabaseError(Exception):
    """What went wrong and what to do about it, in one line."""


def say(text):
    print(
        f"databases: [{time.monotonic() - START:3.0f} s] {text}",
        file=sys.stderr,
        flush=True,
    )


# -- PostgreSQL ----------------------------------------------------------------


def connect(database="postgres"):
    """An autocommitting connection, to the server that the environment names, else odoo.conf."""
    config = configparser.RawConfigParser()
    config.read(ROOT / "odoo.conf")
    given = {}
    for key, variable in (
        ("host", "PGHOST"),
        ("port", "PGPORT"),
        ("user", "PGUSER"),
        ("password", "PGPASSWORD"),
    ):
        value = config.get("options", f"db_{key}", fallback="False")
        if variable not in os.environ and value not in ("", "False"):
            given[key] = value
    connection = psycopg2.connect(dbname=database, **given)
    connection.autocommit = True
    return connection


def query(statement, *parameters, database="postgres"):
    """Rows of one statement (none for a statement without a result)."""
    with (
        contextlib.closing(connect(database)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def _admin(statement, *names):
    query(sql.SQL(statement).format(*map(sql.Identifier, names)))


def exists(name):
    return bool(query("SELECT 1 FROM pg_database WHERE datname = %s", name))


def check():
    """Raise DatabaseError unless this PostgreSQL can serve."""
    try:
        [[may_create, role, ctype]] = query(
            "SELECT rolcreatedb OR rolsuper, rolname, datctype FROM pg_roles, pg_database"
            " WHERE rolname = current_user AND datname = 'template0'"
        )
    except psycopg2.OperationalError as error:
        raise DatabaseError(
            f"PostgreSQL does not answer: {error}".strip().replace("\n", " ")
        ) from error
    if role == "postgres":
        raise DatabaseError(
            "Odoo refuses the role postgres: create one of its own (createuser --createdb srsp)"
        )
    if not may_create:
        raise DatabaseError(
            f"the role {role} may not create databases: ALTER ROLE {role} CREATEDB"
        )
    if "UTF" not in ctype.upper():
        raise DatabaseError(
            f"the cluster's locale is {ctype}: Chinese search needs a UTF-8 one such as C.UTF-8"
        )


@contextlib.contextmanager
def _lock():
    with open(LOCAL / "databases.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def drop(name):
    """Drop a database and its files, whoever is connected."""
    _admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def _copy(source, target):
    """Copy database and files; ``target`` appears when complete. Files are shared as links: Odoo never changes one."""
    unfinished = f"{target}_tmp"
    drop(unfinished)
    how = " STRATEGY FILE_COPY" if connect().server_version >= 150000 else ""
    _admin("CREATE DATABASE {} TEMPLATE {}" + how, unfinished, source)
    _move(unfinished, target, FILESTORE / source)


def _move(unfinished, target, files):
    """Give the database its name, the last act of making it; before that, the files."""
    shutil.rmtree(FILESTORE / target, ignore_errors=True)
    if files.is_dir():
        shutil.copytree(files, FILESTORE / target, copy_function=os.link)
    _admin("ALTER DATABASE {} RENAME TO {}", unfinished, target)
    shutil.rmtree(FILESTORE / unfinished, ignore_errors=True)


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
    _move(unfinished, name, FILESTORE / unfinished)
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
        _admin(
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
        _copy(base_template(demo), name)
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

    with _lock():
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


def copy(name, source=None, demo=True):
    """A new database ``name``, copied from ``source`` (else from the template with the addons)."""
    source = source or template(demo)
    with _lock():
        drop(name)
        _copy(source, name)
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
        copy(name, demo=demo)
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
    try:
        if given.action == "check":
            check()
        elif given.action == "template":
            print(template(given.demo))
        elif given.action == "copy":
            print(copy(run_name(given.name), demo=given.demo))
        elif given.action == "drop":
            drop(given.name)
        else:
            server(given.name, given.demo, given.fresh)
    except (DatabaseError, psycopg2.Error) as error:
        sys.exit(f"databases: {error}")


if __name__ == "__main__":
    main()
