"""Synthetic estimates against two peers (synthetic_golden.csv, made by synthetic.py), and prop99's printed numbers.

The peers, synthdid-py and diff-diff, iterate by Frank–Wolfe and stop where the objective falls by less than
(10⁻⁵σ)², as R; evalkit's weights are the minimum itself. Their distance to it is measured: weights differ by up to
.0035, prop99's effect by .0016.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Estimate, Moments
from evalkit.estimators.synthetic import noise
from evalkit.estimators.village_series import village_series
from evalkit.inference.placebo import placebo_fits

HERE = Path(__file__).parent
GOLDEN = pl.read_csv(HERE / "synthetic_golden.csv")
PEERS = ["synthdid", "diff-diff"]
WEIGHT, EFFECT, PLACEBO = 0.004, 0.002, 0.06
"""How far the peers' iterations stop from the minimum: in a weight, in the effect, in the worst placebo of 38."""


def golden(case: str, peer: str, what: str) -> dict[str, float]:
    """Return the numbers of a peer by key."""
    rows = GOLDEN.filter((pl.col("case") == case) & (pl.col("peer") == peer) & (pl.col("what") == what))
    return dict(rows.select("key", "value").iter_rows())


@pytest.fixture(scope="module")
def panel() -> Moments:
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    return Moments.from_frame(pl.read_csv(HERE / "synthetic_panel.csv"), design=design, outcomes=["y"])


@pytest.fixture(scope="module")
def prop99(cases: Path) -> Moments:
    design = Design(unit="state", cluster="state", time="year", treatment="treated")
    return Moments.from_frame(pl.read_parquet(cases / "prop99.parquet"), design=design, outcomes=["cigsale"])


@pytest.fixture(params=["panel", "prop99"])
def case(request: pytest.FixtureRequest) -> tuple[str, Moments]:
    return request.param, request.getfixturevalue(request.param)


@pytest.mark.parametrize("peer", PEERS)
def test_weights_and_effect(case: tuple[str, Moments], peer: str) -> None:
    name, moments = case
    estimate = evalkit.synthetic_did(moments)
    fit, basis = estimate.basis.fit, estimate.basis
    donors = {c: w for c, w, d in zip(basis.clusters, fit.donors.tolist(), basis.untreated, strict=True) if d}
    assert donors == pytest.approx(golden(name, peer, "donor"), abs=WEIGHT)
    times = {str(t): w for t, w, b in zip(basis.periods, fit.times.tolist(), basis.before, strict=True) if b}
    assert times == pytest.approx(golden(name, peer, "time"), abs=WEIGHT)
    assert estimate.values[0] == pytest.approx(golden(name, peer, "sdid")["att"], abs=EFFECT)


@pytest.mark.parametrize("peer", PEERS)
def test_no_peer_has_a_lower_objective(case: tuple[str, Moments], peer: str) -> None:
    """The donors' objective (Arkhangelsky et al. 2021, eq. 4), at the peer's weights and at ours."""
    name, moments = case
    _, cells = moments.of()
    series, estimate = village_series(moments, cells, "test"), evalkit.synthetic_did(moments)
    weights = golden(name, peer, "donor")
    theirs = np.array([weights.get(c, 0.0) for c in series.clusters])
    zeta = (series.treated.sum() * series.after.sum()) ** 0.25 * noise(series)

    def objective(omega: np.ndarray) -> float:
        gap = (estimate.basis.share - omega) @ series.means[:, series.before]
        return float(((gap - gap.mean()) ** 2).sum() + series.before.sum() * zeta**2 * (omega**2).sum())

    assert objective(estimate.basis.fit.donors) <= objective(theirs) * (1 + 1e-12)


def test_jackknife_of_diff_diff(panel: Moments) -> None:
    """With weights held; theirs are off the minimum by 1e-4, which moves the standard error by 1e-3 of itself."""
    result = evalkit.infer(evalkit.synthetic_did(panel), "synthetic_jackknife")
    assert result.std_error[0] == pytest.approx(golden("panel", "diff-diff", "jackknife")["std_error"], rel=1e-3)


def test_placebo_effects_of_diff_diff(prop99: Moments) -> None:
    """Each state in California's place, with the penalties of the first fit."""
    basis = evalkit.synthetic_did(prop99).basis
    names = [c for c, d in zip(basis.clusters, basis.untreated, strict=True) if d]
    own = {c: f.att for c, f in zip(names, placebo_fits(basis, 9999, seed=1), strict=True)}
    theirs = golden("prop99", "diff-diff", "placebo")
    assert own == pytest.approx(theirs, abs=PLACEBO)
    assert np.std(list(own.values())) == pytest.approx(np.std(list(theirs.values())), rel=1e-3)


def _att(estimate: Estimate) -> float:
    return float(estimate.values[0])


def test_prop99(prop99: Moments) -> None:
    """−15.60, −27.35 and −19.5 are printed; without evalkit the minimum was computed as −15.605 and −19.514.

    R's synthetic control is −19.62: with hardly any penalty its iterations stop farther from the minimum, hence .15.
    Arkhangelsky et al. (2021, table 1) print −15.6, −27.3, −19.6.
    """
    assert _att(evalkit.synthetic_did(prop99)) == pytest.approx(-15.605, abs=0.0005)
    assert _att(evalkit.synthetic_did(prop99)) == pytest.approx(-15.60, abs=0.01)
    assert _att(evalkit.did(prop99)) == pytest.approx(-27.349, abs=0.0005)
    assert _att(evalkit.synthetic_control(prop99)) == pytest.approx(-19.514, abs=0.0005)
    assert _att(evalkit.synthetic_control(prop99)) == pytest.approx(-19.62, abs=0.15)


def test_prop99_abadie(prop99: Moments) -> None:
    """Utah .394 and Montana .232 lead, as in Abadie, Diamond & Hainmueller's Utah .334, Nevada .234, Montana .199.

    They match on further predictors (prices, income, age), so the weights need not agree; their donors are all here.
    California's ratio of gaps after and before is the largest of 39 there; here it is among the first.
    """
    estimate = evalkit.synthetic_control(prop99)
    weights = dict(zip(estimate.basis.clusters, estimate.basis.fit.donors, strict=True))
    assert sum(weights[s] for s in ("Utah", "Nevada", "Montana", "Colorado", "Connecticut")) > 0.9
