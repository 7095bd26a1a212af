"""People of the demo who work over HTTP: one session each, the calls a browser makes."""

from datetime import UTC, datetime, timedelta

import pg
import requests

TIMEOUT = 120


class Refused(Exception):
    """Odoo's answer was an error; the text is its message."""


class Person:
    def __init__(self, server, login):
        self.url = server.url
        self.session = requests.Session()
        self._post(
            "/web/session/authenticate",
            {"db": server.db, "login": login, "password": login},
        )

    def call(self, model, method, *args, **kwargs):
        """The result of one method of a model, as the web client calls it."""
        parameters = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", parameters)

    def find(self, model, domain, fields, **options):
        return self.call(model, "search_read", domain, fields, **options)

    def _post(self, path, parameters):
        answer = self.session.post(
            self.url + path,
            json={"jsonrpc": "2.0", "params": parameters},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        body = answer.json()
        if "error" in body:
            raise Refused(body["error"]["data"]["message"])
        return body.get("result")


def utc(seconds_from_now):
    """A UTC time as Odoo's RPC wants it."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds_from_now)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def add_user(admin, login, groups, division):
    """Make a user with a role, whose password is the login; returns the user's id."""
    [division] = admin.find("srsp.division", [("code", "=", division)], ["id"])
    [user] = admin.call(
        "res.users",
        "create",
        [
            {
                "name": login,
                "login": login,
                "password": login,
                "lang": "zh_CN",
                "tz": "Asia/Shanghai",
                "group_ids": [(4, find_group(admin, name)) for name in groups],
                "srsp_division_ids": [(4, division["id"])],
            }
        ],
    )
    return user


def find_group(admin, xmlid):
    module, name = xmlid.split(".")
    domain = [("module", "=", module), ("name", "=", name)]
    [found] = admin.find("ir.model.data", domain, ["res_id"])
    return found["res_id"]


def announce(server, task_id, seconds):
    """Announce the draw of ``task_id`` as its manager does, then bring it forward."""
    manager = Person(server, "survey_manager")
    manager.call("srsp.task", "write", [task_id], {"draw_at": utc(2 * 24 * 3600)})
    manager.call("srsp.task", "action_announce", [task_id])
    bring_forward(server, task_id, seconds)


def bring_forward(server, task_id, seconds):
    """Let an announced roster be due at once, and its draw that many seconds from now.

    By SQL, for a rulebook keeps a roster public for an hour before the draw at least; the scheduled
    actions are woken as the announcement would have done.
    """
    lock_at, draw_at = utc(0), utc(seconds)
    server.query(
        """UPDATE ir_cron_trigger call SET call_at = CASE WHEN call_at = draw_at THEN %s ELSE %s END::timestamp
             FROM srsp_task task WHERE task.id = %s AND call_at IN (lock_at, draw_at)""",
        *[draw_at, lock_at, task_id],
    )
    server.query(
        "UPDATE srsp_task SET lock_at = %s, draw_at = %s WHERE id = %s",
        *[lock_at, draw_at, task_id],
    )
    pg.query("SELECT pg_notify('cron_trigger', %s)", server.db)
