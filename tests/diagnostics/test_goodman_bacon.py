"""The Goodman-Bacon decomposition: by hand, printed weights, another program, and that its parts add to `did`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import DataError, Design, DesignError, Moments, UsageError
from evalkit.diagnostics import GoodmanBacon
from tests.small_panels import village_panel

EXACT = 1e-10
"""Relative, beside `did` or dummies on rows: sums of the same numbers in another order."""


def moments_of(frame: pl.DataFrame, weights: str | None = None) -> Moments:
    design = Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def parts(found: GoodmanBacon) -> dict[tuple[str, int | None, int | None], tuple[float, float]]:
    return {(r["kind"], r["treated"], r["comparison"]): (r["weight"], r["estimate"]) for r in found.pairs.to_dicts()}


def three(weights: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> pl.DataFrame:
    y = {"a": (2, 0.0, 2.0, 6.0), "b": (3, 1.0, 1.0, 3.0), "c": (0, 0.0, 1.0, 1.0)}
    rows = [(u, u, y[u][0], t, y[u][t], w) for u, w in zip("abc", weights, strict=True) for t in (1, 2, 3)]
    return pl.DataFrame(rows, schema=["household", "village", "first", "round", "y", "weight"], orient="row")


def test_by_hand() -> None:
    """a starts in 2 (D = 2/3), b in 3 (1/3), c never; each is a third of the households.

    Weights, times 9: a and b with c, D(1 − D) = 2/9 each; a with b before b starts, (1/3)(1/3) = 1/9; b with a after,
    (1/3)(1/3) = 1/9. Their sum is 6/9: thirds and sixths. Differences: a with c, (1 + 5)/2 − 0 = 3; b with c,
    2 − (1 + 0)/2 = 1.5; a with b in rounds 1 and 2, 1 − (−1) = 2; b with a in 2 and 3, −3 − (−1) = −2.
    """
    found = evalkit.goodman_bacon(moments_of(three()))
    assert parts(found) == {
        ("never", 2, None): pytest.approx((1 / 3, 3)),
        ("never", 3, None): pytest.approx((1 / 3, 1.5)),
        ("not_yet", 2, 3): pytest.approx((1 / 6, 2)),
        ("already", 3, 2): pytest.approx((1 / 6, -2)),
    }
    assert found.estimate == pytest.approx(1.5)
    assert found.groups.rows() == [(2, 1, 1), (3, 1, 1), (None, 1, 1)]
    assert found.by_kind().rows() == [
        ("never", pytest.approx(2 / 3), pytest.approx(2.25), pytest.approx(1.5)),
        ("not_yet", pytest.approx(1 / 6), pytest.approx(2), pytest.approx(1 / 3)),
        ("already", pytest.approx(1 / 6), pytest.approx(-2), pytest.approx(-1 / 3)),
    ]


def test_weights_by_hand() -> None:
    """c counts twice: shares 1/4, 1/4, 1/2. With c 1/8 · 2/9 = 4/144 each, a and b 1/16 · 1/9 = 1/144 each; of 10."""
    found = evalkit.goodman_bacon(moments_of(three((1.0, 1.0, 2.0)), "weight"))
    assert found.pairs["weight"].to_list() == pytest.approx([0.4, 0.4, 0.1, 0.1])


def test_treated_in_the_first_round_is_its_own_kind() -> None:
    """a in all rounds, b from 2 of two rounds on: (1/2)(1/2)(1/2)(1/2) is the only weight; (3 − 1) − (6 − 2) = −2."""
    frame = three().filter(pl.col("village") != "c", pl.col("round") > 1)
    assert parts(evalkit.goodman_bacon(moments_of(frame))) == {("always", 3, 2): pytest.approx((1.0, -2.0))}


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("starts", [[2, 3, 4, 0, 0], [2, 3, 5], [1, 2, 4, 0], [1, 3, 9]])
@pytest.mark.parametrize("seed", range(3))
def test_the_parts_add_to_did(seed: int, starts: list[int], weights: str | None) -> None:
    """With never, not yet and always treated, a start after the last round, villages of several households."""
    moments = moments_of(village_panel(seed, starts * 2, rounds=5, missing=0), weights)
    found, did = evalkit.goodman_bacon(moments), evalkit.did(moments)
    assert found.pairs["weight"].sum() == pytest.approx(1, rel=EXACT)
    assert found.pairs["weight"].min() > 0
    assert found.estimate == pytest.approx(did.values[0], rel=EXACT, abs=EXACT)


def test_order_labels_money_and_constants_do_not_matter() -> None:
    frame = village_panel(5, [2, 3, 4, 0, 0], rounds=5, missing=0)
    found = parts(evalkit.goodman_bacon(moments_of(frame)))
    other = frame.sample(fraction=1.0, shuffle=True, seed=1).with_columns(
        (pl.col("village") + "x").alias("village"),
        (100 * pl.col("y") + pl.col("household").rank("dense") * 7).alias("y"),
    )
    for key, (weight, estimate) in parts(evalkit.goodman_bacon(moments_of(other))).items():
        assert weight == pytest.approx(found[key][0], rel=EXACT)
        assert estimate == pytest.approx(100 * found[key][1], rel=1e-8)


def test_starts_between_two_rounds_are_one_group() -> None:
    """Rounds 1, 2, 4, 5: who starts in 3 and who starts in 4 is treated in the same rounds."""
    frame = village_panel(1, [3, 4, 2, 0], rounds=5, missing=0).filter(pl.col("round") != 3)
    same = frame.with_columns(pl.when(pl.col("first") == 3).then(4).otherwise("first").alias("first"))
    assert parts(evalkit.goodman_bacon(moments_of(frame))) == parts(evalkit.goodman_bacon(moments_of(same)))


def test_complete_takes_those_seen_in_every_round_and_counts_the_others() -> None:
    frame = village_panel(2, [2, 3, 4, 0, 0], rounds=4, missing=0.1)
    whole = frame.filter(pl.len().over("household") == 4)
    found = evalkit.goodman_bacon(moments_of(frame), sample="complete")
    assert found.n_left_out == frame["household"].n_unique() - whole["household"].n_unique() > 0
    assert parts(found) == parts(evalkit.goodman_bacon(moments_of(whole)))


def test_what_is_not_exact_is_refused() -> None:
    frame = village_panel(2, [2, 3, 0], rounds=4, missing=0.2)
    with pytest.raises(DataError, match=r"\d+ of 12 households are not seen in every round"):
        evalkit.goodman_bacon(moments_of(frame))
    with pytest.raises(DataError, match="12 of 12"):
        evalkit.goodman_bacon(
            moments_of(
                village_panel(2, [2, 3, 0])
                .filter(pl.col("round") > pl.col("first") - 9)
                .group_by("household", maintain_order=True)
                .head(2)
            ),
            sample="complete",
        )
    with pytest.raises(DataError, match="weight changes"):
        evalkit.goodman_bacon(moments_of(village_panel(2, [2, 3, 0], missing=0), "round_weight"))
    with pytest.raises(UsageError, match="sample"):
        evalkit.goodman_bacon(moments_of(frame), sample="pairwise")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="in one round"):
        evalkit.goodman_bacon(moments_of(village_panel(2, [2, 2], missing=0)))


def test_effects_that_grow_turn_the_comparison_with_villages_already_started() -> None:
    """A programme that adds 1 a round, nothing else changing: those comparisons alone have the wrong sign.

    a (start 2): 0, 1, 2, 3, 4, 5; b (start 4): 0, 0, 0, 1, 2, 3. a with b in rounds 1 to 3: (1 + 2)/2 = 1.5, which is
    a's effect. b with a in 2 to 6: b − a is −1, −2, then −2, −2, −2: −2 + 1.5 = −.5, where b's effect is 2. The mean
    effect over treated rows is (1 + … + 5 + 1 + 2 + 3)/8 = 2.625; one coefficient gives less than half of it.
    """
    since = pl.when(pl.col("first") > 0).then((pl.col("round") - pl.col("first") + 1).clip(0)).otherwise(0)
    frame = village_panel(3, [2, 4, 2, 4], rounds=6, missing=0).with_columns(since.cast(pl.Float64).alias("y"))
    kinds = {r["kind"]: r["estimate"] for r in evalkit.goodman_bacon(moments_of(frame)).by_kind().to_dicts()}
    assert kinds == {"not_yet": pytest.approx(1.5), "already": pytest.approx(-0.5)}
    assert evalkit.did(moments_of(frame)).values[0] < 2.625 / 2


def test_equal_effects_make_all_comparisons_alike() -> None:
    frame = village_panel(3, [2, 4, 1, 0], rounds=6, missing=0)
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    found = evalkit.goodman_bacon(moments_of(frame.with_columns((3.0 * treated + pl.col("round")).alias("y"))))
    assert found.pairs["estimate"].to_list() == pytest.approx([3.0] * found.pairs.height)
    assert set(found.pairs["kind"]) == {"never", "not_yet", "already", "always"}


PUBLISHED = {
    "ehec": (
        ("stfips", "year", "yexp2", "dins"),
        {"not_yet": (".14911", ".06983"), "already": (".05827", ".04486"), "never": (".79262", ".07228")},
    ),
    "math_reform": (
        ("state", "class", "reformyr_math", "incearn_ln"),
        {"not_yet": (".06353", ".02868"), "already": (".05265", ".03375"), "never": (".88382", "-.00129")},
    ),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_weights(case: str, cases: Path) -> None:
    """Medicaid expansion (Mixtape sessions) and mathematics requirements (bacondecomp's README), as printed."""
    (unit, time, first, outcome), printed = PUBLISHED[case]
    rows = pl.read_parquet(cases / f"{case}.parquet").with_columns(pl.col(first, time).cast(pl.Int64, strict=False))
    design = Design(unit=unit, cluster=unit, time=time, first_treated=first)
    found = evalkit.goodman_bacon(Moments.from_frame(rows, design=design, outcomes=[outcome]))
    kinds = {r["kind"]: (r["weight"], r["estimate"]) for r in found.by_kind().to_dicts()}
    assert set(kinds) == set(printed)
    for kind, texts in printed.items():
        for number, text in zip(kinds[kind], texts, strict=True):
            assert number == pytest.approx(float(text), abs=0.5001 * 10 ** -len(text.split(".")[1]))


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.filterwarnings("ignore")
def test_every_comparison_of_diff_diff(weights: str | None) -> None:
    """diff-diff fits each comparison by least squares on rows; it counts those always treated as never treated."""
    diff_diff = pytest.importorskip("diff_diff")
    frame = village_panel(8, [2, 3, 5, 0, 0, 3], rounds=6, missing=0)
    extra = {} if weights is None else {"survey_design": diff_diff.SurveyDesign(weights=weights)}
    peer = diff_diff.BaconDecomposition(weights="exact").fit(
        frame.to_pandas(), outcome="y", unit="household", time="round", first_treat="first", **extra
    )
    ours = parts(evalkit.goodman_bacon(moments_of(frame, weights)))
    assert len(peer.comparisons) == len(ours)
    kinds = {"treated_vs_never": "never", "earlier_vs_later": "not_yet", "later_vs_earlier": "already"}
    for row in peer.comparisons:
        other = None if row.control_group == "never_treated" else int(row.control_group)
        weight, estimate = ours[(kinds[row.comparison_type], int(row.treated_group), other)]
        assert weight == pytest.approx(row.weight, rel=1e-8)
        assert estimate == pytest.approx(row.estimate, rel=1e-8)
    assert np.isclose(peer.twfe_estimate, evalkit.did(moments_of(frame, weights)).values[0], rtol=1e-8)
