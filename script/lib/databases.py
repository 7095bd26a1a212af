"""Make, copy and drop the databases of this checkout.

Two templates stand behind every database: the base (Odoo's own modules, in Chinese),
made once per Odoo, and one with the addons, made once per content of ``addons/``.
Everything else is a copy of the latter, which takes a second.

For a run of few tests, ``--quick`` accepts a template made from an earlier content: as it
is when only code changed that a database does not hold, else updated by Odoo's ``-u``.

Command line: ``databases.py check | template [--quick] | copy NAME | drop NAME | server
NAME [--fresh] | channel NAME --url URL``, each with ``--no-demo``.
"""

import argparse
import ast
import contextlib
import functools
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


def _source_files():
    """``[(path below addons/, file), …]`` of all that the addons run with: not the tests, not the read-me."""
    for path in sorted(ROOT.joinpath("addons").rglob("*")):
        inside = path.relative_to(ROOT / "addons")
        if (
            path.is_file()
            and not {"__pycache__", "tests", "readme"} & set(inside.parts)
            and path.suffix != ".pyc"
        ):
            yield inside, path


def _hash_files(read):
    """A digest of every source file for which ``read(path below addons/, file)`` returns bytes."""
    hasher = hashlib.sha256()
    for inside, path in _source_files():
        if (content := read(inside, path)) is not None:
            hasher.update(inside.as_posix().encode() + b"\0" + content + b"\0")
    return hasher.hexdigest()[:10]


def addons_key():
    """A digest of all that the addons run with."""
    return _hash_files(lambda inside, path: path.read_bytes())


def demo_key():
    """A digest of the demonstration: what ``-u`` does not load a second time."""
    return _hash_files(
        lambda inside, path: path.read_bytes() if "demo" in inside.parts else None
    )


def stored_key():
    """A digest of what a database holds of the addons: data files, and of Python what declares models and fields."""

    def read(inside, path):
        if {"demo", "static"} & set(inside.parts):
            return None
        if path.suffix != ".py" or path.name == "__manifest__.py":
            return path.read_bytes()
        return _declarations(path.read_text())

    return _hash_files(read)


def _declarations(source):
    """Python source without docstrings and the bodies of functions, but for those that write tables."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name not in (
            "init",
            "_auto_init",
        ):
            node.body = []
        elif isinstance(node, ast.ClassDef | ast.Module):
            node.body = [
                part
                for part in node.body
                if not (
                    isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
                )
            ]
    return ast.dump(tree).encode()


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


def template(demo=True, quick=False):
    """Name of the template with the addons (and their demonstration), made when it is not there yet.

    With ``quick``, a template of the same demonstration serves, made or updated to hold the same data.
    """
    kind = f"{PREFIX}_addons_{'demo' if demo else 'bare'}"
    name = f"{kind}_{_digest(_base_key(), addons_key())}"

    @functools.cache
    def get_keys():
        return f"{_base_key()} {demo_key()} {stored_key()}"

    def make(unfinished):
        pg.copy(base_template(demo), unfinished)
        flags = ["--with-demo"] if demo else []
        _install("installing the addons", unfinished, "-i", *flags)
        _check_installed(unfinished, demo)
        with open(Path(__file__).with_name("assets.py")) as program:
            run_odoo(
                "building the pages' styles and scripts",
                "shell",
                "-d",
                unfinished,
                "--no-http",
                stdin=program,
            )
        _set_comment(unfinished, get_keys())

    def update(unfinished):
        pg.copy(earlier, unfinished)
        _install("updating the addons", unfinished, "-u")
        _set_comment(unfinished, get_keys())

    with pg.lock():
        if quick and not exists(name):
            if equal := _find_template(kind, get_keys()):
                return equal
            if earlier := _find_template(kind, get_keys().rpartition(" ")[0]):
                kind = f"{PREFIX}_quick_{'demo' if demo else 'bare'}"
                name = f"{kind}_{_digest(get_keys())}"
                make = update
        _build(name, kind, make)
    return name


def _find_template(kind, keys):
    """Name of the newest template whose keys begin with ``keys``, or None."""
    quick = kind.replace("_addons_", "_quick_")
    rows = query(
        """SELECT datname FROM pg_database WHERE datname ~ %s
              AND starts_with(shobj_description(oid, 'pg_database'), %s) ORDER BY oid DESC LIMIT 1""",
        f"^({kind}|{quick})_[0-9a-f]+$",
        keys,
    )
    return rows[0][0] if rows else None


def _install(label, name, how, *flags):
    """Install (``-i``) or update (``-u``) the addons."""
    ends = ["--no-http", "--stop-after-init"]
    run_odoo(label, "-d", name, how, ",".join(ADDONS), *flags, *ends)


def _set_comment(name, text):
    query(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(name), sql.Literal(text)
        )
    )


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
        _install(f"updating {name}", name, "-i", "-u", names)
    _set_comment(name, key)


def set_channel(name, url):
    """Let the demo's channel deliver to ``url``, unless it was given an address of another machine."""
    known = query(
        "SELECT res_id FROM ir_model_data WHERE module = 'srsp_disclosure' AND name = 'demo_channel'",
        database=name,
    )
    urls = known and query(
        "SELECT url FROM srsp_channel WHERE id = %s", *known[0], database=name
    )
    if urls and urls[0][0] != url and urls[0][0].startswith("http://127.0.0.1:"):
        os.environ["SRSP_PLATFORM"] = url
        with open(Path(__file__).with_name("channel.py")) as program:
            run_odoo(
                f"letting the demo deliver to {url}",
                "shell",
                "-d",
                name,
                "--no-http",
                stdin=program,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "action",
        choices=["check", "template", "copy", "drop", "server", "channel"],
    )
    parser.add_argument("name", nargs="?")
    parser.add_argument("--no-demo", dest="demo", action="store_false")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--url")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends Odoo on the way out
    try:
        if given.action == "check":
            pg.check()
        elif given.action == "template":
            print(template(given.demo, given.quick))
        elif given.action == "copy":
            source = os.environ.get("SRSP_TEMPLATE")
            print(copy(run_name(given.name), source, given.demo))
        elif given.action == "drop":
            drop(given.name)
        elif given.action == "channel":
            set_channel(given.name, given.url)
        else:
            server(given.name, given.demo, given.fresh)
    except (DatabaseError, psycopg2.Error) as error:
        sys.exit(f"databases: {error}")


if __name__ == "__main__":
    main()
