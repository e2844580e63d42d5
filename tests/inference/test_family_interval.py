"""The interval within a family: by hand, against statsmodels' corrected tests, and what holds for every family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

import evalkit
from evalkit.errors import UsageError
from evalkit.inference.family_interval import family_interval
from evalkit.inference.infer import infer, infer_or_none
from evalkit.results import Inference

DESIGN = evalkit.Design(unit="village", cluster="village", time="round", first_treated="first")


def result(pilot: list[float], comparison: list[float], method: str = "jackknife") -> Inference:
    """Return the did of villages whose outcome is 0 before and its change after."""
    changes = [float(y) for y in (*pilot, *comparison)]
    first = [2] * len(pilot) + [0] * len(comparison)
    names = [f"v{i:02d}" for i in range(len(changes))]
    before = pl.DataFrame({"village": names, "round": 1, "first": first, "y": 0.0})
    frame = pl.concat([before, before.with_columns(pl.lit(2).alias("round"), pl.Series("y", changes))])
    return infer(evalkit.did(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"])), method)


def test_by_hand() -> None:
    """Pilot changes 1, 3, 5, 7, comparison 0, 0, 2, 2, 1: 3 with s.e. √(712/324) = 1.4824, 6.675 df (test_jackknife).

    One of five has the level 1 − .05/5 = .99: t(.995, 6.675) = 3.558 (between 3.707 for 6 and 3.499 for 7
    in any table), so 3 ∓ 5.275.
    """
    found = family_interval(result([1, 3, 5, 7], [0, 0, 2, 2, 1]), 5)
    assert found is not None
    assert found.conf_level == pytest.approx(0.99)
    assert (found.conf_low, found.conf_high) == pytest.approx((3 - 5.275, 3 + 5.275), abs=2e-3)
    df = 0.7625**2 / (0.5625**2 / 4 + 0.2**2 / 5)
    assert found.conf_high == pytest.approx(3 + student.ppf(0.995, df) * (712 / 324) ** 0.5, rel=1e-10)


def test_leaves_out_zero_where_statsmodels_rejects() -> None:
    """Bonferroni's adjusted p of statsmodels is below 5 % exactly where the interval of the family leaves out zero."""
    rng = np.random.default_rng(4)
    family = [result(list(rng.normal(shift, 1, 6)), list(rng.normal(0, 1, 7))) for shift in np.linspace(0, 4, 12)]
    rejected = multipletests([r.row("att")["p_value"] for r in family], 0.05, method="bonferroni")[0]
    ends = [family_interval(r, len(family)) for r in family]
    assert [bool(e.conf_low > 0 or e.conf_high < 0) for e in ends] == rejected.tolist()
    assert 0 < rejected.sum() < len(family)


@given(st.integers(0, 10**6), st.integers(2, 30), st.sampled_from(["jackknife", "crv2", "randomization"]))
@settings(max_examples=20, deadline=None)
def test_holds_the_own_interval_and_widens_with_the_family(seed: int, n: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    own = result(list(rng.normal(1, 1, 5)), list(rng.normal(0, 1, 6)), method)
    smaller, larger = family_interval(own, n, seed=1), family_interval(own, n + 1, seed=1)
    row = own.row("att")
    chain = [larger.conf_low, smaller.conf_low, row["conf_low"], row["conf_high"], smaller.conf_high, larger.conf_high]
    inner = [x for x in chain if x is not None]
    assert inner == sorted(inner)
    assert None not in (smaller.conf_low, smaller.conf_high) or method == "randomization"


def test_by_rank_there_may_be_no_end() -> None:
    """With 2 of 8 villages p is at least 1/28: at 5 % there is an interval, at 5/2 % nothing is rejected."""
    own = result([5, 6], [0, 0.5, 1, 1.5, 2, 2.5], "randomization")
    assert own.row("att")["conf_low"] is not None
    found = family_interval(own, 2)
    assert (found.conf_low, found.conf_high, found.is_bounded) == (None, None, False)


def test_none_where_it_stands_alone_or_has_no_interval() -> None:
    own = result([1, 3, 5, 7], [0, 0, 2, 2, 1])
    assert family_interval(own, 1) is None
    no_interval = infer_or_none(result([5], [0, 2, 1, 3], "crv1").estimate, "crv2")
    assert no_interval.row("att")["conf_low"] is None
    assert family_interval(no_interval, 4) is None
    for low in (np.nan, -np.inf):
        assert family_interval(replace(own, conf_low=np.full_like(own.conf_low, low)), 4) is None
    with pytest.raises(UsageError, match="n is 0"):
        family_interval(own, 0)
