"""Run benchmarks: ``bench.py NAME... [--size N]``.

``tests/load/bench_NAME.py`` holds a docstring, ``SIZE`` (the default size), ``DEMO = True`` where the database needs
demo data, and ``run(size, tools)``, which yields a dictionary per measurement: ``ours_s``, ``peer`` and ``peer_s``, or
``tools.compare(...)``, which measures both in turn; without ``peer_s`` it is no comparison. The harness adds ``bench``,
``size`` and ``ratio`` and prints each as one line of JSON.
"""

import argparse
import contextlib
import importlib
import json
import resource
import statistics
import sys
import time

import databases

import odoo.sql_db
from odoo.tools import config


class Tools:
    """What a benchmark needs of its surroundings."""

    def __init__(self, name, demo=False):
        self.name = name
        self.demo = demo
        self._environment = None
        self._stack = contextlib.ExitStack()

    def say(self, text):
        print(f"bench {self.name}: {text}", file=sys.stderr, flush=True)

    @property
    def env(self):
        """Odoo's environment (superuser) on a new database with both addons, dropped at the end."""
        if self._environment is None:
            from odoo.modules.registry import Registry

            db = databases.copy(databases.run_name(self.name), demo=self.demo)
            self._stack.callback(databases.drop, db)
            self._stack.callback(odoo.sql_db.close_all)
            cursor = self._stack.enter_context(
                contextlib.closing(Registry(db).cursor())
            )
            self._environment = odoo.api.Environment(cursor, odoo.api.SUPERUSER_ID, {})
        return self._environment

    def compare(self, ours, peer, peer_name, rounds=3, before=None):
        """Medians of ``ours()`` and ``peer()`` in seconds, run in turn so that both see the same machine.

        ``before()`` runs before each of them and is not measured.
        """
        seconds = {ours: [], peer: []}
        for number in range(1, max(rounds, 3) + 1):
            for function in (ours, peer):
                if before:
                    before()
                start = time.perf_counter()
                function()
                seconds[function].append(time.perf_counter() - start)
            self.say(
                f"round {number}: ours {seconds[ours][-1]:.3f} s, {peer_name} {seconds[peer][-1]:.3f} s"
            )
        medians = [
            round(statistics.median(seconds[function]), 4) for function in (ours, peer)
        ]
        return {"ours_s": medians[0], "peer": peer_name, "peer_s": medians[1]}

    def close(self):
        self._stack.close()


def measure(name, size):
    module = importlib.import_module(f"bench_{name}")
    size = size or module.SIZE
    tools = Tools(name, getattr(module, "DEMO", False))
    tools.say(f"size {size}")
    try:
        for result in module.run(size, tools):
            result.setdefault(
                "peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            )
            if "peer_s" in result:
                result["ratio"] = round(result["ours_s"] / result["peer_s"], 3)
            print(json.dumps({"bench": name, "size": size, **result}), flush=True)
    finally:
        tools.close()


def main():
    parser = argparse.ArgumentParser(
        prog="script/bench", description="Measure against a peer."
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--size", type=int)
    given = parser.parse_args()
    known = {
        path.stem.removeprefix("bench_")
        for path in databases.ROOT.glob("tests/load/bench_*.py")
    }
    unknown = set(given.names) - known
    if unknown:
        parser.error(
            f"no such bench: {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}"
        )
    # The addons, which a bench may import, are found by the configuration.
    config.parse_config(["-c", "odoo.conf", "--log-level", "warn"])
    for name in given.names:
        measure(name, given.size)


if __name__ == "__main__":
    main()
