"""Degenerate input: one table of what each estimator does with it, either the words of its error or what it returns.

A test fails where an estimator of the registry is missing from a row of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Estimate, Moments, Panel
from evalkit.estimators.registry import ESTIMATORS, FROM_PANEL
from tests.small_panels import village_panel

ROUNDS = 4
LAST_ROUND = {"itt", "itt_unadjusted", "itt_lin", "late"}
"""These compare arms in the last round; rounds before it don't concern them."""


def _rows(adoption: list[int], *, per_village: int = 4) -> pl.DataFrame:
    """Return a balanced panel with a covariate, a multiple of it, and who took part (three of four in pilot villages).

    Strata are the halves of the villages, with both arms in each where there are both.
    """
    frame = village_panel(5, adoption, rounds=ROUNDS, missing=0.0, households=per_village)
    rng = np.random.default_rng(1)
    half = pl.col("village").str.slice(1).cast(pl.Int64) % 2
    frame = frame.with_columns(
        pl.col("y") + 10, pl.Series("x", rng.normal(size=frame.height)), half.cast(pl.String).alias("stratum")
    )
    took = (pl.col("first") > 0) & ~pl.col("household").str.ends_with("_0")
    return frame.with_columns((2 * pl.col("x") + 1).alias("twice"), took.cast(pl.Float64).alias("took"))


def _with_score(rows: pl.DataFrame) -> pl.DataFrame:
    """Add a score that is above 0 for households of pilot villages; each row then stands for a household of its own."""
    size = pl.Series(np.random.default_rng(2).uniform(0.1, 5, rows.height))
    return rows.with_columns(score=pl.when(pl.col("first") > 0).then(size).otherwise(-size))


def _with_groups(rows: pl.DataFrame) -> pl.DataFrame:
    """Add who is reached first: in pilot villages the first household, the second is linked to it, others are not."""
    group = (
        pl.col("household")
        .str.extract(r"_(\d+)$")
        .replace_strict({"0": "demonstration", "1": "linked"}, default="unlinked")
    )
    return rows.with_columns(exposure=pl.when(pl.col("first") > 0).then(group).otherwise(pl.lit("comparison")))


def _panel(name: str, rows: pl.DataFrame, *, weights: str | None = None, covariates: tuple[str, ...] = ()) -> Panel:
    if name in LAST_ROUND:
        rows = rows.filter(pl.col("round") == ROUNDS).with_columns((pl.col("first") > 0).cast(pl.Int64).alias("arm"))
        more = {"take_up": "took"} if name == "late" else {"strata": "stratum"} if name == "itt_lin" else {}
        design = Design(unit="household", cluster="village", treatment="arm", weights=weights, **more)
    elif name.startswith("discontinuity"):
        rows = _with_score(rows)
        design = Design(cluster="village", running="score", cutoff=0.0, weights=weights, assignment="threshold")
    else:
        more = {"take_up": "took"} if name == "late_ancova" else {}
        columns = {"unit": "household", "cluster": "village", "time": "round", "first_treated": "first"}
        design = Design(**columns, weights=weights, **more)
    if name == "spillover":
        rows, covariates = _with_groups(rows), ("exposure",)
    return Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)


def _estimate(name: str, rows: pl.DataFrame, *, weights: str | None = None) -> Estimate:
    panel = _panel(name, rows, weights=weights)
    return FROM_PANEL[name](panel) if name in FROM_PANEL else ESTIMATORS[name](Moments.from_panel(panel))


@dataclass(frozen=True)
class Interval:
    """There is an estimate with a standard error of ``att``."""


@dataclass(frozen=True)
class NoError:
    """There is an estimate and its standard error is null: the sums cannot tell chance from effect."""


@dataclass(frozen=True)
class Refused:
    """No estimate, for the reason that the message gives."""

    words: str


@dataclass(frozen=True)
class Unsure:
    """There is an estimate; `auto` refuses an interval, for the reason that the message gives."""

    words: str


Outcome = Interval | NoError | Refused | Unsure
BEYOND = Refused("comparison villages give the means of the pilot villages")
ONE_ARM = Refused("all households are treated")
NOT_MATCHED = Refused("0 round(s) before the start")
NO_DONORS = Refused("0 comparison village(s)")
ONE_START = Refused("pilot villages start in 2 rounds")
ONE_SIDE = Refused("at least 10 on each side")
NEAR = Refused("more units near the cut-off")
GROUP_TIMES = ("group_time", "group_time_balanced")
CUTOFF = ("discontinuity", "discontinuity_clustered")
LONE = Unsure("1 pilot village. Needed: at least 2 pilot and 2 comparison villages")
FEW_ROUNDS = Refused("2 round(s) before the start and any anticipation")
FEW_DONORS = Unsure("3 comparison villages for 3 pilot village(s)")
WEIGHTS = Refused("rows have a weight that is missing, zero or negative (units h1_0, h1_1, h1_2, h1_3)")
TABLE: dict[str, tuple[Callable[[], pl.DataFrame], dict[str, Outcome]]] = {
    "all villages treated at once": (
        lambda: _rows([3] * 6),
        {
            "did": Refused("treated (explained by round 3, round 4)"),
            "event_study": Refused("cannot be told from the others: event_time=-2, event_time=0, event_time=1"),
            **dict.fromkeys(GROUP_TIMES, Refused("no cohort can be compared with any other")),
            "imputation": Refused("no treated row can be imputed"),
            "sun_abraham": Refused("all villages are treated in one round"),
            "ppml": Refused("treatment cannot be told from household and round effects"),
            "pre_post": Interval(),
            "synthetic_control": NO_DONORS,
            "synthetic_did": NO_DONORS,
            "synthetic_factors": NO_DONORS,
            "spillover": Refused("unlinked of those who started in 3, round 3"),
            **dict.fromkeys(CUTOFF, ONE_SIDE),
            **dict.fromkeys(["itt", "itt_unadjusted", "late", "ancova", "itt_lin", "late_ancova"], ONE_ARM),
        },
    ),
    "no village treated": (
        lambda: _rows([0] * 6),
        {
            "did": Refused("cannot be told from the others: treated"),
            "event_study": Refused("no pilot household is observed"),
            **dict.fromkeys(GROUP_TIMES, Refused("no cohort has a round before it may change")),
            "imputation": Refused("no treated row can be imputed"),
            "sun_abraham": Refused("no pilot household is observed"),
            "ppml": Refused("treatment cannot be told from household and round effects"),
            "pre_post": Refused("no household is treated"),
            "synthetic_control": Refused("no village starts in the observed rounds"),
            "synthetic_did": Refused("no village starts in the observed rounds"),
            "synthetic_factors": Refused("no village starts in the observed rounds"),
            "ancova": Refused("no household is treated"),
            "late_ancova": Refused("no household is treated"),
            "spillover": Refused("there is no demonstration household"),
            **dict.fromkeys(CUTOFF, ONE_SIDE),
            **dict.fromkeys(["itt", "itt_unadjusted", "late", "itt_lin"], Refused("all households are untreated")),
        },
    ),
    "a cohort of one village": (
        lambda: _rows([2, 3, 3, 0, 0, 0]),
        {
            **dict.fromkeys(["did", "event_study", "group_time", "imputation", "sun_abraham", "ppml"], Interval()),
            **dict.fromkeys(["itt", "itt_unadjusted", "late", "ancova", "pre_post", "late_ancova"], Interval()),
            **dict.fromkeys(CUTOFF, Interval()),
            "spillover": NoError(),  # the first cohort's coefficients fit its one village
            "group_time_balanced": BEYOND,
            "itt_lin": NoError(),  # the pilot villages of one stratum are one village, which its own effect fits
            "synthetic_control": ONE_START,
            "synthetic_did": ONE_START,
            "synthetic_factors": ONE_START,
        },
    ),
    "one pilot village": (
        lambda: _rows([3, 0, 0, 0, 0, 0]),
        {
            "did": Interval(),  # by the wild bootstrap: the village is as large as the others
            **dict.fromkeys(["event_study", "group_time", "imputation", "sun_abraham", "ppml"], LONE),
            **dict.fromkeys(["itt", "itt_unadjusted", "late", "ancova", "pre_post", "late_ancova", "spillover"], LONE),
            **dict.fromkeys(CUTOFF, Refused("rdrobust refused")),  # 16 scores above
            "group_time_balanced": BEYOND,
            "itt_lin": Refused("treated (explained by"),  # one stratum has no pilot village
            "synthetic_control": Interval(),
            "synthetic_did": Interval(),
            "synthetic_factors": FEW_ROUNDS,
        },
    ),
    "no round before": (
        lambda: _rows([1, 1, 1, 1, 0, 0, 0, 0]),
        {
            "did": Refused("cannot be told from the others: treated"),
            "event_study": Refused("no pilot household is observed at event_time=-1, the base"),
            **dict.fromkeys(GROUP_TIMES, Refused("no cohort has a round before it may change (the first round is 1)")),
            "imputation": Refused("no treated row can be imputed"),
            "sun_abraham": Refused("no pilot household is observed at event_time=-1, the base"),
            "ppml": Refused("treatment cannot be told from household and round effects"),
            "pre_post": Refused("cannot be told from the others: after"),
            "synthetic_control": NOT_MATCHED,
            "synthetic_did": NOT_MATCHED,
            "synthetic_factors": NOT_MATCHED,
            "ancova": Refused("there is no round before the programme"),
            "late_ancova": Refused("there is no round before the programme"),
            "spillover": Refused("cannot be told from the others"),
            **dict.fromkeys(CUTOFF, Interval()),  # they compare no rounds
            **dict.fromkeys(["itt", "itt_unadjusted", "late", "itt_lin"], Interval()),
        },
    ),
    "clusters of one household": (
        lambda: _rows([3, 3, 3, 0, 0, 0], per_village=1).with_columns(
            pl.when(pl.col("village") == "v1")
            .then(0.0)
            .when(pl.col("first") > 0)
            .then(1.0)
            .otherwise(0.0)
            .alias("took")
        ),
        {
            **dict.fromkeys(["did", "event_study", "group_time", "imputation", "sun_abraham", "ppml"], Interval()),
            **dict.fromkeys(["itt", "itt_unadjusted", "late", "ancova", "pre_post", "late_ancova"], Interval()),
            "spillover": Interval(),
            "discontinuity": NEAR,  # 12 scores a side
            "group_time_balanced": BEYOND,
            "discontinuity_clustered": Interval(),
            "itt_lin": NoError(),
            "synthetic_control": FEW_DONORS,
            "synthetic_did": FEW_DONORS,
            "synthetic_factors": FEW_ROUNDS,
        },
    ),
    "an outcome that never varies": (
        lambda: _rows([3, 3, 3, 0, 0, 0]).with_columns(pl.lit(5.0).alias("y")),
        {
            **dict.fromkeys(sorted({*ESTIMATORS, *FROM_PANEL}), NoError()),
            **dict.fromkeys(CUTOFF, Refused("Not enough variability")),
            "synthetic_control": FEW_DONORS,
            "synthetic_did": FEW_DONORS,
            "synthetic_factors": FEW_ROUNDS,
        },
    ),
    "zero weights": (
        lambda: _rows([3, 3, 3, 0, 0, 0]).with_columns(
            pl.when(pl.col("village") == "v1").then(0.0).otherwise("weight").alias("weight")
        ),
        {
            **dict.fromkeys(sorted({*ESTIMATORS, *FROM_PANEL}), WEIGHTS),
            **dict.fromkeys(CUTOFF, Refused("rows have a weight that is missing, zero or negative")),
        },
    ),
}
CELLS = [(case, name) for case, (_, outcomes) in TABLE.items() for name in outcomes]


@pytest.mark.parametrize("case", TABLE)
def test_every_estimator_stands_in_every_row(case: str) -> None:
    assert set(TABLE[case][1]) == {*ESTIMATORS, *FROM_PANEL}


@pytest.mark.parametrize(("case", "name"), CELLS)
def test_table(case: str, name: str) -> None:
    make, outcomes = TABLE[case]
    weights = "weight" if case == "zero weights" else None
    expected = outcomes[name]
    if isinstance(expected, Refused):
        with pytest.raises(evalkit.EvalkitError) as error:
            _estimate(name, make(), weights=weights)
        assert expected.words in str(error.value)
        assert error.value.todo
        return
    estimate = _estimate(name, make(), weights=weights)
    assert np.isfinite(estimate.values[0])
    if isinstance(expected, Unsure):
        with pytest.raises(evalkit.DesignError) as refused:
            evalkit.infer(estimate)
        assert expected.words in str(refused.value)
        return
    row = evalkit.infer(estimate).row("att")
    assert (row["std_error"] is None) is isinstance(expected, NoError), row
    if isinstance(expected, NoError):
        assert [row[k] for k in ("p_value", "conf_low", "conf_high")] == [None] * 3


Fit = Callable[[str, tuple[str, ...], pl.DataFrame], Estimate]


def _fit(name: str, covariates: tuple[str, ...], rows: pl.DataFrame) -> Estimate:
    panel = _panel(name, rows, covariates=covariates)
    if name == "itt_lin":
        return evalkit.itt(panel, covariates=covariates, lin=True)
    return getattr(evalkit, name)(panel, covariates=covariates)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["itt", "itt_lin", "late", "did", "ancova"])
def test_a_collinear_covariate_is_named_and_left_out(name: str) -> None:
    """``twice`` is 2x + 1: estimate and standard error, its K included, are those without it, and a note names it."""
    rows = _rows([3, 3, 3, 3, 0, 0, 0, 0])
    both, alone = _fit(name, ("x", "twice"), rows), _fit(name, ("x",), rows)
    assert both.values == pytest.approx(alone.values, rel=1e-9)
    for method in ("crv1", "crv3"):
        found, right = (evalkit.infer(e, method).std_error for e in (both, alone))
        assert found == pytest.approx(right, rel=1e-7)
    named = [n for n in both.notes if n.startswith("columns left out, explained by those before them: twice")]
    assert len(named) == 1
    assert not any("left out, explained" in n for n in alone.notes)


def test_a_covariate_that_never_changes_follows_from_household_effects() -> None:
    """A household's size at the start, in did with household effects, is named and moves nothing."""
    rows = _rows([3, 3, 3, 0, 0, 0]).with_columns(pl.col("household").str.slice(-1).cast(pl.Float64).alias("size"))
    fitted = _fit("did", ("size",), rows)
    assert "columns left out, explained by those before them: size" in fitted.notes
    assert fitted.values[0] == pytest.approx(_estimate("did", rows).values[0], rel=1e-9)


def test_group_time_refuses_collinear_covariates_by_name() -> None:
    with pytest.raises(evalkit.DesignError, match="covariates: collinear with those before them: twice"):
        _fit("group_time", ("x", "twice"), _rows([3, 3, 3, 0, 0, 0]))


@pytest.mark.parametrize("name", ["itt", "late", "ancova", "did"])
def test_a_covariate_that_tells_the_arms_apart_is_named(name: str) -> None:
    """The error says from which column the arm follows, and not only that there is something wrong."""
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    rows = _rows([3, 3, 3, 0, 0, 0]).with_columns(treated.cast(pl.Float64).alias("copy") * 3 + 1)
    if name == "ancova":  # its covariates are read at the baseline
        rows = rows.with_columns((pl.col("first") > 0).cast(pl.Float64).alias("copy"))
    with pytest.raises(evalkit.DesignError, match=r"treated \(explained by .*copy\)"):
        _fit(name, ("copy",), rows)
