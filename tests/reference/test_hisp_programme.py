"""A seventh programme from `evalkit new`, as docs/own_data.md tells it: drafted, decided, checked, evaluated.

What a person decides is read from the document itself, so that the document cannot go wrong unnoticed. Published
numbers are those of the solutions to Gertler et al. (2016), as cases.json gives them; tolerance as in test_cases.py.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import evalkit
from evalkit.cli import main
from evalkit.finding import Finding
from tests.reference.test_cases import printed

OUTCOME = "health_expenditures"


@pytest.fixture
def place(cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and the folder in which somebody got the file."""
    (tmp_path / "data_raw").mkdir()
    (tmp_path / "office").mkdir()
    shutil.copy(cases / "hisp.parquet", tmp_path / "office")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    return tmp_path


def _call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def _plans(root: Path) -> list[str]:
    """Return the document's plans: the whole one, and the two that change design, rows and estimator of it."""
    text = (root / "docs/own_data.md").read_text(encoding="utf-8")
    whole, *others = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    return [whole, *(_changed(whole, other) for other in others)]


def _changed(whole: str, other: str) -> str:
    design = other.split("# [[sources]]")[0]
    text = re.sub(r"\[design\]\n.*?\n\n", lambda _: f"{design}\n", whole, flags=re.DOTALL).replace(
        'robustness = ["itt"]\n', ""
    )
    for entry in ("where", "estimator"):
        line = re.search(rf"^{entry} = .*$", other, re.MULTILINE)
        assert line is not None
        text = re.sub(rf"^{entry} = .*$", lambda _, new=line[0]: new, text, flags=re.MULTILINE)
    return text


def _evaluated(plan: str) -> Finding:
    assert _call("new", "hisp", "--from", "office").exit_code == 0
    Path("data_raw/hisp/programme.toml").write_text(plan, encoding="utf-8")
    assert _call("check", "hisp").exit_code == 0
    return evalkit.evaluate(evalkit.load("data_raw/hisp"), indicator=OUTCOME)


def _row(finding: Finding, term: str) -> dict[str, Any]:
    return finding.main.row(term)


def test_the_draft_asks_what_only_a_person_knows(place: Path) -> None:
    told = _call("new", "hisp", "--from", "office").stdout
    assert "the same in all rows of a village: treatment_locality, promotion_locality" in told
    assert "left out" not in told
    plan = tomllib.loads(Path("data_raw/hisp/programme.toml").read_text(encoding="utf-8"))
    assert {k: plan["design"][k] for k in ("unit", "cluster", "time")} == {
        "unit": "household_id", "cluster": "village_id", "time": "round"
    }  # fmt: skip
    refused = _call("check", "hisp")
    assert refused.exit_code == 1
    assert "design.first_treated = 'DECIDE': a person must still decide this" in refused.stderr
    assert "indicators.1.name = 'DECIDE'" in refused.stderr


def test_promotion(place: Path, root: Path) -> None:
    """0.41, −3.87 and −9.50 are printed, on 9,914 households; the interval there is by CRV2, here by jackknife."""
    found = _evaluated(_plans(root)[0])
    effect = _row(found, "late")
    assert effect["estimate"] == printed("-9.50")
    assert _row(found, "first_stage")["estimate"] == printed("0.41")
    assert _row(found, "reduced_form")["estimate"] == printed("-3.87")
    assert (effect["n_obs"], effect["n_clusters"]) == (9914, 200)
    assert (effect["conf_low"], effect["conf_high"]) == pytest.approx((-11.76, -7.24), abs=0.02)


def test_draw_of_villages(place: Path, root: Path) -> None:
    found = _evaluated(_plans(root)[1])
    effect = _row(found, "att")
    assert effect["estimate"] == printed("-10.14")
    assert (effect["conf_low"], effect["conf_high"]) == (printed("-10.93"), printed("-9.35"))
    assert (effect["n_obs"], effect["n_clusters"]) == (5629, 197)
    assert found.gate.claim == "effect"


def test_enrolled(place: Path, root: Path) -> None:
    """One of the book's 9,919 rows is of a household seen once, which household effects leave out."""
    found = _evaluated(_plans(root)[2])
    effect = _row(found, "att")
    assert effect["estimate"] == printed("-8.16")
    assert (effect["conf_low"], effect["conf_high"]) == (printed("-8.81"), printed("-7.52"))
    assert (effect["n_obs"], effect["n_clusters"]) == (9918, 100)
    assert found.gate.claim != "effect"
