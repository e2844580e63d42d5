"""Intervals at a cut-off by t: by hand, by rdrobust's own variance, published numbers, properties, and coverage."""

from __future__ import annotations

import contextlib
import io
import warnings
from importlib.resources import files
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

import evalkit
from evalkit.errors import DesignError
from evalkit.estimators import discontinuity
from evalkit.estimators.local_parts import local_parts
from evalkit.inference.robust_student import degrees_of_freedom
from evalkit.results import LocalFit


def panel(x: np.ndarray, y: np.ndarray, *, cutoff: float = 0.0, villages: int = 8, **more: np.ndarray) -> evalkit.Panel:
    design = evalkit.Design(
        cluster="v",
        running="x",
        cutoff=cutoff,
        assignment="threshold",
        take_up="taken" if "taken" in more else None,
        weights="w" if "w" in more else None,
    )
    frame = pl.DataFrame({"x": x, "y": y, "v": [f"v{i % villages}" for i in range(len(x))], **more})
    return evalkit.Panel.from_frame(frame, design=design, outcome="y")


def fit_of(scores: tuple[list[float], list[float]], parts: tuple[list[float], list[float]]) -> LocalFit:
    """Return the basis of an estimate with these scores and parts; the rest of one that is not used."""
    x = np.concatenate([np.arange(-20.0, 0), np.arange(20.0)])
    basis = discontinuity(panel(x, np.random.default_rng(1).normal(size=40)), bandwidth=15.0).basis
    own = {name: getattr(basis, name) for name in basis.__slots__}
    given = {"sides": tuple(np.array(side) for side in zip(scores, parts, strict=True))}
    return LocalFit(**{**own, **given})


def test_by_hand_four_on_each_side() -> None:
    """Four units are each other's three neighbours: the sum of their squares is a variance of four, with 3 df; two: 6.

    r₁'r₂ = −1/3, so with parts of 1 the sum of squares is 4 + 12/9 = 16/3 a side, and 8²/(32/3) = 6. With parts on the
    right of 2, v = 4: means 4 and 16, spreads 16/3 and 16 · 16/3, and 20²/(16/3 + 256/3) = 400/(272/3) = 75/17.
    """
    scores = ([-4.0, -3.0, -2.0, -1.0], [1.0, 2.0, 3.0, 4.0])
    assert degrees_of_freedom(fit_of(scores, ([1.0] * 4, [1.0] * 4))) == pytest.approx(6)
    assert degrees_of_freedom(fit_of(scores, ([1.0] * 4, [2.0] * 4))) == pytest.approx(75 / 17)


def test_by_hand_one_that_counts_alone() -> None:
    """Where one unit has all the weight, its residual's square is χ² with 1 df; one on either side: 2."""
    scores = ([-5.0, -4.0, -3.0, -2.0, -1.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert degrees_of_freedom(fit_of(scores, ([0, 0, 0, 0, 1.0], [0.0] * 5))) == pytest.approx(1)
    assert degrees_of_freedom(fit_of(scores, ([0, 0, 0, 0, 1.0], [1.0, 0, 0, 0, 0]))) == pytest.approx(2)


@pytest.mark.parametrize("kernel", ["triangular", "uniform", "epanechnikov"])
@pytest.mark.parametrize("weighted", [False, True])
def test_parts_make_the_corrected_estimate(kernel: str, weighted: bool) -> None:
    """Σ part · y on the right less that on the left is rdrobust's bias-corrected estimate; parts of a side add to 1."""
    rng = np.random.default_rng(3)
    x = np.sort(rng.normal(2, 5, 300))
    y = x + 0.1 * x**2 + 2 * (x >= 0) + rng.normal(size=300)
    more = {"w": rng.uniform(0.5, 2, 300)} if weighted else {}
    basis = discontinuity(panel(x, y, **more), kernel=kernel).basis
    left, right = (part @ y[np.isin(x, score)] for score, part in basis.sides)
    assert right - left == pytest.approx(basis.corrected[0], rel=1e-6)
    assert [part.sum() for _, part in basis.sides] == pytest.approx([1, 1])


@pytest.mark.parametrize("ties", [False, True])
def test_degrees_of_freedom_are_those_of_rdrobusts_variance(ties: bool) -> None:
    """rdrobust's variance is y'Ay, so its own numbers for unit vectors and their sums give A, and tr(A)²/tr(A²)."""
    rdrobust = pytest.importorskip("rdrobust").rdrobust
    x = np.sort(np.random.default_rng(2).normal(1, 5, 24))
    x = np.round(x * 2) / 2 if ties else x

    def variance(y: np.ndarray) -> float:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return float(np.ravel(rdrobust(y, x, c=0, h=9, b=12).se)[2] ** 2)

    unit = np.eye(len(x))
    own = np.array([variance(e) for e in unit])
    a = np.diag(own)
    for i, j in combinations(range(len(x)), 2):
        a[i, j] = a[j, i] = (variance(unit[i] + unit[j]) - own[i] - own[j]) / 2
    sides = [x[x < 0], x[x >= 0]]
    near, parts = zip(*(local_parts(s, np.ones(len(s)), 9, 12, "triangular") for s in sides), strict=True)
    basis = fit_of(tuple(s[n] for s, n in zip(sides, near, strict=True)), parts)
    assert degrees_of_freedom(basis) == pytest.approx(np.trace(a) ** 2 / np.trace(a @ a), rel=1e-6)


@pytest.mark.parametrize("kernel", ["triangular", "epanechnikov", "uniform"])
def test_parts_are_of_those_within_a_bandwidth(kernel: str) -> None:
    """Bandwidths 4 and 6: units 0 to 5 away count, one at 9 does not. Less its bias, the intercept of a curve that is
    a quadratic is exact: of 1 it is 1, of u and of u² it is 0.
    """
    away = np.array([0.0, 1.0, 2.0, 3.0, 5.0, 9.0])
    near, part = local_parts(away, np.ones(6), 4.0, 6.0, kernel)
    assert near.tolist() == [True] * 5 + [False]
    u = away[near]
    assert [part.sum(), part @ u, part @ u**2] == pytest.approx([1, 0, 0], abs=1e-9)


def test_published_centre_and_error_with_t() -> None:
    """U.S. Senate elections: centre and standard error are those of (4.0937, 10.9193), by t they are hardly longer."""
    frame = pl.read_csv(files("rdrobust").joinpath("data/rdrobust_RDsenate.csv").read_bytes(), null_values=["NA", ""])
    design = evalkit.Design(cluster="state", running="margin", cutoff=0.0)
    row = evalkit.infer(discontinuity(evalkit.Panel.from_frame(frame, design=design, outcome="vote"))).row("att")
    assert row["inference"] == "robust_student"
    assert (row["conf_low"] + row["conf_high"]) / 2 == pytest.approx((4.0937 + 10.9193) / 2, abs=5e-5)
    half = (10.9193 - 4.0937) / 2
    assert row["std_error"] == pytest.approx(half / 1.959964, abs=5e-5)
    assert row["conf_high"] - row["conf_low"] == pytest.approx(2 * half * t.ppf(0.975, row["df"]) / 1.959964, abs=1e-3)
    assert 1 < (row["conf_high"] - row["conf_low"]) / (2 * half) < 1.02


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), scale=st.floats(0.1, 50), stretch=st.floats(0.2, 5))
def test_neither_units_nor_outcomes_matter(seed: int, scale: float, stretch: float) -> None:
    """df depend on scores only, not on their unit, nor on which side is which, nor on the outcome."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(1, 5, 200), rng.normal(size=200)
    first = degrees_of_freedom(discontinuity(panel(x, y), bandwidth=8.0).basis)
    other = scale * np.sort(y)
    moved = degrees_of_freedom(discontinuity(panel(stretch * x, other), bandwidth=8.0 * stretch).basis)
    turned = degrees_of_freedom(discontinuity(panel(-x, other), bandwidth=8.0).basis)
    assert (moved, turned) == pytest.approx((first, first), rel=1e-6)


def test_more_near_the_cutoff_more_degrees_of_freedom() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-10, 10, 4000)
    found = [degrees_of_freedom(discontinuity(panel(x[:n], x[:n] ** 2), bandwidth=8.0).basis) for n in (40, 400, 4000)]
    assert found[0] < 12 < found[1] < 120 < found[2]


def test_fuzzy_terms_and_clusters() -> None:
    """Both terms of a fuzzy estimate have the same; eight villages that count alike have seven at most."""
    rng = np.random.default_rng(5)
    x = rng.normal(1, 5, 400)
    taken = ((x >= 0) & (rng.random(400) < 0.8)).astype(float)
    own = panel(x, 2 * taken + rng.normal(size=400), taken=taken)
    sharp, clustered = (evalkit.infer(discontinuity(own, clustered=c)) for c in (False, True))
    assert sharp.df[0] == sharp.df[1] > 20
    assert 3 < clustered.df[0] <= 7


def test_for_cutoffs_only() -> None:
    frame = pl.DataFrame({"v": list("abcdabcd"), "d": [0, 1, 0, 1] * 2, "y": np.arange(8.0)})
    plain = evalkit.Panel.from_frame(frame, design=evalkit.Design(cluster="v", treatment="d"), outcome="y")
    with pytest.raises(DesignError, match="not made at a cut-off"):
        evalkit.infer(evalkit.itt(evalkit.Moments.from_panel(plain)), "robust_student")


def test_it_covers_where_few_lie_below_and_the_normal_interval_does_not() -> None:
    """Thirty below and two hundred above, a line without a jump; 150 draws: at 95 % fewer than 135 happen once in 200.

    rdrobust's own interval, by the normal distribution, is the same one but shorter.
    """
    held = {"robust_student": 0, "robust_bias_corrected": 0}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        x = np.concatenate([-15 * rng.beta(1, 2.5, 30), 25 * rng.beta(1, 1, 200)])
        estimate = discontinuity(panel(x, 0.1 * x + rng.normal(size=230)))
        for method in held:
            row = evalkit.infer(estimate, method).row("att")
            held[method] += row["conf_low"] <= 0 <= row["conf_high"]
    assert held["robust_student"] >= 135
    assert held["robust_bias_corrected"] < held["robust_student"] - 2
