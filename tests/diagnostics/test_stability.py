"""Whether an answer hangs on one village: by hand, against leave_one_out, and in the words of a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import report
from evalkit.design import Design
from evalkit.diagnostics import leave_one_out, pre_trend_power, stability
from evalkit.report.sample import stability_text
from tests.small_panels import village_panel

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")
FOLDER = Path(__file__).parents[2] / "data_raw" / "suqian_ecommerce"


def two_rounds(pilot: list[float], comparison: list[float]) -> evalkit.Inference:
    """One household in each village; its change from round 1 to 2 is given."""
    changes = [(2, c) for c in pilot] + [(0, c) for c in comparison]
    rows = [(f"v{i}", t, g, c * (t == 2)) for i, (g, c) in enumerate(changes) for t in (1, 2)]
    frame = pl.DataFrame(rows, schema=["village", "round", "first", "y"], orient="row").cast({"y": pl.Float64})
    design = replace(DESIGN, unit="village")
    return evalkit.infer(evalkit.did(evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])), "crv3")


def test_by_hand() -> None:
    """Pilot changes 3, 4, 5, comparison 0, 1, 2: 4 − 1 = 3. Without 3: 4.5 − 1; without 0: 4 − 1.5; 2.5 to 3.5."""
    found = stability(two_rounds([3, 4, 5], [0, 1, 2]))
    assert found is not None
    assert (found.lowest, found.highest) == pytest.approx((2.5, 3.5))
    assert (found.verdict, found.n_villages) == ("stable", 6)


def test_one_village_makes_the_answer() -> None:
    """Changes 0, −1, 10 and 0, 1, 2: 3 − 1 = 2; without the 10 it is −.5 − 1."""
    found = stability(two_rounds([0, -1, 10], [0, 1, 2]))
    assert found is not None
    assert found.lowest == pytest.approx(-1.5)
    assert found.verdict == "turns"


def test_a_lone_pilot_village_leaves_nothing() -> None:
    main = replace(two_rounds([3, 4], [0, 1, 2]), estimate=two_rounds([3], [0, 1, 2]).estimate)
    found = stability(main)
    assert found is not None
    assert found.verdict == "undetermined"


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_it_says_what_the_table_says(seed: int) -> None:
    frame = village_panel(seed, [3] * 3 + [0] * 4, households=3, rounds=4, missing=0.1)
    main = evalkit.infer(evalkit.did(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"])))
    found, table = stability(main), leave_one_out(main.estimate)
    assert found is not None
    row, values = main.row("att"), table["estimate"].to_list()
    assert (found.lowest, found.highest) == (min(values), max(values))
    same_side = all(v * row["estimate"] > 0 for v in values)
    inside = all(row["conf_low"] <= v <= row["conf_high"] for v in values)
    assert found.verdict == ("turns" if not same_side else "stable" if inside else "shifts")


def test_a_public_page_gives_the_verdict_and_an_internal_one_the_range() -> None:
    finding = evalkit.evaluate(evalkit.load(FOLDER), "disposable_income_pc_yuan")
    assert finding.stability is not None
    public = stability_text(finding, "zh")
    assert public == "逐一剔除每个村后重新估计，方向都不变，结果都在区间之内。"
    assert public in report.limits(finding).html
    rules = finding.programme.disclosure.model_copy(update={"audience": "internal"})
    internal = replace(finding, programme=finding.programme.model_copy(update={"disclosure": rules}))
    assert f"{finding.stability.lowest:.0f}至{finding.stability.highest:.0f}元/年" in stability_text(internal, "zh")
    assert set(finding.to_dict()["stability"]) == {"verdict"}


def test_drift_of_group_time_is_that_of_event_study_with_one_cohort() -> None:
    """One cohort, everybody seen in all rounds: both paths are the same differences of means.

    CRV2's standard errors are for linear regressions only, so both are taken with crv1, whose factors differ by
    (N − 1)/(N − K)·G/(G − 1).
    """
    frame = village_panel(11, [3] * 5 + [0] * 6, households=4, rounds=5, missing=0.0)
    moments = evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"])
    path = evalkit.group_time(moments, comparison="never", base="universal", aggregate="dynamic")
    one = pre_trend_power(evalkit.infer(path, "crv1"))
    other = pre_trend_power(evalkit.infer(evalkit.event_study(moments), "crv1"))
    assert one is not None
    assert other is not None
    n, k, g = frame.height, 4 + 5, 11
    factor = ((n - 1) / (n - k) * g / (g - 1)) ** 0.5
    assert one.slope_80 * factor == pytest.approx(other.slope_80, rel=0.02)
    assert one.bias_80 / one.slope_80 == pytest.approx(2.0)  # event times 0, 1, 2 are 1, 2, 3 rounds from the base
