"""Joint tests: against dense computation from rows, the t-test where there is one term, and where there is none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import f as f_distribution

import evalkit
from evalkit.inference.joint import joint_test
from tests.small_panels import Array, two_way_design, village_panel

DESIGN = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
FRAME = village_panel(17, [4, 4, 4, 5, 5, 0, 0, 0, 0, 0], rounds=6, missing=0.15)
LEADS = ["event_time=-4", "event_time=-3", "event_time=-2"]


def _study(method: str, frame: pl.DataFrame = FRAME) -> evalkit.Inference:
    return evalkit.infer(evalkit.event_study(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"])), method)


@pytest.fixture(scope="module")
def dense() -> tuple[Array, Array, list[Array], list[int]]:
    """Return regressors with dummies, the outcome, rows of each village, and the places of the leads."""
    rows = FRAME.filter(pl.len().over("household") > 1)
    event = rows.select(pl.when(pl.col("first") > 0).then(pl.col("round") - pl.col("first")).alias("k"))["k"]
    times = sorted(set(event.drop_nulls()) - {-1})
    columns = np.column_stack([(event == k).fill_null(False).cast(pl.Float64).to_numpy() for k in times])
    x = two_way_design(rows, columns)
    villages = [np.flatnonzero((rows["village"] == v).to_numpy()) for v in rows["village"].unique().sort()]
    places = [x.shape[1] - len(times) + times.index(k) for k in (-4, -3, -2)]
    return x, rows["y"].to_numpy(), villages, places


def test_crv1(dense: tuple[Array, Array, list[Array], list[int]]) -> None:
    """W/q with V = G/(G - 1) (N - 1)/(N - K) Σ ss', against F(q, G - 1)."""
    x, y, villages, places = dense
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ x.T @ y
    scores = np.stack([x[i].T @ (y - x @ beta)[i] for i in villages]) @ bread[:, places]
    n, g, k = len(y), len(villages), np.linalg.matrix_rank(x) - FRAME.filter(pl.len().over("household") > 1)[
        "household"
    ].n_unique() + 1  # fmt: skip
    v = scores.T @ scores * g / (g - 1) * (n - 1) / (n - k)
    w = beta[places] @ np.linalg.solve(v, beta[places])
    test = joint_test(_study("crv1"), LEADS)
    assert test is not None
    assert (test.df_num, test.df_den) == (3, 9)
    assert test.statistic == pytest.approx(w / 3, rel=1e-8)
    assert test.p_value == pytest.approx(f_distribution.sf(w / 3, 3, 9), rel=1e-8)


def test_crv2_is_hotelling(dense: tuple[Array, Array, list[Array], list[int]]) -> None:
    """Pustejovsky & Tipton's AHT from rows: adjustment matrices, then the moments of V under iid errors.

    A_v = ((I - H)_vv)^{+½} for CR2 with iid working errors; D = Ω^{-½}VΩ^{-½}, η = q(q + 1)/Σ var(D_st), all pairs of
    villages written out.
    """
    x, y, villages, places = dense
    bread = np.linalg.pinv(x.T @ x)
    residual_maker = np.eye(len(y)) - x @ bread @ x.T
    beta = bread @ x.T @ y
    maps = []
    for i in villages:
        values, vectors = np.linalg.eigh(residual_maker[np.ix_(i, i)])
        power = np.where(values > 1e-9, 1 / np.sqrt(np.where(values > 1e-9, values, 1.0)), 0.0)
        maps.append(bread[places] @ x[i].T @ (vectors * power) @ vectors.T @ residual_maker[i])
    z = np.stack([m @ y for m in maps])
    v, omega = z.T @ z, sum(m @ m.T for m in maps)
    values, vectors = np.linalg.eigh(omega)
    root = (vectors / np.sqrt(values)) @ vectors.T
    unit = [root @ m for m in maps]
    total = 0.0
    for a in unit:
        for b in unit:
            cov = a @ b.T
            total += np.trace(cov) ** 2 + np.trace(cov @ cov)
    eta, q = 12 / total, 3
    w = beta[places] @ np.linalg.solve(v, beta[places])
    test = joint_test(_study("crv2"), LEADS)
    assert test is not None
    assert test.df_den == pytest.approx(eta - q + 1, rel=1e-7)
    assert test.statistic == pytest.approx((eta - q + 1) / (eta * q) * w, rel=1e-7)


@pytest.mark.parametrize("method", ["crv1", "crv2", "crv3"])
def test_of_one_term_is_its_t_test(method: str) -> None:
    study = _study(method)
    row, test = study.row("event_time=-2"), joint_test(study, ["event_time=-2", "event_time=-1"])
    assert test is not None
    assert test.p_value == pytest.approx(row["p_value"], rel=1e-9)
    assert test.statistic == pytest.approx(row["statistic"] ** 2, rel=1e-9)


def test_of_imputation() -> None:
    """From the influence of villages, or from the refits without each."""
    estimate = evalkit.imputation(evalkit.Moments.from_frame(FRAME, design=DESIGN, outcomes=["y"]), leads=2)
    for method in ("crv1", "crv3"):
        result = evalkit.infer(estimate, method)
        test = joint_test(result, ["event_time=-2", "event_time=-1"])
        assert test is not None
        largest = max(result.row(f"event_time={k}")["statistic"] ** 2 for k in (-2, -1))
        assert 2 * test.statistic >= largest * (1 - 1e-9)


def test_not_defined() -> None:
    """Methods without a covariance, a term without error, more terms than villages can tell."""
    assert joint_test(evalkit.infer(_study("crv1").estimate, "wild", draws=99), LEADS) is None
    assert joint_test(_study("crv1"), ["event_time=-1"]) is None
    few = village_panel(3, [4, 4, 0, 0], rounds=6, missing=0.0)
    names = [f"event_time={k}" for k in (-3, -2, 0, 1, 2)]
    assert joint_test(_study("crv1", few), names) is None


@pytest.mark.parametrize("method", ["crv1", "crv2", "crv3"])
def test_one_term_without_a_standard_error_leaves_no_test_of_several(method: str) -> None:
    """From round 1 to 2 all pilots change by 1 and all others by 0, so -2 has no standard error; from 2 to 3 they vary.

    What rounding leaves of -2 would make a test of it that rejects always.
    """
    paths = {"a": (5, 6, 10), "b": (2, 3, 9), "c": (7, 8, 9), "d": (4, 4, 5), "e": (6, 6, 9), "f": (1, 1, 1)}
    rows = [(v, v, 3 if v in "abc" else 0, t, y / 7) for v, ys in paths.items() for t, y in enumerate(ys, 1)]
    inference = _study(method, pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row"))
    assert inference.row("event_time=-2")["std_error"] is None
    assert joint_test(inference, ["event_time=0"]) is not None
    assert joint_test(inference, ["event_time=-2", "event_time=0"]) is None


def test_unknown_term() -> None:
    with pytest.raises(evalkit.UsageError, match="event_time=-9"):
        joint_test(_study("crv1"), ["event_time=-9"])
