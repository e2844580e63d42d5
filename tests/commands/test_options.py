"""Every option of evalkit estimate does what it says; the JSON of every estimator and method follows one schema."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.results import TIDY_SCHEMA
from tests.small_panels import village_panel

ROWS = ["--unit", "household", "--cluster", "village", "--time", "round", "--first-treated", "first", "--outcome", "y"]
FRAME = village_panel(43, [2, 2, 3, 3, 0, 0, 0, 0], households=5).with_columns(
    (pl.col("household").str.slice(-1).cast(pl.Int64) % 3).alias("members")
)
TOP = {"terms": list, "estimator": str, "inference": str, "design": dict, "gate": dict, "warnings": list}
KINDS = {pl.String: str, pl.Float64: float, pl.Int64: int}
NULLABLE = {"std_error", "statistic", "df", "p_value", "conf_low", "conf_high"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rows") / "panel.parquet"
    FRAME.write_parquet(path)
    return str(path)


def _answer(file: str, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["estimate", file, *ROWS, *options, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    return dict(json.loads(result.stdout))


@pytest.mark.parametrize("method", ["auto", "crv1", "crv2", "crv3", "wild", "randomization"])
@pytest.mark.parametrize("estimator", ["did", "event_study", "itt"])
def test_schema(file: str, estimator: str, method: str) -> None:
    """One object; tidy columns first and of their kind; only what inference cannot give is null; no NaN."""
    answer = _answer(file, "--estimator", estimator, "--inference", method, "--draws", "49")
    assert {k: type(v) for k, v in answer.items()} == TOP
    assert set(answer["gate"]) == {"claim", "because"}
    assert answer["estimator"] == estimator
    default = "crv2" if estimator == "event_study" else "jackknife"
    assert answer["inference"] == (default if method == "auto" else method)
    for row in answer["terms"]:
        assert list(row)[: len(TIDY_SCHEMA)] == list(TIDY_SCHEMA)
        for name, kind in TIDY_SCHEMA.items():
            assert isinstance(row[name], KINDS[kind]) or (row[name] is None and name in NULLABLE), name
            assert not isinstance(row[name], float) or math.isfinite(row[name])
    assert answer["terms"][0]["term"] == "att"
    assert answer["terms"][0]["p_value"] is not None


def _att(file: str, *options: str) -> dict[str, Any]:
    return dict(_answer(file, *options)["terms"][0])


def test_conf_level(file: str) -> None:
    wide, narrow = _att(file), _att(file, "--conf-level", ".8")
    assert (wide["conf_level"], narrow["conf_level"]) == (0.95, 0.8)
    assert wide["conf_low"] < narrow["conf_low"] < narrow["estimate"] < narrow["conf_high"] < wide["conf_high"]


def test_weights_strata_and_covariates(file: str) -> None:
    """Each moves the estimate where it should, and is told in the design."""
    plain = _att(file, "--estimator", "itt")
    for option, name in (("--weights", "weight"), ("--strata", "stratum"), ("--covariates", "members")):
        answer = _answer(file, "--estimator", "itt", option, name)
        assert answer["terms"][0]["estimate"] != pytest.approx(plain["estimate"], abs=1e-6)
        assert option == "--covariates" or answer["design"][option[2:]] == name


def test_anticipation_moves_the_base(file: str) -> None:
    base = {}
    for n in (0, 1):
        terms = _answer(file, "--estimator", "event_study", "--anticipation", str(n))["terms"]
        base[n] = [r["term"] for r in terms if r["estimate"] == 0.0 and r["std_error"] is None]
    assert base == {0: ["event_time=-1"], 1: ["event_time=-2"]}


def test_draws_and_seed(file: str) -> None:
    given = ("--inference", "wild", "--draws", "99")
    assert _answer(file, *given, "--seed", "2") == _answer(file, *given, "--seed", "2")
    assert _att(file, *given, "--seed", "2")["p_value"] != _att(file, *given, "--seed", "3")["p_value"]


def test_treatment_column_instead_of_first_treated(file: str, tmp_path: Path) -> None:
    switched = tmp_path / "switched.parquet"
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    FRAME.with_columns(treated.cast(pl.Int8).alias("d")).write_parquet(switched)
    options = [o if o != "--first-treated" else "--treatment" for o in ROWS]
    options = [o if o != "first" else "d" for o in options]
    result = CliRunner().invoke(main, ["estimate", str(switched), *options, "--json"])
    assert json.loads(result.stdout)["terms"][0]["estimate"] == pytest.approx(_att(file)["estimate"], rel=1e-9)


def test_classical_is_for_a_cross_section(tmp_path: Path) -> None:
    path = tmp_path / "last.parquet"
    FRAME.filter(pl.col("round") == 3).with_columns((pl.col("first") > 0).alias("d")).write_parquet(path)
    options = ["--unit", "household", "--cluster", "village", "--treatment", "d", "--outcome", "y"]
    result = CliRunner().invoke(main, ["estimate", str(path), *options, "--inference", "classical", "--json"])
    assert json.loads(result.stdout)["inference"] == "classical"


def test_without_json_a_table_and_what_may_be_claimed(file: str) -> None:
    result = CliRunner().invoke(main, ["estimate", file, *ROWS])
    assert result.exit_code == 0
    assert "did, jackknife" in result.stdout
    assert "What may be claimed: effect_if_" in result.stdout


def test_permutation_of_an_event_study(tmp_path: Path) -> None:
    """Every event time but the base has a p, also one of a single village; only att has an interval."""
    path = tmp_path / "lone.parquet"
    village_panel(41, [2, 2, 3, 0, 0, 0], households=5).write_parquet(path)
    terms = _answer(str(path), "--estimator", "event_study", "--inference", "randomization")["terms"]
    assert {r["term"] for r in terms if r["p_value"] is None} == {"event_time=-1"}
    assert {r["term"] for r in terms if r["conf_low"] is not None} == {"att"}
