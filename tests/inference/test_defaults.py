"""Every method of inference by itself, without options: what `infer` gives, at 95 %, with 9,999 draws, seed 1."""

from __future__ import annotations

from functools import cache
from inspect import signature

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Estimate, Moments, Panel
from evalkit.inference.infer import AT_CUTOFF, DRAWING, FOR_DONORS, METHODS, fits
from tests.small_panels import village_panel

FOLLOWED = Design(unit="household", cluster="village", time="round", first_treated="first")


@cache
def _estimate(method: str) -> Estimate:
    """Return an estimate that the method is made for: of 8 pilot and 12 other villages, or around a cut-off."""
    rng = np.random.default_rng(8)
    if method in AT_CUTOFF:
        x = rng.normal(size=200).round(3)
        rows = pl.DataFrame({"x": x, "v": np.arange(200) % 10, "y": x + (x >= 0) + rng.normal(size=200)})
        return evalkit.discontinuity(
            Panel.from_frame(rows, design=Design(cluster="v", running="x", cutoff=0.0), outcome="y"), bandwidth=1.5
        )
    if method in {"anderson_rubin", "classical"}:
        village = np.repeat(np.arange(20), 6)
        took = (rng.random(120) < 0.2 + 0.6 * (village < 8)).astype(int)
        columns = {"v": village, "on": (village < 8).astype(int), "took": took, "y": took + rng.normal(size=120)}
        design = Design(cluster="v", treatment="on", take_up="took")
        moments = Moments.from_frame(pl.DataFrame(columns), design=design, outcomes=["y"])
        return evalkit.itt(moments, "y") if method == "classical" else evalkit.late(moments)
    rows = village_panel(8, [4] * 8 + [0] * 12, rounds=5, missing=0.0)
    moments = Moments.from_frame(rows, design=FOLLOWED, outcomes=["y"])
    return evalkit.synthetic_did(moments) if method in FOR_DONORS else evalkit.did(moments)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_without_options(method: str) -> None:
    """Draws among many sets differ with their number and the seed; the signature says both where they do not."""
    function = METHODS[method]
    given = {name: p.default for name, p in signature(function).parameters.items()}
    assert given["level"] == 0.95
    assert method not in DRAWING or (given["draws"], given["seed"]) == (9999, 1)
    alone = function(_estimate(method))
    assert alone.tidy()["conf_level"].unique().to_list() == [0.95]
    assert alone.tidy().equals(evalkit.infer(_estimate(method), method, level=0.95, draws=9999, seed=1).tidy())


def test_each_method_fits_what_it_is_made_for() -> None:
    """Ranks among villages are for a did, placebos for donors, the others for the regression; two are for one kind."""
    did, cutoff, synthetic = (_estimate(method) for method in ("crv1", "robust_student", "placebo"))
    assert {m for m in METHODS if fits(m, cutoff)} == AT_CUTOFF
    assert {m for m in METHODS if fits(m, synthetic)} == {*FOR_DONORS, "crv3"}
    assert {m for m in METHODS if fits(m, did)} == {*METHODS} - AT_CUTOFF - FOR_DONORS
    others = {"conley_taber", "ferman_pinto", "two_way"}  # for a did; and there are no rounds
    assert {m for m in METHODS if fits(m, _estimate("classical"))} == {*METHODS} - AT_CUTOFF - FOR_DONORS - others
