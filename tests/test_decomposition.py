"""Income by source: parts of an effect that add up, shares with Fieller's interval, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import report
from evalkit.design import Design
from evalkit.errors import DataError, PlanError, UsageError
from evalkit.inference.fieller import fieller
from tests.small_panels import village_panel

FOLDER = Path(__file__).parents[1] / "data_raw" / "suqian_ecommerce"
TOTAL = "disposable_income_pc_yuan"
FIRST = [3] * 5 + [0] * 7


def effects(frame: pl.DataFrame, *outcomes: str) -> list[evalkit.Inference]:
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=outcomes)
    return [evalkit.infer(evalkit.did(moments, name), "crv3") for name in outcomes]


def panel(seed: int, effect: float = 4.0, own: float = 1.0) -> pl.DataFrame:
    """A total with this effect, and a part that has half of it and noise of its own."""
    frame = village_panel(seed, FIRST, households=5, rounds=4, missing=0.0)
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    noise = pl.Series(np.random.default_rng(seed).normal(size=frame.height))
    return frame.with_columns(
        (pl.col("y") + effect * treated).alias("y"),
        (pl.col("y") * 0.5 + effect / 2 * treated + own * noise).alias("part"),
    )


def test_fieller_by_hand() -> None:
    """a = 2, b = 4, V = [[1, .5], [.5, 1]], t = 2: (16 − 4)ρ² − 2(8 − 2)ρ + (4 − 4) = 0 has the roots 0 and 1.

    The villages' refits are made up so that the jackknife's covariance is V.
    """
    v = np.array([[1.0, 0.5], [0.5, 1.0]])
    away = np.linalg.cholesky(v) @ np.array([[1.0, -1, 0, 0], [0, 0, 1.0, -1]]) / np.sqrt(2) * np.sqrt(4 / 3)
    a, b = (_made_up(value, away[j]) for j, value in enumerate((2.0, 4.0)))
    from scipy.special import stdtr

    ratio = fieller(a, b, level=float(2 * stdtr(3.0, 2.0) - 1))
    assert ratio.value == 0.5
    assert (ratio.low, ratio.high) == pytest.approx((0.0, 1.0), abs=1e-12)


def _made_up(value: float, away: np.ndarray) -> evalkit.Inference:
    from evalkit.results import Counts, Estimate, Inference, Influence

    g = len(away)
    both = np.ones(g, dtype=bool)
    basis = Influence(tuple("abcd"), both, both, np.ones((g, 1)), left_out=lambda: (value + away)[:, None])
    estimate = Estimate("made_up", "y", ("att",), np.array([value]), basis, Counts(g, g, g, g, g))
    nothing = np.full(1, np.nan)
    return Inference(estimate, "crv3", nothing, np.array([3.0]), nothing, nothing, nothing, nothing, 0.95)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.2, 5.0))
def test_the_interval_is_what_tests_of_each_ratio_do_not_reject(seed: int, own: float) -> None:
    """ρ is an end where the effect on part − ρ·total is exactly t standard errors from 0 (independent: a third did)."""
    frame = panel(seed, own=own)
    part, total = effects(frame, "part", "y")
    ratio = fieller(part, total)
    if ratio.low is None or ratio.high is None:
        assert total.row("att")["p_value"] > 0.05
        return
    assert ratio.low <= ratio.value <= ratio.high
    for end in (ratio.low, ratio.high):
        mixed = frame.with_columns((pl.col("part") - end * pl.col("y")).alias("mixed"))
        (test,) = effects(mixed, "mixed")
        assert test.row("att")["p_value"] == pytest.approx(0.05, abs=1e-6)


def test_no_effect_no_share() -> None:
    part, total = effects(panel(2, effect=0.0), "part", "y")
    assert total.row("att")["p_value"] > 0.05
    assert not fieller(part, total).is_bounded


def test_other_villages_are_refused() -> None:
    frame = panel(1)
    (part,), (total,) = effects(frame.filter(pl.col("village") != "v1"), "part"), effects(frame, "y")
    with pytest.raises(UsageError, match="11 and 12 villages"):
        fieller(part, total)


def test_parts_add_up_and_shares_find_the_truth() -> None:
    """Simulated: the e-commerce share of the effect is known (truth.json); the claim of 70 % is far outside."""
    programme = evalkit.load(FOLDER)
    found = evalkit.decompose(programme, TOTAL)
    assert found is not None
    for name in ("change", "effect"):
        total = found.change if name == "change" else found.effect.row("att")["estimate"]
        parts = [s.change if name == "change" else s.effect.row("att")["estimate"] for s in found.sources]
        assert sum(parts) == pytest.approx(total, rel=1e-6)  # amounts have two to four decimals
    assert sum(s.share_of_effect.value for s in found.sources) == pytest.approx(1, rel=1e-6)
    from evalkit.intake import read_truth

    truth = read_truth(programme) or {}
    online = next(s for s in found.sources if s.plan.name == "ecommerce_income_pc_yuan").share_of_effect
    share = truth["ecommerce_income_pc_yuan"]["att"] / truth[TOTAL]["att"]
    assert online.low is not None
    assert online.high is not None
    assert online.low < share < online.high < 0.7


def test_the_page_has_the_table_only_where_planned() -> None:
    programme = evalkit.load(FOLDER)
    finding = evalkit.evaluate(programme, TOTAL)
    page = report.sources(finding, evalkit.decompose(programme, TOTAL)).html
    assert "人均可支配收入由哪些部分带来" in page
    assert "Net income from online sales per head" in page
    assert evalkit.decompose(programme, "online_sales_yuan") is None
    assert report.sources(finding, None).html == ""
    parts = evalkit.decompose(programme, TOTAL)
    pilot, *others = parts.cells.rows
    for n, villages, held in ((9, 5, "少于10户"), (10, 1, "少于2个村"), (10, 2, "")):
        rows = (replace(pilot, n_units=n, n_villages=villages), *others)
        few = replace(parts, cells=replace(parts.cells, rows=rows))
        html = report.sources(finding, few).html
        assert held in html
        assert ("Net income from online sales per head" in html) is (not held)


def test_parts_that_do_not_add_up_are_refused() -> None:
    programme = evalkit.load(FOLDER)
    short = programme.decompositions[0].model_copy(
        update={"parts": ("wage_income_pc_yuan", "ecommerce_income_pc_yuan")}
    )
    with pytest.raises(DataError, match="the parts do not add up to it"):
        evalkit.decompose(programme.model_copy(update={"decompositions": (short,)}), TOTAL)


def test_a_misspelt_part_is_named(tmp_path: Path) -> None:
    text = (FOLDER / "programme.toml").read_text(encoding="utf-8").replace('"other_income_pc_yuan"]', '"other_incom"]')
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"\[\[decompositions\]\] names 'other_incom', which is no indicator"):
        evalkit.load(tmp_path)
