"""evalkit verify: equal findings stand, changed ones are told with the values that changed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.verify import differences
from evalkit.cli import main
from evalkit.errors import PlanError
from tests.batch.conftest import Project, notebook

CODE = """
import evalkit
from evalkit import report
from evalkit.batch import parameters
given = parameters.check(globals())
report.publish(evalkit.evaluate(given.programme, indicator=indicator))
"""
KEPT = ("saved_q4", "credit_used")


@pytest.fixture(scope="module")
def folder(project: Project) -> Path:
    folder = project({})
    notebook(folder / "notebooks", "impact", CODE, 'programme: str = "x"\nindicator: str = "y"')
    toml = folder / "data_raw/moz_savings/programme.toml"
    head, *indicators = re.split(r"(?m)^(?=\[\[indicators\]\])", toml.read_text(encoding="utf-8"))
    kept = [part for part in indicators if any(f'"{name}"' in part for name in KEPT)]
    toml.write_text(head + "".join(kept), encoding="utf-8")
    run_batch(make_plan(Request()), Settings(folder / "findings", 2))
    return folder


@pytest.fixture
def findings(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder / "findings", tmp_path / "findings"))


def test_untouched_findings_are_equal_and_refitted(findings: Path):
    result = CliRunner().invoke(main, ["verify", str(findings)])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("equal to the byte; statsmodels agrees") == 2
    assert "2 of 2 findings stand; 2 headlines were refitted" in result.stdout


def test_changed_numbers_are_told_and_exit_is_1(findings: Path):
    page = findings / "moz_savings/impact-saved_q4.json"
    finding = json.loads(page.read_text(encoding="utf-8"))
    right = finding["main"][0]["estimate"]
    finding["main"][0]["estimate"] = 0.5
    page.write_text(json.dumps(finding), encoding="utf-8")
    (findings / "moz_savings/impact-credit_used.json").unlink()
    result = CliRunner().invoke(main, ["verify", str(findings)])
    assert result.exit_code == 1
    assert "impact-saved_q4.html: CHANGED; statsmodels DOES NOT AGREE" in result.stdout
    assert f"main[0].estimate: 0.5 → {right}" in result.stdout
    assert "impact-credit_used.html: CHANGED" in result.stdout
    assert "0 of 2 findings stand" in result.stdout


def test_a_finding_of_another_origin_stands_and_one_without_plan_does_not(findings: Path):
    page = findings / "moz_savings/impact-saved_q4.json"
    page.write_text(page.read_text(encoding="utf-8").replace('"code_hash": "', '"code_hash": "0'), encoding="utf-8")
    manifest = json.loads((findings / "run.json").read_text(encoding="utf-8"))
    gone = next(row for row in manifest["runs"] if "credit_used" in row["page"])
    gone["page"] = "moz_savings/impact-gone.html"
    (findings / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    result = CliRunner().invoke(main, ["verify", str(findings)])
    assert result.exit_code == 1
    assert "impact-saved_q4.html: results equal; it was made from other files, code or versions" in result.stdout
    assert "impact-gone.html: NO LONGER PLANNED" in result.stdout


def test_a_folder_without_findings_is_refused(tmp_path: Path):
    from evalkit.batch.verify import verify

    with pytest.raises(PlanError, match="no manifest names a finding"):
        verify(tmp_path, Settings())


def test_differences_name_the_place():
    old = {"a": [1, {"b": 2.0}], "c": None, "d": 1}
    assert list(differences(old, {"a": [1, {"b": 2.5}], "c": 0, "e": 1, "d": True})) == [
        "a[1].b: 2.0 → 2.5",
        "c: null → 0",
        "d: 1 → true",
        'e: "nothing" → 1',
    ]
    assert list(differences(old, old)) == []
    assert list(differences([1], [1, 2], "x")) == ["x: [1] → [1, 2]"]
