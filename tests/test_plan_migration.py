"""A plan of an older form: what is shown is what is written, comments stay, and the result is a valid plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import evalkit
from evalkit.cli import main
from evalkit.errors import PlanError
from evalkit.plan_migration import STEPS, migrated, version_of
from evalkit.programme import SCHEMA_VERSION


@pytest.fixture
def old(root: Path, tmp_path: Path) -> Path:
    """Return a plan as an office wrote it by the reference of its day: no version, a robustness that is no more."""
    text = (root / "data_raw" / "suqian_ecommerce" / "programme.toml").read_text(encoding="utf-8")
    text = text.replace("schema_version = 1\n", "")
    text = text.replace(
        'robustness = ["did", "imputation"', 'robustness = ["did", "leave_one_village_out", "imputation"', 1
    )
    assert "leave_one_village_out" in text
    folder = tmp_path / "data_raw" / "old"
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_older_plan_is_refused_with_the_way_out(old: Path):
    with pytest.raises(PlanError, match=r"schema_version is missing .evalkit migrate PROGRAMME"):
        evalkit.load(old)


def test_the_result_is_a_valid_plan_with_its_comments(root: Path, old: Path):
    before = (old / "programme.toml").read_text(encoding="utf-8")
    plan = migrated(before)
    (old / "programme.toml").write_text(plan.text, encoding="utf-8")
    today = evalkit.load(root / "data_raw" / "suqian_ecommerce")
    assert evalkit.load(old).indicators == today.indicators
    assert re.findall("#.*", plan.text) == re.findall("#.*", before)
    assert len(plan.changes) == 2


@pytest.mark.parametrize("names", ['"{0}"', '"did", "{0}"', '"{0}", "did"'])
def test_the_retired_robustness_leaves_a_valid_list(names: str):
    plan = migrated(f"robustness = [{names.format('leave_one_village_out')}]\n")
    assert "leave_one_village_out" not in plan.text
    assert version_of(plan.text) == SCHEMA_VERSION


def test_it_is_shown_and_nothing_is_written(old: Path):
    before = (old / "programme.toml").read_bytes()
    result = CliRunner().invoke(main, ["migrate", str(old)])
    assert "+schema_version = 1" in result.output.splitlines()
    assert "Nothing is written" in result.output
    assert (old / "programme.toml").read_bytes() == before
    assert [p.name for p in old.iterdir()] == ["programme.toml"]


def test_a_copy_is_written_once(old: Path, tmp_path: Path):
    copy = tmp_path / "new.toml"
    assert CliRunner().invoke(main, ["migrate", str(old), "--out", str(copy)]).exit_code == 0
    assert version_of(copy.read_text(encoding="utf-8")) == SCHEMA_VERSION
    again = CliRunner().invoke(main, ["migrate", str(old), "--out", str(copy)])
    assert again.exit_code == 2
    assert "already there" in again.output


def test_a_plan_of_today_has_nothing_to_change(root: Path):
    result = CliRunner().invoke(main, ["migrate", str(root / "data_raw" / "moz_savings")])
    assert "nothing to change" in result.output


@pytest.mark.parametrize("text", ["schema_version = 99\n", "schema_version = -1\n", 'schema_version = "1"\n', "a = \n"])
def test_what_no_version_ever_was_is_refused(text: str):
    with pytest.raises(PlanError, match=r"schema_version|TOML"):
        migrated(text)


def test_there_is_a_step_for_every_version():
    assert sorted(STEPS) == list(range(SCHEMA_VERSION))
