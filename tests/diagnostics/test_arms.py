"""Means by arm and the four-cell table, by hand."""

from __future__ import annotations

import polars as pl
import pytest

import evalkit
from evalkit.diagnostics import attrition, comparison_mean, four_cell, means_by_round, pre_trend
from evalkit.diagnostics.pre_trend import MIN_DF
from evalkit.inference.joint import joint_test
from tests.small_panels import village_panel

DESIGN = evalkit.Design(unit="h", cluster="v", time="t", first_treated="g", weights="w")
ROWS = [
    # household, village, round, adoption, weight, outcome
    ("a", "v1", 1, 3, 1.0, 10.0), ("a", "v1", 2, 3, 1.0, 12.0), ("a", "v1", 3, 3, 1.0, 20.0),
    ("b", "v1", 1, 3, 3.0, 30.0), ("b", "v1", 2, 3, 3.0, 32.0), ("b", "v1", 3, 3, 3.0, 44.0),
    ("c", "v2", 1, 0, 1.0, 10.0), ("c", "v2", 2, 0, 1.0, 11.0), ("c", "v2", 3, 0, 1.0, 15.0),
    ("d", "v2", 1, 0, 1.0, 50.0),
    ("e", "v3", 1, 0, 1.0, 20.0), ("e", "v3", 2, 0, 1.0, 21.0), ("e", "v3", 3, 0, 1.0, 25.0),
]  # fmt: skip
FRAME = pl.DataFrame(ROWS, schema=["h", "v", "t", "g", "w", "y"], orient="row")


def test_four_cells_on_one_sample_by_hand() -> None:
    """Before = round 2 (the last before adoption), after = round 3. Household d is not seen in both and is left out.

    Pilot before (12 + 3·32)/4 = 27, after (20 + 3·44)/4 = 38, change 11. Comparison before 16, after 20, change 4.
    Second difference 11 − 4 = 7.
    """
    cells = four_cell(evalkit.Moments.from_frame(FRAME, design=DESIGN, outcomes=["y"]))
    assert (cells.before_label, cells.after_label) == ("2", "3")
    pilot, other, difference = (cells.row(n) for n in ("pilot", "comparison", "difference"))
    assert (pilot.before, pilot.after, pilot.change, pilot.n_units, pilot.n_villages) == (27, 38, 11, 2, 1)
    assert (other.before, other.after, other.change, other.n_units, other.n_villages) == (16, 20, 4, 2, 2)
    assert (difference.before, difference.after, difference.change) == (11, 18, 7)


def test_second_difference_is_the_did_of_two_rounds() -> None:
    """On a balanced panel of two rounds the second difference is the did estimate: two ways to the same number."""
    two = FRAME.filter((pl.col("t") > 1) & (pl.col("h") != "d"))
    moments = evalkit.Moments.from_frame(two, design=DESIGN, outcomes=["y"])
    assert four_cell(moments).row("difference").change == pytest.approx(evalkit.did(moments).values[0], rel=1e-12)


def test_anticipation_moves_the_baseline_back() -> None:
    design = evalkit.Design(unit="h", cluster="v", time="t", first_treated="g", anticipation=1)
    assert four_cell(evalkit.Moments.from_frame(FRAME, design=design, outcomes=["y"])).before_label == "1"


def test_means_use_everyone_observed_in_the_round() -> None:
    moments = evalkit.Moments.from_frame(FRAME, design=DESIGN, outcomes=["y"])
    means = {(r["arm"], r["time"]): (r["mean"], r["n_units"]) for r in means_by_round(moments).to_dicts()}
    assert means["comparison", 1] == (pytest.approx((10 + 50 + 20) / 3), 3)
    assert means["comparison", 3] == (20, 2)
    assert comparison_mean(moments) == 20


def test_cross_section_has_no_before() -> None:
    frame = FRAME.filter(pl.col("t") == 3).with_columns((pl.col("g") > 0).cast(pl.Int8).alias("arm"))
    design = evalkit.Design(unit="h", cluster="v", treatment="arm")
    cells = four_cell(evalkit.Moments.from_frame(frame, design=design, outcomes=["y"]))
    assert cells.before_label is None
    assert cells.row("difference").after == 32 - 20
    assert cells.row("difference").change is None


def test_attrition_by_hand() -> None:
    """Five households at the start; d alone is lost: 0 of 2 in pilot, 1 of 3 in comparison villages."""
    table = attrition(evalkit.Panel.from_frame(FRAME, design=DESIGN, outcome="y"))
    assert table is not None
    rows = {r["arm"]: r for r in table.to_dicts()}
    assert (rows["pilot"]["n_start"], rows["pilot"]["n_observed"]) == (2, 2)
    assert (rows["comparison"]["n_start"], rows["comparison"]["n_observed"]) == (3, 2)
    assert rows["difference"]["share_missing"] == pytest.approx(-1 / 3)
    assert rows["difference"]["conf_low"] is None  # one pilot village: no interval


def test_no_attrition_is_none() -> None:
    assert attrition(evalkit.Panel.from_frame(FRAME.filter(pl.col("h") != "d"), design=DESIGN, outcome="y")) is None


def _study(adoption: list[int], method: str, anticipation: int = 0) -> evalkit.Inference:
    frame = village_panel(31, adoption, rounds=6, missing=0.1)
    design = evalkit.Design(
        unit="household", cluster="village", time="round", first_treated="first", anticipation=anticipation
    )
    estimate = evalkit.event_study(evalkit.Moments.from_frame(frame, design=design, outcomes=["y"]))
    return evalkit.infer(estimate, method, draws=99)


def test_pre_trend_reads_only_leads_before_anticipation() -> None:
    """Adoption in round 5 with one round of anticipation: base round 3, so rounds 1 and 2 are leads, round 4 is not."""
    study = _study([5] * 6 + [0] * 6, "crv2", anticipation=1)
    found = pre_trend(study, 1)
    assert found is not None
    leads = [study.row(f"event_time={k}") for k in (-4, -3)]
    assert found.n_leads == 2
    assert abs(found.largest_lead) == max(abs(r["estimate"]) for r in leads)
    test = joint_test(study, ["event_time=-4", "event_time=-3"])
    assert test is not None
    assert test.df_den >= MIN_DF
    assert (found.p_joint, found.joint, found.df_joint) == (test.p_value, "wald", test.df_den)


def test_pre_trend_of_rounds_with_gaps() -> None:
    """Rounds 1, 3, 5, 7, adoption in 5: the base is 3, event time -2, and fixed; only round 1 (-4) is a lead."""
    frame = village_panel(32, [5, 5, 5, 0, 0, 0], rounds=7, missing=0.1).filter(pl.col("round") % 2 == 1)
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    path = evalkit.infer(evalkit.group_time(moments, base="universal", aggregate="dynamic"))
    found = pre_trend(path, 0)
    assert found is not None
    assert (found.n_leads, found.largest_lead_term) == (1, "event_time=-4")


@pytest.mark.parametrize(
    ("adoption", "method"), [([5] * 3 + [0] * 3, "crv2"), ([5] * 6 + [0] * 6, "crv1"), ([5] * 6 + [0] * 6, "wild")]
)
def test_pre_trend_is_bonferroni_where_no_joint_test_is_trusted(adoption: list[int], method: str) -> None:
    """Too few degrees of freedom, an F test that rejects too often, no covariance: 3 times the smallest p."""
    study = _study(adoption, method)
    found = pre_trend(study, 0)
    assert found is not None
    smallest = min(study.row(f"event_time={k}")["p_value"] for k in (-4, -3, -2))
    assert (found.p_joint, found.joint, found.df_joint) == (min(1.0, 3 * smallest), "bonferroni", None)


def test_the_last_round_before_adoption_is_a_lead_of_imputation() -> None:
    frame = village_panel(31, [5, 5, 5, 0, 0, 0], rounds=6, missing=0.1)
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    found = pre_trend(evalkit.infer(evalkit.imputation(moments, leads=2)), 0)
    assert found is not None
    assert found.n_leads == 2
    assert pre_trend(evalkit.infer(evalkit.imputation(moments)), 0) is None
