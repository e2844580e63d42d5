"""What a shell offers after TAB."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from evalkit.cli import main


def offered(*arguments: str, incomplete: str = "") -> list[str]:
    complete = ShellComplete(main, {}, "evalkit", "_EVALKIT_COMPLETE")
    return [item.value for item in complete.get_completions(list(arguments), incomplete)]


@pytest.fixture(autouse=True)
def _no_other_data(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EVALKIT_DATA", raising=False)


def test_commands_and_programmes(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root)
    assert "estimate" in offered()
    assert offered("run", incomplete="moz") == ["moz_savings"]
    assert "suqian_ecommerce" in offered("check")


def test_indicators_of_the_programme_that_was_typed(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root)
    assert offered("run", "moz_savings", "-i", incomplete="saved_q") == [f"saved_q{k}" for k in (1, 2, 3, 4)]
    assert "disposable_income_pc_yuan" in offered("run", "-i")


def test_nothing_is_offered_where_there_is_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert offered("run") == []


def test_columns_of_the_file_that_was_typed(tmp_path: Path):
    file = tmp_path / "villages.csv"
    file.write_text("village,county,income\nA,x,1\n", encoding="utf-8")
    assert offered("draw", str(file), "--strata", incomplete="") == ["village", "county", "income"]
    assert offered("draw", str(file), "--strata", incomplete="county,") == ["county,village", "county,income"]
    assert offered("draw", str(tmp_path / "no.csv"), "--village", incomplete="") == []
