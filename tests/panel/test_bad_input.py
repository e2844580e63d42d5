"""What a person reads when rows or a design do not fit: the same from Panel and from Moments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

import evalkit
from evalkit import DataError, Design, DesignError, EvalkitError, Moments, Panel, UsageError

FOLLOWED = Design(unit="household", cluster="village", time="round", first_treated="first", assigned_to="cluster")
SWITCHED = Design(unit="household", cluster="village", time="round", treatment="d")
ROWS = pl.DataFrame(
    [
        (f"h{v}_{h}", f"v{v}", t, 2 if v < 3 else None, int(v < 3 and t > 1), 1.0, float(v + h * t + (v % 2) * t))
        for v in range(6)
        for h in range(2)
        for t in (1, 2, 3)
    ],
    schema=["household", "village", "round", "first", "d", "w", "y"],
    orient="row",
)
Change = Callable[[pl.DataFrame], pl.DataFrame]


def _set(column: str, value: object, where: pl.Expr | None = None) -> Change:
    """Set a column in the first row, or where told."""
    at = pl.int_range(pl.len()) == 0 if where is None else where
    return lambda f: f.with_columns(pl.when(at).then(pl.lit(value)).otherwise(pl.col(column)).alias(column))


HOUSEHOLD = pl.col("household") == "h0_0"
CASES: dict[str, tuple[Change, Design, type[EvalkitError], tuple[str, ...]]] = {
    "a mistyped cluster column": (
        lambda f: f,
        replace(FOLLOWED, cluster="vilage"),
        DataError,
        ("columns: there is no column 'vilage' (nearest: 'village')", "What to do: correct the name in the design"),
    ),
    "a column that nothing resembles": (
        lambda f: f,
        replace(FOLLOWED, unit="zzz"),
        DataError,
        ("no column 'zzz' (there are: household, village, round, first, d and 2 more)",),
    ),
    "a village treated in part": (
        _set("first", None, HOUSEHOLD),
        FOLLOWED,
        DesignError,
        ("1 villages have both treated and untreated units", "(villages v0)", 'state assigned_to = "unit"'),
    ),
    "two adoption rounds in a village": (
        _set("first", 3, HOUSEHOLD),
        FOLLOWED,
        DesignError,
        ("or several adoption rounds (villages v0)",),
    ),
    "first_treated that changes within a household": (
        _set("first", 3),
        FOLLOWED,
        DesignError,
        ("first_treated: it changes within 1 units (units h0_0)", "Needed: one first treated round a unit"),
    ),
    "first_treated that is missing in one row": (
        _set("first", None),
        FOLLOWED,
        DesignError,
        ("first_treated: it changes within 1 units (units h0_0)",),
    ),
    "treatment that switches off": (
        _set("d", 0, HOUSEHOLD & (pl.col("round") == 3)),
        SWITCHED,
        DesignError,
        ("column 'd': treatment switches off for 1 units (h0_0)", "once treated, a unit stays treated"),
    ),
    "treatment of 2": (_set("d", 2), SWITCHED, DataError, ("column 'd': 1 rows are neither 0 nor 1",)),
    "treatment of 2 in a cross-section": (
        lambda f: _set("d", 2)(f.filter(pl.col("round") == 3)),
        Design(unit="household", cluster="village", treatment="d"),
        DataError,
        ("treatment: it has values other than 0 and 1",),
    ),
    "an outcome that is all missing": (
        lambda f: f.with_columns(pl.lit(None, pl.Float64).alias("y")),
        FOLLOWED,
        DataError,
        ("outcome 'y': all 36 rows are missing", "check the c"),
    ),
    "an infinite outcome": (
        _set("y", math.inf),
        FOLLOWED,
        DataError,
        ("outcome 'y': 1 values are infinite or NaN (units h0_0)", "Needed: finite numbers or missing"),
    ),
    "an outcome of NaN": (_set("y", math.nan), FOLLOWED, DataError, ("1 values are infinite or NaN",)),
    "a doubled row": (
        lambda f: pl.concat([f, f.tail(1)]),
        FOLLOWED,
        DataError,
        ("rows: 1 unit and round pairs occur more than once (units h5_1)", "Needed: one row a unit and round"),
    ),
    "a household that moves": (
        _set("village", "v1"),
        FOLLOWED,
        DataError,
        ("clusters: 1 units are in more than one village (units h0_0)", "Needed: one village a unit"),
    ),
    "a weight of zero": (
        _set("w", 0.0),
        replace(FOLLOWED, weights="w"),
        DataError,
        ("weights: 1 rows have a weight that is missing, zero or negative (units h0_0)",),
    ),
    "a negative weight": (
        _set("w", -1.0, HOUSEHOLD),
        replace(FOLLOWED, weights="w"),
        DataError,
        ("weights: 3 rows have a weight that is missing, zero or negative",),
    ),
    "a missing weight": (_set("w", None), replace(FOLLOWED, weights="w"), DataError, ("weights: 1 rows",)),
    "an infinite weight": (_set("w", math.inf), replace(FOLLOWED, weights="w"), DataError, ("weights: 1 rows",)),
    "a weight in words": (
        lambda f: f.with_columns(pl.lit("one").alias("w")),
        replace(FOLLOWED, weights="w"),
        DataError,
        ("column 'w': 36 values are text (the first is 'one' in data row 1)", "numbers in a weight"),
    ),
    "an outcome in words": (
        lambda f: _set("y", "没有")(f.with_columns(pl.col("y").cast(pl.String))),
        FOLLOWED,
        DataError,
        ("column 'y': 1 values are text (the first is '没有' in data row 1)", "Needed: numbers in an outcome"),
    ),
    "numbers written as text": (
        lambda f: f.with_columns(pl.col("y").cast(pl.String)),
        FOLLOWED,
        DataError,
        ("column 'y': its numbers are written as text",),
    ),
    "a row without household": (_set("household", None), FOLLOWED, DataError, ("column of the unit: 1 of 36 rows",)),
    "a row without round": (_set("round", None), FOLLOWED, DataError, ("column of the time: 1 of 36 rows have none",)),
    "no rows": (lambda f: f.clear(), FOLLOWED, DataError, ("rows: there are none",)),
}


MAKERS: dict[str, Callable[[pl.DataFrame, Design], object]] = {
    "panel": lambda frame, design: Panel.from_frame(frame, design=design, outcome="y"),
    "moments": lambda frame, design: Moments.from_frame(frame, design=design, outcomes=["y"]),
}


@pytest.mark.parametrize("made_by", MAKERS)
@pytest.mark.parametrize("case", CASES)
def test_message(case: str, made_by: str) -> None:
    change, design, kind, parts = CASES[case]
    frame = change(ROWS)
    with pytest.raises(EvalkitError) as caught:
        MAKERS[made_by](frame, design)
    assert type(caught.value) is kind
    for part in (*parts, "Needed: ", "What to do: "):
        assert part in str(caught.value)


def test_the_rows_are_sound_before_they_are_spoilt() -> None:
    for design in (FOLLOWED, SWITCHED, replace(FOLLOWED, weights="w")):
        panel = Panel.from_frame(ROWS, design=design, outcome="y")
        assert evalkit.did(panel).values[0] == pytest.approx(evalkit.did(Moments.from_panel(panel)).values[0])


def test_never_treated_may_be_written_in_three_ways() -> None:
    """Null, 0 and infinity."""
    found = set()
    for never in (None, 0.0, math.inf):
        rows = ROWS.with_columns(pl.col("first").cast(pl.Float64).fill_null(pl.lit(never, pl.Float64)))
        found.add(evalkit.did(Moments.from_frame(rows, design=FOLLOWED, outcomes=["y"])).values[0])
    assert len(found) == 1


def _did(frame: pl.DataFrame) -> evalkit.Estimate:
    return evalkit.did(Moments.from_frame(frame, design=FOLLOWED, outcomes=["y"]))


def test_no_comparison_village() -> None:
    with pytest.raises(DesignError, match="1 of 3 columns cannot be told from the others: treated"):
        _did(ROWS.filter(pl.col("first") == 2))


def test_no_comparison_village_in_one_round() -> None:
    design = Design(unit="household", cluster="village", treatment="d")
    rows = ROWS.filter((pl.col("round") == 3) & (pl.col("first") == 2))
    with pytest.raises(DesignError, match="arms: all households are treated in the last round"):
        evalkit.itt(Moments.from_frame(rows, design=design, outcomes=["y"]))


@pytest.mark.parametrize("method", ["crv1", "crv2"])
def test_one_village_has_no_interval(method: str) -> None:
    """Half of its households are treated, so there is an estimate, and no second village to learn its error from."""
    rows = ROWS.filter(pl.col("village") == "v0").with_columns(
        pl.when(pl.col("household") == "h0_0").then(2).alias("first")
    )
    design = replace(FOLLOWED, assigned_to="unit")
    estimate = evalkit.did(Moments.from_frame(rows, design=design, outcomes=["y"]))
    with pytest.raises(DesignError, match=f"{method}: there is one village"):
        evalkit.infer(estimate, method)
    with pytest.raises(DesignError, match="inference: 1 pilot village"):
        evalkit.infer(estimate)


@pytest.mark.parametrize(
    ("villages", "message"), [(["v0", "v4", "v5"], "1 pilot village"), (["v0", "v1", "v5"], "1 comparison village")]
)
def test_auto_needs_two_villages_an_arm(villages: list[str], message: str) -> None:
    with pytest.raises(
        DesignError, match=rf"inference: {message}\. Needed: at least 2 pilot and 2 comparison villages"
    ):
        evalkit.infer(_did(ROWS.filter(pl.col("village").is_in(villages))))


def test_an_estimate_of_one_pilot_village_is_null_where_crv2_is_asked_for() -> None:
    row = evalkit.infer(_did(ROWS.filter(~pl.col("village").is_in(["v1", "v2"]))), "crv2").row("att")
    assert row["estimate"] is not None
    assert (row["std_error"], row["df"], row["p_value"], row["conf_low"]) == (None, None, None, None)


def test_wrong_calls() -> None:
    moments = Moments.from_frame(ROWS, design=FOLLOWED, outcomes=["y"])
    with pytest.raises(UsageError, match=r"outcome: 'yy' is not in the moments \(nearest: 'y'\)"):
        evalkit.did(moments, "yy")
    with pytest.raises(UsageError, match=r"did: covariates with Moments\. Needed: a Panel"):
        evalkit.did(moments, covariates=["w"])
    with pytest.raises(UsageError, match=r"inference: 'crv4' is unknown \(nearest: 'crv"):
        evalkit.infer(evalkit.did(moments), "crv4")
    with pytest.raises(UsageError, match="conf_level: 95"):
        evalkit.infer(evalkit.did(moments), level=95)
    with pytest.raises(UsageError, match="outcomes: none given"):
        Moments.from_frame(ROWS, design=FOLLOWED, outcomes=[])
    with pytest.raises(UsageError, match="exactly one of first_treated and treatment"):
        Design(cluster="village", unit="household")


def test_covariate_of_words_and_missing() -> None:
    """A text column becomes categories; rows that miss a covariate are left out and counted in the sample flow."""
    rows = ROWS.with_columns(pl.when(pl.col("round") > 1).then(pl.lit("low")).otherwise(pl.lit("high")).alias("tariff"))
    gaps = _set("tariff", None)(rows)
    panel = Panel.from_frame(gaps, design=FOLLOWED, outcome="y", covariates=["tariff"])
    assert panel.frame.height == ROWS.height - 1
    assert panel.flow.steps[-1].n_rows_dropped == 1


def test_a_household_that_moves_between_outcomes() -> None:
    """Rounds 1 and 2 have only z, in one village, round 3 only y, in another: no outcome alone shows the move."""
    last = HOUSEHOLD & (pl.col("round") == 3)
    moved = ROWS.with_columns(
        pl.when(last).then(pl.lit("v1")).otherwise("village").alias("village"),
        pl.when(HOUSEHOLD & ~last).then(None).otherwise("y").alias("y"),
        pl.when(last).then(None).otherwise("y").alias("z"),
    )
    with pytest.raises(DataError, match=r"clusters: 1 units are in more than one village \(units h0_0\)"):
        Moments.from_frame(moved, design=FOLLOWED, outcomes=["y", "z"])
