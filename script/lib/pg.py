"""Talk to PostgreSQL: the server that the environment names, else odoo.conf.

A database and its filestore are made under a name that ends in ``_tmp`` and get their
name when they are complete; what an interruption leaves behind is dropped next time.
"""

import configparser
import contextlib
import fcntl
import os
import shutil
import sys
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
FILESTORE = LOCAL / "data" / "filestore"
START = time.monotonic()


class DatabaseError(Exception):
    """What went wrong and what to do about it, in one line."""


def say(text):
    print(
        f"databases: [{time.monotonic() - START:3.0f} s] {text}",
        file=sys.stderr,
        flush=True,
    )


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


def admin(statement, *names):
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
def lock():
    with open(LOCAL / "databases.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another script makes a database: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def drop(name):
    """Drop a database and its files, whoever is connected."""
    admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def copy(source, target):
    """Copy database and files; ``target`` appears when complete. Files are shared as links: Odoo never changes one."""
    unfinished = f"{target}_tmp"
    drop(unfinished)
    how = " STRATEGY FILE_COPY" if connect().server_version >= 150000 else ""
    admin("CREATE DATABASE {} TEMPLATE {}" + how, unfinished, source)
    move(unfinished, target, FILESTORE / source)


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def move(unfinished, target, files):
    """Give the database its name, the last act of making it; before that, the files."""
    shutil.rmtree(FILESTORE / target, ignore_errors=True)
    if files.is_dir():
        shutil.copytree(files, FILESTORE / target, copy_function=_link)
    admin("ALTER DATABASE {} RENAME TO {}", unfinished, target)
    shutil.rmtree(FILESTORE / unfinished, ignore_errors=True)
