"""What script/ promises beyond starting: the strict test run, the configuration, the benchmarks' form."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "script/lib"


def python(*arguments, cwd=ROOT, path=LIB):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("body", "options", "status"),
    [
        ("import pytest\ndef test_a():\n    pytest.skip('no browser')", [], 1),
        ("import pytest\npytest.skip('no', allow_module_level=True)", [], 1),
        ("import pytest\n@pytest.mark.xfail\ndef test_a():\n    assert 0", [], 1),
        ("import pytest\ndef test_a():\n    pytest.skip('no')", ["--allow-skips"], 0),
        ("def test_a():\n    pass", [], 0),
    ],
)
def test_a_skip_that_nobody_asked_for_fails_the_run(tmp_path, body, options, status):
    (tmp_path / "test_it.py").write_text(body + "\n")
    run = python(
        *["-m", "pytest", "-p", "pytest_srsp", "-p", "no:odoo", "-q", *options],
        cwd=tmp_path,
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert ("skipped though nobody asked" in run.stdout) == (status == 1)


def test_the_configuration_is_understood_whole_and_finds_the_addons():
    run = python(
        "-c",
        "from odoo.tools import config; config.parse_config(['-c', 'odoo.conf']);"
        "print(config['addons_path'], config['data_dir'], config['list_db'])",
    )
    assert "WARNING" not in run.stderr
    assert str(ROOT / "addons") in run.stdout
    assert str(ROOT / ".local/data") in run.stdout
    assert run.stdout.strip().endswith("False")


@pytest.mark.parametrize(
    "name",
    [
        *["addons_path", "data_dir", "db_host", "db_replica_host", "workers"],
        *["max_cron_threads", "proxy_mode", "http_interface"],
    ],
)
def test_the_configuration_explains_what_a_bureau_must_decide(name):
    lines = (ROOT / "odoo.conf").read_text(encoding="utf-8").splitlines()
    [at] = [
        i for i, line in enumerate(lines) if line.lstrip("; ").startswith(name + " =")
    ]
    above = lines[max(0, at - 8) : at]
    assert any(line.startswith("; ") and " = " not in line for line in above)


def test_a_measurement_is_one_line_of_json_with_the_ratio_of_the_medians(tmp_path):
    (tmp_path / "bench_probe.py").write_text(
        "SIZE = 7\n"
        "def run(size, tools):\n"
        "    yield {'ours_s': 3.0, 'peer': 'other', 'peer_s': 1.5}\n"
    )
    program = "import bench, sys; bench.measure('probe', int(sys.argv[1]) or None)"
    for asked, size in (("0", 7), ("9", 9)):
        run = python("-c", program, asked, path=f"{LIB}:{tmp_path}")
        [line] = run.stdout.splitlines()
        assert run.stderr == f"bench probe: size {size}\n"
        result = json.loads(line)
        assert result.pop("peak_mb") > 0
        assert result == {
            "bench": "probe",
            "size": size,
            "ours_s": 3.0,
            "peer": "other",
            "peer_s": 1.5,
            "ratio": 2.0,
        }


def test_the_tests_ask_for_libreoffice_but_nothing_fails_without_a_pdf_printer():
    program = """
        . script/lib/base.sh && . script/lib/postgres.sh && . script/lib/setup.sh
        command() { case $2 in soffice | wkhtmltopdf) return 1 ;; esac; builtin command "$@"; }
        is_root() { false; }
        missing_packages test
        echo -- && missing_packages
        want_printing
    """
    run = subprocess.run(
        ["bash", "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    for_tests, for_server = run.stdout.split("--\n")
    assert "libreoffice-calc-nogui" in for_tests.split()
    assert "libreoffice-calc-nogui" not in for_server.split()
    assert "wkhtmltopdf" not in run.stdout
    [said] = run.stderr.splitlines()
    assert said.endswith("a report opens as a page, which the browser prints")
