"""Repeated cross-sections: other households each round, the same villages. By hand, beside peers, and what refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import report
from evalkit.cli import main
from evalkit.design import Design
from evalkit.diagnostics import attrition, comparison_mean, four_cell, means_by_round
from evalkit.errors import DesignError, UsageError
from evalkit.moments import Moments
from evalkit.panel import Panel

EXACT = 1e-9
"""Relative: the same normal equations, solved in another order."""
DEMEANED = 1e-6
"""Relative: pyfixest demeans by iteration and stops at its own tolerance (1e-6)."""


def design(weights: str | None = None, unit: str | None = None) -> Design:
    return Design(unit=unit, cluster="village", time="round", first_treated="first", weights=weights)


def sections(seed: int, first: tuple[int, ...] = (3, 3, 3, 4, 4, 4, *[0] * 8), rounds: int = 5) -> pl.DataFrame:
    """Other households each round, 3 to 11 a village; effect 1.5, growing; villages differ in level."""
    rng = np.random.default_rng(seed)
    rows = []
    for v, g in enumerate(first):
        level = rng.normal(0, 2)
        for t in range(1, rounds + 1):
            for _ in range(rng.integers(3, 12)):
                effect = 1.5 * (0 < g <= t) * (1 + 0.2 * (t - g))
                rows.append((f"v{v:02d}", t, g, level + 0.3 * t + effect + rng.normal(), rng.uniform(0.5, 2)))
    frame = pl.DataFrame(rows, schema=["village", "round", "first", "y", "weight"], orient="row")
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    return frame.with_columns(treated.cast(pl.Int8).alias("d"), pl.int_range(pl.len()).alias("id"))


def moments(frame: pl.DataFrame, weights: str | None = None) -> Moments:
    return Moments.from_frame(frame, design=design(weights), outcomes=["y"])


def test_by_hand() -> None:
    """Pilot village: 10 | 14, 16; comparison: 8, 12 | 11. Means 10 | 15 and 10 | 11: (15 − 10) − (11 − 10) = 4."""
    rows = [("p", 1, 2, 10), ("p", 2, 2, 14), ("p", 2, 2, 16), ("c", 1, 0, 8), ("c", 1, 0, 12), ("c", 2, 0, 11)]
    frame = pl.DataFrame(rows, schema=["village", "round", "first", "y"], orient="row").cast({"y": pl.Float64})
    found = moments(frame)
    estimate = evalkit.did(found)
    assert estimate.values[0] == pytest.approx(4, rel=EXACT)
    assert (estimate.counts.n_obs, estimate.counts.n_units, estimate.counts.n_clusters) == (6, 6, 2)
    pilot = four_cell(found).row("pilot")
    assert (pilot.before, pilot.after, pilot.n_units) == (10.0, 15.0, 1)
    assert means_by_round(found)["n_units"].to_list() == [1, 2, 2, 1]
    assert comparison_mean(found) == 11.0


@pytest.mark.parametrize("weights", [None, "weight"])
def test_did_as_pyfixest_on_the_rows(weights: str | None) -> None:
    import pyfixest as pf

    frame = sections(3)
    fit = pf.feols("y ~ d | village + round", data=frame.to_pandas(), vcov={"CRV1": "village"}, weights=weights)
    row = evalkit.infer(evalkit.did(moments(frame, weights)), "crv1").row("att")
    assert row["estimate"] == pytest.approx(float(fit.coef()["d"]), rel=DEMEANED)
    assert row["std_error"] == pytest.approx(float(fit.se()["d"]), rel=DEMEANED)
    assert row["p_value"] == pytest.approx(float(fit.pvalue()["d"]), rel=10 * DEMEANED)


def test_event_study_as_pyfixest_on_the_rows() -> None:
    import pyfixest as pf

    frame = sections(4)
    since = pl.when(pl.col("first") > 0).then(pl.col("round") - pl.col("first")).otherwise(-1)
    fit = pf.feols(
        "y ~ i(since, ref=-1) | village + round",
        data=frame.with_columns(since.alias("since")).to_pandas(),
        vcov={"CRV1": "village"},
    )
    found = evalkit.infer(evalkit.event_study(moments(frame)), "crv1").tidy()
    peers = dict(zip(fit.coef().index, zip(fit.coef(), fit.se(), strict=True), strict=True))
    for k in (-3, -2, 0, 1, 2):
        row = found.row(by_predicate=pl.col("term") == f"event_time={k}", named=True)
        peer = next(v for name, v in peers.items() if name.endswith((f"::{k}", f"[{k}]", f"[T.{k}]")))
        assert (row["estimate"], row["std_error"]) == pytest.approx(peer, rel=DEMEANED)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("weights", [None, "weight"])
def test_group_time_as_diff_diff(weights: str | None) -> None:
    """diff-diff has G/(G − 1) in its clustered variance; ours has no such factor (R did)."""
    from diff_diff import CallawaySantAnna, SurveyDesign

    frame = sections(5)
    survey = {"survey_design": SurveyDesign(weights="weight", psu="village")} if weights else {}
    peer = CallawaySantAnna(panel=False, cluster=None if weights else "village", estimation_method="reg").fit(
        frame.to_pandas(), outcome="y", unit="id", time="round", first_treat="first", **survey
    )
    result = evalkit.infer(evalkit.group_time(moments(frame, weights), comparison="never"), "crv1")
    factor = np.sqrt(14 / 13)
    row = result.row("att")
    assert row["estimate"] == pytest.approx(peer.overall_att, rel=EXACT)
    assert row["std_error"] * factor == pytest.approx(peer.overall_se, rel=1e-7)
    for (g, t), effect in peer.group_time_effects.items():
        row = result.row(f"cohort={g},time={t}")
        assert row["estimate"] == pytest.approx(effect["effect"], rel=EXACT)
        assert row["std_error"] * factor == pytest.approx(effect["se"], rel=1e-7)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from([None, "weight"]))
def test_order_and_ids_do_not_matter_and_parts_add(seed: int, weights: str | None) -> None:
    frame = sections(seed)
    whole = evalkit.infer(evalkit.did(moments(frame, weights)), "crv3").tidy()
    assert (
        evalkit.infer(evalkit.did(moments(frame.sample(fraction=1, shuffle=True, seed=seed), weights)), "crv3")
        .tidy()
        .equals(whole)
    )
    a, b = (moments(frame.filter((pl.col("village") < "v05") == side), weights) for side in (True, False))
    merged = evalkit.infer(evalkit.did(a.merge(b)), "crv3").row("att")
    assert merged["estimate"] == pytest.approx(whole["estimate"][0], rel=EXACT)
    assert merged["std_error"] == pytest.approx(whole["std_error"][0], rel=EXACT)


def test_every_method_of_few_villages_answers_from_the_sums() -> None:
    estimate = evalkit.did(moments(sections(3)))
    for method in ("crv2", "crv3", "jackknife", "wild", "randomization"):
        assert 0 <= evalkit.infer(estimate, method, draws=199).row("att")["p_value"] < 0.05, method


def test_a_stored_file_is_the_same_and_what_follows_households_refuses(tmp_path: Path) -> None:
    found = moments(sections(3))
    stored = Moments.read(found.write(tmp_path / "m.parquet"))
    assert evalkit.infer(evalkit.did(stored)).tidy().equals(evalkit.infer(evalkit.did(found)).tidy())
    for name in ("imputation", "sun_abraham", "ppml", "synthetic_did"):
        with pytest.raises(DesignError, match=r"it is left out \(repeated cross-sections\)"):
            getattr(evalkit, name)(stored)
    with pytest.raises(UsageError, match="follows households"):
        evalkit.group_time(stored, sample="pairwise")


def test_treatment_by_household_is_refused() -> None:
    frame = sections(3).with_columns(pl.when(pl.col("id") % 2 == 0).then("first").otherwise(0).alias("first"))
    with pytest.raises(DesignError, match="some households of a village are treated and others are not"):
        moments(frame)


def test_nobody_is_followed_so_nobody_is_lost() -> None:
    panel = Panel.from_frame(sections(3), design=design(), outcome="y")
    assert attrition(panel) is None
    assert evalkit.did(panel).values == pytest.approx(evalkit.did(moments(sections(3))).values, rel=EXACT)


def test_the_command_takes_rows_without_a_unit(tmp_path: Path) -> None:
    sections(3).write_csv(tmp_path / "rounds.csv")
    words = ["--outcome", "y", "--cluster", "village", "--time", "round", "--first-treated", "first"]
    done = CliRunner().invoke(main, ["estimate", str(tmp_path / "rounds.csv"), *words, "--json"])
    assert done.exit_code == 0, done.output
    row = evalkit.infer(evalkit.did(moments(sections(3)))).row("att")
    assert f'"estimate": {row["estimate"]}' in done.output
    refused = CliRunner().invoke(main, ["estimate", str(tmp_path / "rounds.csv"), *words, "--estimator", "imputation"])
    assert refused.exit_code == 1
    assert "name the column (--unit), or choose one of these" in refused.output


PLAN = """
schema_version = 1
[programme]
id = "rounds"
name = { zh = "轮次抽样", en = "Rounds" }
provenance = "simulated"
[design]
cluster = "village_id"
time = "year"
first_treated = "adoption_year"
assignment = "chosen"
[[sources]]
kind = "survey"
file = "rounds.csv"
key = ["interview_id"]
codebook = "codebook.csv"
[[indicators]]
name = "sales_yuan"
label = { zh = "户均销售额", en = "Sales per household" }
domain = "sales"
unit = "yuan"
family = "main"
estimator = "group_time"
robustness = ["did"]
"""
HEADER = (
    "raw_header,name,kind,unit,factor,round,recall,price_basis,min,max,missing_codes,identifier,label_zh,label_en,"
    "source"
)
COLUMNS = ("interview_id,id", "village_id,id", "year,integer", "adoption_year,integer", "sales_yuan,number")


def test_a_programme_without_unit_has_its_page(tmp_path: Path) -> None:
    """A plan without `unit` is evaluated to the same number as the frame, and its page is written in both languages."""
    frame = sections(3)
    adopted = pl.when(pl.col("first") > 0).then(pl.col("first") + 2010)
    named = {"interview_id": "id", "village_id": "village", "sales_yuan": "y"}
    raw = frame.select(
        *[pl.col(old).alias(new) for new, old in named.items()],
        (pl.col("round") + 2010).alias("year"),
        adopted.alias("adoption_year"),
    )
    raw.write_csv(tmp_path / "rounds.csv")
    (tmp_path / "programme.toml").write_text(PLAN, encoding="utf-8")
    lines = [f"{c.split(',')[0]},{c},{'yuan' if 'yuan' in c else ''},,,,,,,,,,," for c in COLUMNS]
    (tmp_path / "codebook.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    finding = evalkit.evaluate(evalkit.load(tmp_path), "sales_yuan")
    expected = evalkit.group_time(moments(frame), comparison="not_yet").values[0]
    assert finding.main.row("att")["estimate"] == pytest.approx(expected, rel=EXACT)
    assert finding.attrition is None
    assert finding.gate.claim == "effect_if_parallel_trends"
    shown = report.statement(finding)._repr_html_()
    assert "户均销售额" in shown
    assert "the sales per household" in shown
