"""pytest plugin: a test that is skipped has not run, so a run with skips fails and names them."""

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir


def pytest_addoption(parser):
    parser.addoption(
        "--allow-skips",
        action="store_true",
        help="do not fail the run because tests were skipped",
    )


class StrictSkips:
    def __init__(self):
        self.skipped = []

    def pytest_runtest_logreport(self, report):
        if report.skipped:
            reason = (
                report.longrepr[2]
                if isinstance(report.longrepr, tuple)
                else report.wasxfail
            )
            self.skipped.append(f"{report.nodeid}: {reason}")

    def pytest_collectreport(self, report):
        if report.skipped:
            self.skipped.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_sessionfinish(self, session):
        if self.skipped and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.skipped:
            terminalreporter.section(
                "skipped though nobody asked for it: the run fails", red=True
            )
            for line in self.skipped:
                terminalreporter.line(line)


def pytest_configure(config):
    set_hypothesis_home_dir(config.rootpath / ".local/hypothesis")
    # The same examples in every run, which take as long as they take.
    settings.register_profile("srsp", database=None, deadline=None, derandomize=True)
    settings.load_profile("srsp")
    if not config.getoption("--allow-skips"):
        config.pluginmanager.register(StrictSkips(), "srsp-strict-skips")
