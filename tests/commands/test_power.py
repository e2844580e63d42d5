"""evalkit power: text, JSON, a baseline's moments, and what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import evalkit
from evalkit.cli import main

STUDY = ["power", "--pilot", "8", "--comparison", "12"]


def test_json_is_the_function_s() -> None:
    out = CliRunner().invoke(main, [*STUDY, "--households", "20", "--icc", ".1", "--take-up", ".5", "--json"])
    found = json.loads(out.stdout)
    right = evalkit.minimum_detectable_effect(evalkit.Study(8, 12, 20, 0.1, take_up=0.5))
    assert found["mde"] == pytest.approx(right.mde)
    assert found["mde_taking_part"] == pytest.approx(2 * right.mde)
    assert (found["pilot"], found["estimator"]) == (8, "did")


def test_text_says_what_was_assumed() -> None:
    out = CliRunner().invoke(main, [*STUDY, "--households", "20", "--icc", ".1", "--sd", "300", "--attrition", ".1"])
    assert out.exit_code == 0
    for words in ("8 pilot and 12 comparison villages of 20 households; 18 left", "ICC 0.1, SD 300", "80% probability"):
        assert words in out.stdout


def test_a_baseline_gives_variance_and_size(tmp_path: Path) -> None:
    """Villages of 1, 3 | 5, 7 | 9, 11: SD √17, ICC 15/17, two households (by hand in tests/diagnostics)."""
    rows = pl.DataFrame({"v": ["a", "a", "b", "b", "c", "c"], "y": [1.0, 3, 5, 7, 9, 11], "arm": [0, 0, 1, 1, 0, 0]})
    file = tmp_path / "baseline.parquet"
    evalkit.Moments.from_frame(rows, design=evalkit.Design(cluster="v", treatment="arm"), outcomes=["y"]).write(file)
    found = json.loads(CliRunner().invoke(main, [*STUDY, "--baseline", str(file), "--json"]).stdout)
    assert (found["sd"], found["icc"], found["households"]) == pytest.approx((17**0.5, 15 / 17, 2))
    given = json.loads(CliRunner().invoke(main, [*STUDY, "--baseline", str(file), "--sd", "1", "--json"]).stdout)
    assert (given["sd"], given["icc"]) == pytest.approx((1.0, 15 / 17))


def test_a_baseline_says_how_unequal_villages_are(tmp_path: Path) -> None:
    """Villages of 1 and 3 households: mean 2, standard deviation 1, cv .5; alike villages are the default."""
    rows = pl.DataFrame({"v": ["a", "b", "b", "b"], "y": [1.0, 5, 6, 8], "arm": [0, 1, 1, 1]})
    file = tmp_path / "baseline.parquet"
    evalkit.Moments.from_frame(rows, design=evalkit.Design(cluster="v", treatment="arm"), outcomes=["y"]).write(file)
    found = json.loads(CliRunner().invoke(main, [*STUDY, "--baseline", str(file), "--json"]).stdout)
    assert found["cv"] == pytest.approx(0.5)
    alike = json.loads(CliRunner().invoke(main, [*STUDY, "--baseline", str(file), "--cv", "0", "--json"]).stdout)
    assert alike["mde"] < found["mde"]


def test_an_effect_is_asked_and_a_study_drawn() -> None:
    words = [*STUDY, "--households", "20", "--icc", ".1", "--cv", ".6", "--effect", ".5", "--simulate", "20"]
    found = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    study = evalkit.Study(8, 12, 20, 0.1, cv=0.6)
    assert found["asked"]["probability"] == pytest.approx(evalkit.probability_of_finding(study, 0.5))
    assert (found["asked"]["pilot_needed"], found["asked"]["comparison_needed"]) == evalkit.villages_needed(study, 0.5)
    assert found["simulated"]["share"] == evalkit.simulated_power(study, 0.5, draws=20).power
    text = CliRunner().invoke(main, words).stdout
    for part in ("coefficient of variation 0.60", "An effect of 0.5 would be found with", "Simulated 20 times"):
        assert part in text
    plain = json.loads(CliRunner().invoke(main, [*STUDY, "--households", "20", "--icc", ".1", "--json"]).stdout)
    assert (plain["asked"], plain["simulated"]) == (None, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [([], "--households and --icc not given"), (["--households", "9", "--icc", "2"], "power, icc")],
)
def test_what_is_missing_or_cannot_be_is_wrong_usage(options: list[str], words: str) -> None:
    out = CliRunner().invoke(main, [*STUDY, *options])
    assert out.exit_code == 2
    assert words in out.stderr
