"""Spillovers by design: by hand, against dense least squares, with known truth, and what cannot matter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import DataError, Design, DesignError, Moments, Panel, UsageError
from evalkit.cli import main
from tests.small_panels import village_panel

COLUMNS = {"unit": "household", "cluster": "village", "time": "round", "first_treated": "first"}
DESIGN = Design(**COLUMNS)
KINDS = ("demonstration", "linked", "unlinked")

# Two pilot villages (A, B; start in round 2) and two others (C, D); changes of y from round 1 to round 2:
#   A  demonstration 7, linked 4, unlinked 2    B  demonstration 5, linked 4, unlinked 2
#   C  1, 1, 1                                  D  1, 1, 1
CHANGES = {
    "A": (("demonstration", 7), ("linked", 4), ("unlinked", 2)),
    "B": (("demonstration", 5), ("linked", 4), ("unlinked", 2)),
    "C": (("comparison", 1),) * 3,
    "D": (("comparison", 1),) * 3,
}
SMALL = pl.DataFrame(
    [
        (f"{v}{i}", v, t, 2 if v in "AB" else 0, group, 10.0 * i + change * (t - 1))
        for v, households in CHANGES.items()
        for i, (group, change) in enumerate(households)
        for t in (1, 2)
    ],
    schema=["household", "village", "round", "first", "exposure", "y"],
    orient="row",
)


def panel_of(rows: pl.DataFrame, design: Design = DESIGN) -> Panel:
    return Panel.from_frame(rows, design=design, outcome="y", covariates=("exposure",))


def values(rows: pl.DataFrame, design: Design = DESIGN) -> dict[str, float]:
    estimate = evalkit.spillover(panel_of(rows, design))
    return dict(zip(estimate.terms, estimate.values.tolist(), strict=True))


def grouped(seed: int, adoption: list[int], shares: tuple[float, float] = (0.3, 0.4), **options: float) -> pl.DataFrame:
    """Return a panel of `village_panel` with groups drawn by household."""
    rows = village_panel(seed, adoption, **options)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    names = rows["household"].unique().sort()
    edges = np.cumsum(shares)
    drawn = dict(zip(names, (KINDS[int(np.searchsorted(edges, u))] for u in rng.random(len(names))), strict=True))
    group = pl.col("household").replace_strict(drawn)
    return rows.with_columns(pl.when(pl.col("first") > 0).then(group).otherwise(pl.lit("comparison")).alias("exposure"))


def test_by_hand() -> None:
    """Comparison villages change by 1: direct (7 + 5)/2 − 1 = 5, spillover 4 − 1 = 3, unlinked 2 − 1 = 1.

    Total (5 + 3 + 1)/3 = 3. Within pilot villages demonstration gain 6 − 2 = 4 on the unlinked, which misses 1.
    """
    assert values(SMALL) == pytest.approx(
        {"total": 3, "direct": 5, "spillover": 3, "unlinked": 1, "direct_less_unlinked": 4}
    )


def test_std_error_by_hand() -> None:
    """Only direct varies: its village deviations are +1 and −1, ψ = ±1/2, Σψ² = 1/2.

    G/(G−1) = 4/3; N = 24 rows, K = 3 groups + 2 rounds: 23/19. Nothing varies in the comparison villages.
    """
    row = evalkit.infer(evalkit.spillover(panel_of(SMALL)), "crv1").row("direct")
    assert row["std_error"] == pytest.approx((0.5 * 4 / 3 * 23 / 19) ** 0.5)
    assert (row["n_treated_units"], row["n_treated_villages"], row["n_obs"], row["n_units"]) == (2, 2, 24, 12)


def test_the_headline_is_the_total() -> None:
    result = evalkit.infer(evalkit.spillover(panel_of(SMALL)), "crv2")
    assert result.row("att")["term"] == "total"


def dense(rows: pl.DataFrame, weights: str | None) -> tuple[float, float]:
    """Return direct and its CRV1 standard error from statsmodels, with a dummy for each household and round."""
    import statsmodels.api as sm

    rows = rows.filter(pl.len().over("household") > 1).with_columns(pl.lit(1.0).alias("one"))
    units, rounds = rows["household"].unique().sort(), rows["round"].unique().sort()[1:]
    fixed = [(rows["household"] == u).to_numpy() for u in units] + [(rows["round"] == t).to_numpy() for t in rounds]
    treated = rows.filter((pl.col("first") > 0) & (pl.col("round") >= pl.col("first")))
    cells = treated.group_by("exposure", "first", "round").agg(pl.col(weights or "one").sum().alias("w")).sort(pl.all())
    own = [
        ((rows["exposure"] == e) & (rows["first"] == g) & (rows["round"] == t)).to_numpy()
        for e, g, t, _ in cells.iter_rows()
    ]
    x = np.column_stack([*fixed, *own]).astype(float)
    w = np.ones(rows.height) if weights is None else rows[weights].to_numpy()
    fit = sm.WLS(rows["y"].to_numpy(), x, weights=w).fit()
    share = np.where((cells["exposure"] == "demonstration").to_numpy(), cells["w"].to_numpy(), 0.0)
    contrast = np.concatenate([np.zeros(len(fixed)), share / share.sum()])
    villages = rows["village"].rank("dense").cast(pl.Int64).to_numpy()
    robust = fit.get_robustcov_results("cluster", groups=villages, use_correction=False, use_t=True)
    n, k, g = rows.height, len(own) + len(rounds) + 1, len(np.unique(villages))
    se = float(np.sqrt(contrast @ robust.cov_params() @ contrast * g / (g - 1) * (n - 1) / (n - k)))
    return float(contrast @ fit.params), se


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_statsmodels_with_a_dummy_for_each_household(weights: str | None) -> None:
    """Staggered and unbalanced. Equal up to rounding of a dense solution: 1e-8 of the value."""
    rows = grouped(7, [3, 3, 4, 4, 0, 0, 0], households=9, rounds=5)
    expected, se = dense(rows, weights)
    panel = panel_of(rows, Design(**COLUMNS, weights=weights))
    row = evalkit.infer(evalkit.spillover(panel), "crv1").row("direct")
    assert (row["estimate"], row["std_error"]) == pytest.approx((expected, se), rel=1e-8)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_direct_is_did_where_all_are_demonstration(seed: int) -> None:
    """No links and nobody else in pilot villages: one regressor after one start, that of `did`."""
    rows = grouped(seed, [2, 2, 2, 0, 0, 0], shares=(1.0, 0.0), rounds=2)
    found = values(rows)
    expected = evalkit.did(Panel.from_frame(rows, design=DESIGN, outcome="y")).values[0]
    assert (found["direct"], found["total"]) == pytest.approx((expected, expected), rel=1e-9, abs=1e-9)
    assert "spillover" not in found


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_direct_is_did_of_demonstration_households_where_nobody_is_missing(seed: int) -> None:
    """Nobody missing and one start: round effects are those of comparison villages, whoever else is there."""
    rows = grouped(seed, [3, 3, 3, 0, 0, 0], rounds=4, missing=-1.0)
    if not (rows["exposure"] == "demonstration").any():
        return
    apart = rows.filter(pl.col("exposure").is_in(["demonstration", "comparison"]))
    expected = evalkit.did(Panel.from_frame(apart, design=DESIGN, outcome="y")).values[0]
    assert values(rows)["direct"] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_order_and_names_do_not_matter_and_groups_may_be_exchanged(seed: int) -> None:
    rows = grouped(5, [3, 3, 4, 4, 0, 0, 0], households=8, rounds=4)
    before = values(rows)
    names = rows["household"].unique().sort()
    renamed = dict(zip(names, names.shuffle(seed), strict=True))
    village = {v: f"w{i}" for i, v in enumerate(rows["village"].unique().sort().shuffle(seed))}
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed).with_columns(
        pl.col("household").replace_strict(renamed), pl.col("village").replace_strict(village)
    )
    assert values(shuffled) == pytest.approx(before, rel=1e-8)
    turned = rows.with_columns(pl.col("exposure").replace({"linked": "unlinked", "unlinked": "linked"}))
    after = values(turned)
    assert (after["spillover"], after["unlinked"]) == pytest.approx((before["unlinked"], before["spillover"]))
    assert (after["direct"], after["total"]) == pytest.approx((before["direct"], before["total"]))


def reached(seed: int) -> pl.DataFrame:
    """Return villages in which the programme brings demonstration 3, linked 2 and unlinked households 1."""
    rows = grouped(seed, [3] * 8 + [0] * 8, households=12, rounds=4)
    gain = pl.col("exposure").replace_strict({"demonstration": 3.0, "linked": 2.0, "unlinked": 1.0, "comparison": 0.0})
    after = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    return rows.with_columns(pl.when(after).then(pl.col("y") - 0.8 + gain).otherwise("y").alias("y"))


def test_neighbours_are_no_comparison_and_other_villages_are() -> None:
    """The naive difference within pilot villages is 2 on average, the truth 3; 40 draws, four standard errors."""
    found = pl.DataFrame([values(reached(seed)) for seed in range(40)])
    for term, true in {"direct": 3.0, "spillover": 2.0, "unlinked": 1.0}.items():
        assert abs(found[term].mean() - true) < 4 * found[term].std() / 40**0.5, term
    naive = found["direct_less_unlinked"]
    assert naive.mean() + 4 * naive.std() / 40**0.5 < 3


@pytest.mark.parametrize("method", ["auto", "crv1", "crv2", "crv3", "jackknife", "wild"])
def test_linear_methods_give_intervals(method: str) -> None:
    table = evalkit.infer(evalkit.spillover(panel_of(reached(1))), method, draws=199).tidy()
    assert table["std_error"].null_count() == 0
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["conf_high"]).all()


def test_a_family_of_spillovers_is_adjusted_together() -> None:
    """The headline of each stands for it: as many results as indicators, each p at least the single one."""
    rows = reached(1).with_columns((pl.col("y") ** 2).alias("z"))
    panels = [Panel.from_frame(rows, design=DESIGN, outcome=o, covariates=("exposure",)) for o in ("y", "z")]
    results = [evalkit.infer(evalkit.spillover(p), "crv1") for p in panels]
    adjusted = evalkit.adjust_families(results, ["a", "a"], draws=199)
    assert all(a.westfall_young is not None and a.westfall_young >= 1 / 200 for a in adjusted)
    index = evalkit.spillover(evalkit.family_index(panels, ["higher", "higher"]))
    assert index.terms[:2] == ("total", "direct")


def changed(**columns: pl.Expr) -> pl.DataFrame:
    return SMALL.with_columns(**columns)


EXPOSURE = pl.col("exposure")
LATE_A1 = (pl.col("household") == "A1") & (pl.col("round") == 2)


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        (SMALL.with_columns(EXPOSURE.replace({"linked": "near"})), DataError, "near"),
        (changed(exposure=EXPOSURE.replace({"comparison": "unlinked"})), DataError, "villages C, D"),
        (changed(exposure=EXPOSURE.replace({"unlinked": "comparison"})), DataError, "villages A, B"),
        (changed(exposure=EXPOSURE.replace({"demonstration": "linked"})), DesignError, "no demonstration"),
        (SMALL.filter(pl.col("first") > 0), DesignError, "of those who started in 2, round 2"),
        (SMALL.filter(pl.col("round") == 1), DesignError, "no household is seen in two rounds"),
        (changed(first=pl.when(pl.col("first") > 0).then(9).otherwise(0)), DesignError, "after the start"),
        (
            changed(exposure=pl.when(LATE_A1).then(pl.lit("unlinked")).otherwise(EXPOSURE)),
            DataError,
            "it changes within 1 units (A1)",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(rows: pl.DataFrame, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        evalkit.spillover(panel_of(rows))
    assert words in str(caught.value)


def test_sums_by_village_do_not_suffice() -> None:
    with pytest.raises(UsageError, match="Moments"):
        evalkit.spillover(Moments.from_frame(SMALL, design=DESIGN, outcomes=["y"]))  # type: ignore[arg-type]


def test_a_panel_without_groups_says_how_to_give_them() -> None:
    with pytest.raises(DataError, match='kind "links"'):
        evalkit.spillover(Panel.from_frame(SMALL, design=DESIGN, outcome="y"))


def test_the_command_line_takes_groups_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    rows = reached(1)
    rows.write_parquet(file)
    named = [f"--{option.replace('_', '-')}={column}" for option, column in COLUMNS.items()]
    result = CliRunner().invoke(main, ["estimate", str(file), "--outcome=y", *named, "--estimator=spillover", "--json"])
    assert result.exit_code == 0, result.stderr
    terms = json.loads(result.stdout)["terms"]
    assert {t["term"]: t["estimate"] for t in terms} == pytest.approx(values(rows))
