"""One pilot village beside a few others: an interval where the wild bootstrap covered in the study, else none."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import evalkit
from evalkit.inference.auto import few_villages
from evalkit.inference.lone_pilot import covers_one_pilot, relative_weight
from evalkit.results import Estimate
from tests.small_panels import village_panel

DESIGN = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")


def _did(pilot: int, others: list[int], *, heavy: float = 1.0) -> Estimate:
    """Return a did of two rounds: the pilot village has `pilot` households of weight `heavy`, the others `others`."""
    most = max(pilot, *others)
    rows = village_panel(3, [2] + [0] * len(others), households=most, rounds=2, missing=0.0)
    kept = pl.col("household").str.extract(r"_(\d+)$").cast(pl.Int64) < pl.col("village").replace_strict(
        {f"v{v}": n for v, n in enumerate([pilot, *others])}, return_dtype=pl.Int64
    )
    rows = rows.filter(kept).with_columns(weight=pl.when(pl.col("first") > 0).then(heavy).otherwise(1.0))
    design = DESIGN if heavy == 1.0 else replace(DESIGN, weights="weight")
    return evalkit.did(evalkit.Moments.from_frame(rows, design=design, outcomes=["y"]))


@pytest.mark.parametrize(("comparison", "method"), [(3, "wild"), (18, "wild"), (19, "ferman_pinto")])
def test_what_auto_takes(comparison: int, method: str) -> None:
    result = evalkit.infer(_did(4, [4] * comparison))
    assert result.method == method
    row = result.row("att")
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_two_others_are_too_few() -> None:
    with pytest.raises(evalkit.DesignError, match=r"1 pilot village\. Needed"):
        evalkit.infer(_did(4, [4, 4]))


def test_says_that_the_interval_is_long() -> None:
    assert evalkit.infer(_did(4, [4] * 6)).reason.endswith(
        "with one pilot village and few others the interval is long and can hardly show an effect"
    )


@pytest.mark.parametrize(
    ("others", "weight"), [([3, 5, 4, 4], 1.0), ([8, 8, 8], 0.5), ([4, 4, 4, 3], 16 / 15), ([2, 2, 2, 2], 2.0)]
)
def test_size_is_told_in_mean_comparison_villages(others: list[int], weight: float) -> None:
    """Balanced rounds and no weights: a pilot of four households weighs 4 over the others' mean number."""
    estimate = _did(4, others)
    assert relative_weight(estimate) == pytest.approx(weight)
    assert covers_one_pilot(estimate, "wild") is (weight <= 1)


def test_a_larger_pilot_village_is_refused_with_its_size() -> None:
    with pytest.raises(evalkit.DesignError, match=r"1 pilot village, 1\.25 times as large as the mean comparison"):
        evalkit.infer(_did(5, [4] * 6))


def test_beside_three_villages_any_size_is_covered() -> None:
    assert evalkit.infer(_did(12, [4, 4, 4])).method == "wild"
    with pytest.raises(evalkit.DesignError, match=r"3\.00 times as large"):
        evalkit.infer(_did(12, [4, 4, 4, 4]))


def test_weights_count_as_households_do() -> None:
    assert relative_weight(_did(4, [4] * 5, heavy=1.5)) == pytest.approx(1.5)


def test_other_methods_cover_no_single_pilot_village() -> None:
    """A page asks by method: what `auto` takes says nothing about CRV1, which held the truth 6 times in 10."""
    estimate = _did(4, [4] * 6)
    assert few_villages(estimate) == few_villages(estimate, "wild") == ""
    assert few_villages(estimate, "crv1") == few_villages(estimate, "crv2") == "1 pilot village"


def test_other_estimators_were_not_measured() -> None:
    rows = village_panel(3, [2, 0, 0, 0, 0], missing=0.0)
    moments = evalkit.Moments.from_frame(rows, design=DESIGN, outcomes=["y"])
    assert relative_weight(evalkit.event_study(moments)) is None
    assert relative_weight(evalkit.did(moments)) == pytest.approx(1.0)
