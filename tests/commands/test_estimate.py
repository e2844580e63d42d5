"""evalkit estimate: the same answer from every kind of file, JSON as promised, moments and merge."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import evalkit
from evalkit.cli import main
from evalkit.results import TIDY_SCHEMA
from tests.small_panels import village_panel

OPTIONS = ["--unit", "household", "--cluster", "village", "--time", "round", "--first-treated", "first"]
FRAME = village_panel(41, [2, 2, 3, 0, 0, 0], households=5)


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def _write(frame: pl.DataFrame, file: Path) -> None:
    import pyreadstat

    writers = {
        ".csv": lambda: frame.write_csv(file),
        ".tsv": lambda: frame.write_csv(file, separator="\t"),
        ".parquet": lambda: frame.write_parquet(file),
        ".xlsx": lambda: frame.write_excel(file),
        ".dta": lambda: pyreadstat.write_dta(frame.to_pandas(), str(file)),
        ".sav": lambda: pyreadstat.write_sav(frame.to_pandas(), str(file)),
    }
    writers[file.suffix]()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".xlsx", ".dta", ".sav"])
def test_every_kind_of_file_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Values are rounded to six digits first: spreadsheets keep no more than fifteen."""
    frame = FRAME.with_columns(pl.col("y", "weight", "round_weight").round(6))
    file, reference = tmp_path / f"panel{suffix}", tmp_path / "reference.parquet"
    _write(frame, file)
    frame.write_parquet(reference)
    arguments = ("--outcome", "y", *OPTIONS, "--weights", "weight", "--json")
    assert _run("estimate", str(file), *arguments) == _run("estimate", str(reference), *arguments)


def test_json_is_what_python_says(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    answer = json.loads(_run("estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "event_study", "--json"))
    assert list(answer) == ["terms", "estimator", "inference", "design", "gate", "warnings"]
    assert [list(row)[: len(TIDY_SCHEMA)] for row in answer["terms"]] == [list(TIDY_SCHEMA)] * len(answer["terms"])
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    expected = evalkit.infer(evalkit.event_study(evalkit.Moments.from_frame(FRAME, design=design, outcomes=["y"])))
    assert answer["terms"] == expected.tidy().to_dicts()
    assert answer["inference"] == "crv2"
    assert answer["design"]["assigned_to"] == "cluster"
    assert answer["gate"]["claim"] == "effect_if_parallel_trends"
    base = next(r for r in answer["terms"] if r["term"] == "event_time=-1")
    assert (base["estimate"], base["std_error"]) == (0.0, None)


def test_repeated_with_a_seed(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    arguments = (
        "estimate",
        str(file),
        "--outcome",
        "y",
        *OPTIONS,
        "--inference",
        "randomization",
        "--draws",
        "19",
        "--json",
    )
    assert _run(*arguments, "--seed", "3") == _run(*arguments, "--seed", "3")
    assert _run(*arguments, "--seed", "3") != _run(*arguments, "--seed", "4")


def test_cross_section_without_time(tmp_path: Path) -> None:
    file = tmp_path / "last.csv"
    FRAME.filter(pl.col("round") == 3).with_columns((pl.col("first") > 0).cast(pl.Int8).alias("arm")).write_csv(file)
    answer = json.loads(
        _run(
            "estimate",
            str(file),
            "--outcome",
            "y",
            "--unit",
            "household",
            "--cluster",
            "village",
            "--treatment",
            "arm",
            "--json",
        )
    )
    assert answer["estimator"] == "itt"
    rows = FRAME.filter(pl.col("round") == 3)
    by_hand = rows.filter(pl.col("first") > 0)["y"].mean() - rows.filter(pl.col("first") == 0)["y"].mean()  # type: ignore[operator]
    assert answer["terms"][0]["estimate"] == pytest.approx(by_hand, rel=1e-12)


def test_moments_and_merge_stand_wherever_rows_do(tmp_path: Path) -> None:
    """Two offices with different villages sum apart; the merged file answers as the pooled rows do, to the last bit."""
    offices = (FRAME.filter(pl.col("village") < "v2"), FRAME.filter(pl.col("village") >= "v2"))
    for n, rows in enumerate(offices):
        rows.write_parquet(tmp_path / f"rows{n}.parquet")
        _run(
            "moments",
            str(tmp_path / f"rows{n}.parquet"),
            "--outcome",
            "y",
            *OPTIONS,
            "--out",
            str(tmp_path / f"m{n}.parquet"),
        )
    FRAME.write_parquet(tmp_path / "pooled.parquet")
    merged = tmp_path / "merged.parquet"
    assert "in 2 part(s)" in _run(
        "merge", str(tmp_path / "m1.parquet"), str(tmp_path / "m0.parquet"), "--out", str(merged)
    )
    for inference in ("crv2", "wild"):
        together = json.loads(_run("estimate", str(merged), "--inference", inference, "--json"))
        pooled = json.loads(
            _run(
                "estimate",
                str(tmp_path / "pooled.parquet"),
                "--outcome",
                "y",
                *OPTIONS,
                "--inference",
                inference,
                "--json",
            )
        )
        assert together["terms"] == pooled["terms"]


def test_merge_refuses_the_same_part_twice(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "rows.parquet")
    part = str(tmp_path / "m.parquet")
    _run("moments", str(tmp_path / "rows.parquet"), "--outcome", "y", *OPTIONS, "--out", part)
    result = CliRunner().invoke(main, ["merge", part, part, "--out", str(tmp_path / "both.parquet")])
    assert result.exit_code == 1
    assert "is given more than once" in result.stderr
    assert not (tmp_path / "both.parquet").exists()


def test_group_time_and_its_choices(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    choices = {"comparison": "never", "base": "universal", "sample": "all_rows", "aggregate": "dynamic"}
    flags = [word for name, value in choices.items() for word in (f"--{name}", value)]
    command = ["estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "group_time"]
    answer = json.loads(_run(*command, *flags, "--inference", "crv1", "--json"))
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    moments = evalkit.Moments.from_frame(FRAME, design=design, outcomes=["y"])
    assert answer["terms"] == evalkit.infer(evalkit.group_time(moments, **choices), "crv1").tidy().to_dicts()
    banded = json.loads(_run(*command, *flags, "--inference", "multiplier", "--json"))
    assert banded["terms"][1]["band_low"] < banded["terms"][1]["estimate"] < banded["terms"][1]["band_high"]
    simple = json.loads(_run(*command, "--anticipation", "1", "--inference", "crv1", "--json"))
    assert simple["terms"][0]["term"] == "att"
    assert any("1 round(s) of anticipation" in w for w in simple["warnings"])


def test_rounds_before_adoption_are_read_whatever_is_averaged(tmp_path: Path) -> None:
    """Round 1 is a lead (the base is round 2); without --aggregate dynamic it reaches the gate too."""
    file = tmp_path / "panel.parquet"
    village_panel(42, [3, 3, 3, 0, 0, 0], households=5).write_parquet(file)
    command = ["estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "group_time", "--json"]
    claims = [json.loads(_run(*command, *more))["gate"]["claim"] for more in ([], ["--aggregate", "dynamic"])]
    assert claims == ["effect_if_parallel_trends"] * 2


def test_a_choice_that_the_estimator_does_not_take(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    result = CliRunner().invoke(main, ["estimate", str(file), "--outcome", "y", *OPTIONS, "--base", "universal"])
    assert result.exit_code == 2
    assert "--base: did does not take it. Needed: --estimator group_time." in result.stderr


def _cross_section(tmp_path: Path) -> Path:
    rows = FRAME.filter(pl.col("round") == 3).with_columns(
        (pl.col("first") > 0).cast(pl.Int8).alias("offered"),
        ((pl.col("y") > 1) | (pl.col("first") > 0) & (pl.col("weight") > 0.8)).cast(pl.Int8).alias("joined"),
        (pl.col("y") - pl.col("weight")).alias("earlier"),
        pl.col("weight").alias("land"),
    )
    file = tmp_path / "cross.csv"
    rows.write_csv(file)
    return file


CROSS = ["--outcome", "y", "--unit", "household", "--cluster", "village"]


def test_instrument_without_rounds(tmp_path: Path) -> None:
    """`--treatment` is who took part, `--instrument` who was assigned; F, Anderson-Rubin and take-up stand beside."""
    file = _cross_section(tmp_path)
    options = [*CROSS, "--treatment", "joined", "--instrument", "offered", "--strata", "stratum"]
    answer = json.loads(_run("estimate", str(file), *options, "--json"))
    assert (answer["estimator"], answer["inference"]) == ("late", "crv3")
    assert [t["term"] for t in answer["terms"]] == ["late", "first_stage", "reduced_form"]
    rows = pl.read_csv(file)
    design = evalkit.Design(
        unit="household", cluster="village", treatment="offered", take_up="joined", strata="stratum"
    )
    expected = evalkit.late(evalkit.Moments.from_frame(rows, design=design, outcomes=["y"]))
    assert answer["terms"][0]["estimate"] == expected.values[0]
    text = " ".join(answer["warnings"])
    assert "first-stage F" in text
    assert "Anderson-Rubin" in text
    assert "took part, pilot: " in text
    stored = tmp_path / "m.parquet"
    _run("moments", str(file), *options, "--out", str(stored))
    assert json.loads(_run("estimate", str(stored), "--json"))["terms"] == answer["terms"]


def test_ancova_with_rounds_and_with_a_column(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    answer = json.loads(_run("estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "ancova", "--json"))
    assert answer["estimator"] == "ancova"
    assert "baseline is round 1" in answer["warnings"][-1]
    cross = ["estimate", str(_cross_section(tmp_path)), *CROSS, "--treatment", "offered", "--estimator", "ancova"]
    single = json.loads(_run(*cross, "--baseline", "earlier", "--json"))
    assert single["terms"][0]["n_obs"] == FRAME.filter(pl.col("round") == 3).height
    assert CliRunner().invoke(main, cross).exit_code == 1


def test_ppml_and_interacted_covariates(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.with_columns(pl.col("y").exp().round(2)).write_parquet(file)
    answer = json.loads(_run("estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "ppml", "--json"))
    assert answer["terms"][0]["log_ratio"] == pytest.approx(math.log1p(answer["terms"][0]["estimate"]))
    cross = ["estimate", str(_cross_section(tmp_path)), *CROSS, "--treatment", "offered", "--covariates", "land"]
    plain, lin = (json.loads(_run(*cross, *extra, "--json")) for extra in ([], ["--lin"]))
    assert "land × treated" in lin["warnings"][0]
    assert lin["terms"][0]["estimate"] != plain["terms"][0]["estimate"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--instrument", "offered", "--first-treated", "first"], "--instrument"),
        (["--treatment", "offered", "--lin", "--estimator", "late"], "--lin"),
        (["--treatment", "offered", "--baseline", "earlier"], "--baseline"),
        (["--treatment", "offered", "--estimator", "ppml"], "--time"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["estimate", str(_cross_section(tmp_path)), *CROSS, *options])
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("estimator", "method"),
    [("synthetic_did", "placebo"), ("synthetic_control", "auto"), ("did", "conley_taber"), ("did", "ferman_pinto")],
)
def test_one_pilot_village(tmp_path: Path, estimator: str, method: str) -> None:
    """One pilot of 21: an interval, and no more claimed than the design allows."""
    file = tmp_path / "panel.csv"
    village_panel(43, [3] + [0] * 20, households=3, rounds=4, missing=0.0).write_csv(file)
    asked = ("--estimator", estimator, "--inference", method, "--json")
    answer = json.loads(_run("estimate", str(file), "--outcome", "y", *OPTIONS, *asked))
    row = answer["terms"][0]
    assert (row["n_treated_clusters"], row["inference"]) == (1, "placebo" if method == "auto" else method)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    matched = "effect_if_parallel_trends" if estimator != "did" else "effect_if_assumed"
    assert answer["gate"]["claim"] == matched


def test_group_time_with_covariates(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    frame = village_panel(43, [2, 2, 2, 0, 0, 0], households=9, missing=0.0)
    frame = frame.with_columns(pl.col("weight").alias("land"))
    frame.write_parquet(file)
    command = ["estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "group_time", "--json"]
    answer = json.loads(_run(*command, "--covariates", "land", "--method", "reg"))
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    panel = evalkit.Panel.from_frame(frame, design=design, outcome="y", covariates=["land"])
    expected = evalkit.infer(evalkit.group_time(panel, covariates=["land"], method="reg"))
    assert answer["terms"] == expected.tidy().to_dicts()
    assert "outcome regression with land" in answer["warnings"]


@pytest.mark.parametrize(
    ("options", "terms"),
    [
        (["imputation", "--leads", "1"], ["att", "event_time=-1", "event_time=0", "event_time=1"]),
        (["sun_abraham"], ["att", "event_time=-2", "event_time=-1", "event_time=0", "event_time=1"]),
        (["event_study", "--window", "-1", "0"], ["att", "event_time=-1", "event_time=0"]),
    ],
)
def test_estimators_with_options_of_their_own(tmp_path: Path, options: list[str], terms: list[str]) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    answer = json.loads(_run("estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", *options, "--json"))
    assert [row["term"] for row in answer["terms"]] == terms
    claim = "effect_if_parallel_trends" if len(terms) > 3 else "effect_if_assumed"  # the last has no lead of its own
    assert answer["gate"]["claim"] == claim


@pytest.mark.parametrize(("option", "of"), [(["--leads", "1"], "imputation"), (["--window", "-1", "0"], "event_study")])
def test_an_option_of_another_estimator(tmp_path: Path, option: list[str], of: str) -> None:
    file = tmp_path / "panel.parquet"
    FRAME.write_parquet(file)
    arguments = ["estimate", str(file), "--outcome", "y", *OPTIONS, "--estimator", "did", *option]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code != 0
    assert f"did takes none. Needed: {of}" in result.stderr
