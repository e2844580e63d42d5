"""Power by simulation: a planned study drawn many times and estimated as evalkit would, beside the formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.columns import canonical_frame
from evalkit.design import Design
from evalkit.diagnostics.study import Study, require_possible
from evalkit.errors import UsageError
from evalkit.estimators import did, itt
from evalkit.estimators.linear import solve
from evalkit.estimators.rows import village_sums
from evalkit.inference import infer
from evalkit.moments import Moments
from evalkit.panel import complete_columns
from evalkit.results import Counts, Estimate, FloatArray

BATCH = 50
"""Draws of outcomes that share who is lost and who takes part."""


@dataclass(frozen=True, slots=True)
class SimulatedPower:
    """Share of `draws` in which the interval excludes 0, its Monte-Carlo standard error, and the estimates' spread.

    ``mean`` and ``std_error`` are mean and standard deviation of the estimates, in the outcome's unit.
    """

    study: Study
    effect: float
    draws: int
    power: float
    monte_carlo_error: float
    mean: float
    std_error: float


@dataclass(frozen=True, slots=True)
class _People:
    """Households of one batch: village, whether it is a pilot, who is lost after the start, who takes part."""

    village: FloatArray
    is_pilot: FloatArray
    is_lost: FloatArray
    takes_part: FloatArray


def simulated_power(study: Study, effect: float, *, draws: int = 200, seed: int = 1) -> SimulatedPower:
    """Draw the study `draws` times with an effect of offering `effect`, estimate, and count what `auto` finds.

    A household's outcome is a village shock plus its own, both normal, each the sum of a lasting part and one by round
    so that it correlates between rounds as the study says. Numbers of households follow the quantiles of a gamma
    distribution with the study's cv, in both arms alike; households are lost and take part by independent chance, and
    who takes part gains effect/take_up. Estimated by `did`, `ancova` (mean before held fixed) or `itt` (mean after),
    with the interval of `auto`: nothing of `minimum_detectable_effect` is used.

    Raises
    ------
    UsageError
        A number is outside its range, or fewer than 2 draws.
    """
    require_possible(study)
    if draws < 2:
        raise UsageError("power, draws", f"{draws}", "2 or more; 200 give power to ± 6 points", "give more")
    rng = np.random.default_rng(seed)
    sizes = [min(BATCH, draws - first) for first in range(0, draws, BATCH)]
    estimates = [e for n in sizes for e in _batch(study, effect, n, rng)]
    found = [infer(e, level=study.level) for e in estimates]
    values = np.array([e.values[0] for e in estimates])
    share = float(np.mean([r.conf_low[0] > 0 or r.conf_high[0] < 0 for r in found]))
    error = (share * (1 - share) / draws) ** 0.5
    return SimulatedPower(study, effect, draws, share, error, float(values.mean()), float(values.std(ddof=1)))


def village_sizes(study: Study, villages: int) -> FloatArray:
    """Return households of each village of an arm: whole numbers, 1 or more, of nearly the study's mean and cv."""
    if study.cv == 0:
        return np.full(villages, float(study.households))
    from scipy.special import gammaincinv

    shape = study.cv**-2
    at = gammaincinv(shape, (np.arange(villages) + 0.5) / villages)
    spread = (at - at.mean()) / at.std()
    sizes = np.round(study.households * (1 + study.cv * spread))
    return np.asarray(np.maximum(1.0, sizes), dtype=np.float64)


def _batch(study: Study, effect: float, draws: int, rng: np.random.Generator) -> list[Estimate]:
    people = _people(study, rng)
    outcomes = _outcomes(study, people, draws, rng)
    gain = people.is_pilot * people.takes_part * effect / study.take_up
    outcomes[:, study.before :] += gain[:, None, None]
    by = _by_did if study.estimator == "did" else _by_means
    return by(study, people, outcomes)


def _people(study: Study, rng: np.random.Generator) -> _People:
    sizes = np.concatenate([village_sizes(study, k) for k in (study.pilot, study.comparison)]).astype(np.int64)
    village = np.repeat(np.arange(len(sizes)), sizes)
    lost, takes = rng.random((2, len(village)))
    return _People(
        village.astype(np.float64),
        (village < study.pilot).astype(np.float64),
        (lost < study.attrition).astype(np.float64),
        (takes < study.take_up).astype(np.float64),
    )


def _outcomes(study: Study, people: _People, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return outcomes by household, round and draw, in the outcome's unit, without the effect."""
    village, rounds = people.village.astype(np.int64), study.before + study.after
    whole = np.zeros((len(village), rounds, draws))
    places = (village, np.arange(len(village)))
    shares = (study.icc, 1 - study.icc)
    for place, share, rho in zip(places, shares, study.correlations, strict=True):
        count = int(place.max()) + 1
        lasting, passing = rng.normal(size=(count, 1, draws)), rng.normal(size=(count, rounds, draws))
        whole += (share**0.5 * (rho**0.5 * lasting + (1 - rho) ** 0.5 * passing))[place]
    return np.asarray(study.sd * whole, dtype=np.float64)


def _by_did(study: Study, people: _People, outcomes: FloatArray) -> list[Estimate]:
    n, rounds, draws = outcomes.shape
    time = np.tile(np.arange(1, rounds + 1), n)
    start = study.before + 1
    keys = {
        "household": np.repeat(np.arange(n), rounds),
        "village": np.repeat(people.village, rounds).astype(np.int64),
        "round": time,
        "first": np.repeat(people.is_pilot * start, rounds).astype(np.int64),
    }
    names = [f"y{i}" for i in range(draws)]
    kept = ~((np.repeat(people.is_lost, rounds) > 0) & (time >= start))
    frame = pl.DataFrame({**keys, **{y: outcomes[..., i].ravel() for i, y in enumerate(names)}}).filter(pl.Series(kept))
    design = Design(unit="household", cluster="village", time="round", first_treated="first", assigned_to="cluster")
    moments = Moments.from_frame(frame, design=design, outcomes=names)
    return [did(moments, y) for y in names]


def _by_means(study: Study, people: _People, outcomes: FloatArray) -> list[Estimate]:
    """Return `itt` of the means after, or `ancova` of these with the means before held fixed."""
    stay = people.is_lost == 0
    after = outcomes[stay][:, study.before :].mean(axis=1)
    village, arm = people.village[stay].astype(np.int64), people.is_pilot[stay].astype(np.int64)
    keys = {"household": np.arange(len(arm)), "village": village, "arm": arm}
    design = Design(unit="household", cluster="village", treatment="arm", assigned_to="cluster")
    if study.estimator == "ancova":
        rows = complete_columns(canonical_frame(pl.LazyFrame(keys), design, ()).collect())
        before = outcomes[stay][:, : study.before].mean(axis=1)
        return [ancova_of(rows, y, x) for y, x in zip(after.T, before.T, strict=True)]
    names = [f"y{i}" for i in range(after.shape[1])]
    frame = pl.DataFrame({**keys, **{name: after[:, i] for i, name in enumerate(names)}})
    moments = Moments.from_frame(frame, design=design, outcomes=names)
    return [itt(moments, name) for name in names]


def ancova_of(rows: pl.DataFrame, y: FloatArray, x: FloatArray) -> Estimate:
    """Return what `ancova` does of y with x held fixed, from the rows of a cross-section, without its checks."""
    names = ("intercept", "before", "treated")
    arm = (rows["first_treated"] <= rows["time"]).fill_null(False).cast(pl.Float64).to_numpy()
    columns = np.column_stack([np.ones(len(y)), x - x.mean(), arm])
    sums = village_sums(rows, columns, y, np.ones(len(y)), weighted=False)
    contrast = np.array([[0.0, 0.0, 1.0]])
    basis = solve(sums, contrast, names)
    counts = Counts(len(y), len(y), len(sums.clusters), int(sums.treated.sum()), int(sums.untreated.sum()))
    return Estimate("ancova", "y", ("att",), contrast @ basis.beta, basis, counts)
