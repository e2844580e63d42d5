"""The command line: messages without traceback, and the exit status that was promised."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.cli import main


@pytest.fixture(autouse=True)
def _in_project(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root)


def test_unknown_programme_exits_1_and_names_the_nearest():
    result = CliRunner().invoke(main, ["run", "moz_saving"])
    assert result.exit_code == 1
    assert "nearest: 'moz_savings'" in result.stderr
    assert "Traceback" not in result.output


def test_unknown_engine_is_wrong_usage():
    result = CliRunner().invoke(main, ["run", "moz_savings", "-i", "saved_q4", "--engine", "papermil"])
    assert result.exit_code == 2
    assert "nearest: 'papermill'" in result.stderr


def test_no_data_folder_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    result = CliRunner().invoke(main, ["run"])
    assert result.exit_code == 2
    assert "data_raw/" in result.stderr


def test_check_prints_what_was_read_and_exits_0_without_errors():
    result = CliRunner().invoke(main, ["check", "moz_savings"])
    assert result.exit_code == 0
    assert "households.parquet: 3081 rows" in result.stdout
    assert "rules hold everywhere" in result.stdout


def test_help_loads_nothing_heavy():
    heavy = ("polars", "papermill", "nbconvert", "plotly", "statsmodels", "scipy")
    code = (
        "import sys; from evalkit.cli import main; main(['--help'], standalone_mode=False); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.rstrip().endswith("[]")


def test_what_a_disk_refuses_is_told_without_traceback(monkeypatch: pytest.MonkeyPatch):
    def full(request: object) -> None:
        raise OSError(28, "No space left on device", ".cache/x")

    monkeypatch.setattr("evalkit.batch.make_plan", full)
    result = CliRunner().invoke(main, ["run", "moz_savings"])
    assert result.exit_code == 1
    assert ".cache/x: No space left on device. Needed: room and permission." in result.stderr
    assert "Traceback" not in result.output
