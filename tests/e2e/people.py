"""People of the demo who work over HTTP: one session each, the calls a browser makes."""

from datetime import UTC, datetime, timedelta

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


def announce(manager, task_id, seconds):
    """Announce a draw of ``task_id`` that many seconds ahead; its roster is due at once."""
    manager.call("srsp.task", "write", [task_id], {"draw_at": utc(seconds)})
    manager.call("srsp.task", "action_announce", [task_id])
