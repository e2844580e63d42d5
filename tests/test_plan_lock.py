"""A plan is fixed once; what changes afterwards is listed, on the command line and on the page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import evalkit
from evalkit import report
from evalkit.cli import main
from evalkit.plan_lock import Deviation, deviations, lock_plan, lock_text, plan_entries, read_lock


@pytest.fixture
def folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "data_raw/moz_savings", tmp_path / "data_raw/moz_savings")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    (tmp_path / "data_raw/moz_savings/plan.lock.json").unlink(missing_ok=True)
    return tmp_path / "data_raw/moz_savings"


def _edit(folder: Path, old: str, new: str) -> None:
    file = folder / "programme.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["plan", *arguments])
    return result.exit_code, result.output


def test_a_kept_plan_has_no_deviations_and_labels_are_no_plan(folder: Path):
    assert _run("lock", "moz_savings")[0] == 0
    _edit(folder, "Spending on livestock", "Livestock spending")
    code, text = _run("diff", "moz_savings")
    assert code == 0
    assert "0 deviations" in text


def test_a_changed_estimator_is_listed_with_what_was_planned(folder: Path):
    _run("lock", "moz_savings")
    _edit(folder, '"itt"', '"itt"\ninference = "crv1"')
    code, text = _run("diff", "moz_savings")
    assert code == 1
    assert "inference: planned auto, now crv1" in text


def test_a_plan_is_fixed_only_once(folder: Path):
    _run("lock", "moz_savings")
    before = (folder / "plan.lock.json").read_bytes()
    code, text = _run("lock", "moz_savings")
    assert code == 2
    assert "the plan is fixed already" in text
    assert (folder / "plan.lock.json").read_bytes() == before


def test_an_edited_lock_is_refused(folder: Path):
    _run("lock", "moz_savings")
    file = folder / "plan.lock.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    values["entries"]["design.assignment"] = "chosen"
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(evalkit.PlanError, match="was changed after the plan was fixed"):
        read_lock(evalkit.load(folder))


def test_diff_without_a_lock_says_how_to_make_one(folder: Path):
    code, text = _run("diff", "moz_savings")
    assert code == 2
    assert "evalkit plan lock moz_savings" in text


def test_deviations_of_one_indicator_leave_out_the_others(folder: Path):
    programme = evalkit.load(folder)
    lock = lock_plan(programme, "2026-01-31")
    entries = dict(lock.entries) | {"indicators.saved_q4.trivial": 9.5, "indicators.saved_q1.trivial": 9.5}
    planned = type(lock)(lock.locked_on, lock.plan_hash, entries)
    found = deviations(programme, planned, "saved_q4")
    assert found == (Deviation("indicators.saved_q4.trivial", "9.5", _now(programme, "saved_q4")),)


def _now(programme: evalkit.Programme, indicator: str) -> str | None:
    value = plan_entries(programme)[f"indicators.{indicator}.trivial"]
    return None if value is None else str(value)


def test_the_page_says_when_the_plan_was_fixed_and_what_changed(folder: Path):
    programme = evalkit.load(folder)
    assert "没有在查看结果之前锁定" in report.plan(evalkit.evaluate(programme, "saved_q4")).html
    (folder / "plan.lock.json").write_text(lock_text(lock_plan(programme, "2026-01-31")), encoding="utf-8")
    kept = report.plan(evalkit.evaluate(programme, "saved_q4")).html
    assert "评估方案于2026-01-31锁定" in kept
    assert "<table" not in kept
    _edit(folder, '"randomised"', '"chosen"')
    changed = report.plan(evalkit.evaluate(evalkit.load(folder), "saved_q4")).html
    assert "how pilot associations were chosen" in changed
    assert "<td>randomised</td><td>chosen</td>" in changed
