"""LATE with the baseline held fixed: by hand, against 2SLS written out, and what cannot matter."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Panel
from evalkit.errors import DesignError
from evalkit.estimators.late_ancova import late_ancova

DESIGN = Design(
    unit="household", cluster="village", time="round", first_treated="first", take_up="took", assignment="randomised"
)
# The outcomes of test_ancova: pilot before 2, 4, after 7, 11; comparison before 1, 3, after 5, 5. Only b takes part.
SMALL = pl.DataFrame(
    [
        (name, village, t, first, float(y), float(d))
        for name, village, first, ys, ds in [
            ("a", "A", 2, (2, 7), (0, 0)),
            ("b", "B", 2, (4, 11), (0, 1)),
            ("c", "C", 0, (1, 5), (0, 0)),
            ("d", "D", 0, (3, 5), (0, 0)),
        ]
        for t, (y, d) in enumerate(zip(ys, ds, strict=True), 1)
    ],
    schema=["household", "village", "round", "first", "y", "took"],
    orient="row",
)


def _panel(rows: pl.DataFrame, design: Design = DESIGN) -> Panel:
    return Panel.from_frame(rows, design=design, outcome="y")


def test_by_hand() -> None:
    """Reduced form 3 (see test_ancova). Take-up: slope on before within arms is (1 · 1/2 + −1 · −1/2)/4 = 1/4.

    First stage: (1/2 − 0) − 1/4 · (3 − 2) = 1/4; the effect is 3/(1/4) = 12.
    """
    estimate = late_ancova(_panel(SMALL))
    assert estimate.terms == ("late", "first_stage", "reduced_form")
    assert estimate.values == pytest.approx([12.0, 0.25, 3.0], rel=1e-10)
    assert estimate.estimator == "late_ancova"
    assert "baseline is round 1" in estimate.notes[-1]


def _drawn(seed: int, villages: int = 20, size: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(villages), size)
    assigned, n = village % 2, villages * size
    before = 10 + 3 * rng.normal(size=n) + rng.normal(size=villages)[village]
    took = (rng.random(n) < 0.1 + 0.5 * assigned).astype(float)
    after = before + 2 * took + rng.normal(size=n)
    keys = {"household": [f"h{i}" for i in range(n)], "village": [f"v{v:02d}" for v in village]}
    more = {"stratum": [f"s{v // 10}" for v in village], "first": assigned * 2}
    rounds = [(1, before, np.zeros(n)), (2, after, took)]
    return pl.concat([pl.DataFrame({**keys, **more, "round": [t] * n, "y": y, "took": d}) for t, y, d in rounds])


@pytest.mark.parametrize("strata", [None, "stratum"])
def test_two_stage_least_squares_written_out(strata: str | None) -> None:
    """β = (X̂'X)⁻¹X̂'y on before, strata, intercept and take-up; CRV1 from X̂'u by village. Equal but for rounding."""
    rows = _drawn(4)
    design = Design(
        unit="household", cluster="village", time="round", first_treated="first", take_up="took", strata=strata
    )
    wide = rows.filter(pl.col("round") == 2).join(
        rows.filter(pl.col("round") == 1).select("household", before="y"), on="household"
    )
    fixed = [np.ones(wide.height), wide["before"].to_numpy()]
    fixed += [(wide["stratum"] == "s1").cast(pl.Float64).to_numpy()] if strata else []
    z = np.column_stack([*fixed, (wide["first"] == 2).cast(pl.Float64).to_numpy()])
    x, y = np.column_stack([*fixed, wide["took"].to_numpy()]), wide["y"].to_numpy()
    hat = z @ np.linalg.lstsq(z, x, rcond=None)[0]
    beta = np.linalg.solve(hat.T @ x, hat.T @ y)
    scores = hat * (y - x @ beta)[:, None]
    sums = np.stack([scores[(wide["village"] == v).to_numpy()].sum(axis=0) for v in wide["village"].unique()])
    n, k, g = *x.shape, len(sums)
    bread = np.linalg.inv(hat.T @ hat)
    variance = bread @ sums.T @ sums @ bread * g / (g - 1) * (n - 1) / (n - k)
    row = evalkit.infer(late_ancova(_panel(rows, design)), "crv1").row("late")
    assert row["estimate"] == pytest.approx(beta[-1], rel=1e-9)
    assert row["std_error"] == pytest.approx(variance[-1, -1] ** 0.5, rel=1e-9)


def test_shorter_than_late_where_the_baseline_says_much() -> None:
    panel = _panel(_drawn(5))
    held, plain = (evalkit.infer(e, "crv1").row("late") for e in (late_ancova(panel), evalkit.late(panel)))
    assert held["std_error"] < 0.6 * plain["std_error"]
    assert held["conf_low"] < 2 < held["conf_high"]


@given(st.integers(0, 20), st.floats(0.1, 100), st.floats(-50, 50))
@settings(max_examples=8, deadline=None)
def test_unit_and_origin(seed: int, scale: float, shift: float) -> None:
    """Effects scale with the outcome; a constant added to all rounds changes nothing."""
    rows = _drawn(seed, villages=8, size=6)
    one = late_ancova(_panel(rows)).values
    other = late_ancova(_panel(rows.with_columns(pl.col("y") * scale + shift))).values
    assert other == pytest.approx(one * np.array([scale, 1, scale]), rel=1e-6, abs=1e-6 * scale)


def test_no_take_up() -> None:
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    with pytest.raises(DesignError, match="names no take-up"):
        late_ancova(_panel(SMALL, design))


def test_an_index_keeps_the_take_up() -> None:
    """A family of two outcomes with a take-up: the index has the column, so that moments and late can be made of it."""
    rows = _drawn(6)
    rows = rows.with_columns((pl.col("y") + np.random.default_rng(1).normal(size=rows.height)).alias("y2"))
    panels = [Panel.from_frame(rows, design=DESIGN, outcome=name) for name in ("y", "y2")]
    index = evalkit.family_index(panels, ["higher", "higher"])
    estimate = evalkit.late(evalkit.Moments.from_panel(index))
    first = evalkit.late(panels[0]).values[1]
    assert estimate.values[1] == pytest.approx(first, rel=1e-12)
