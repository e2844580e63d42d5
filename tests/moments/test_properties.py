"""What must hold of moments whatever the data: addition, order, labels, units of money, levels of villages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Moments
from evalkit.moments.cells import CELL_FIELDS
from evalkit.moments.merge import merged
from tests.small_panels import village_panel

FEW = settings(max_examples=20)
LAST_BITS = 1e-12
"""Relative to the largest sum: the sums of a village's parts are rounded before they are added."""
SUMS = ("did", "event_study", "pre_post", "itt", "sun_abraham")
WEIGHTS = st.sampled_from([None, "weight", "round_weight"])


def _panels(missing: tuple[float, ...] = (0.0, 0.2)) -> st.SearchStrategy[pl.DataFrame]:
    """Panels of 8 villages, four of which adopt in round 2 or 3 of 4; numbers with six decimals."""
    dates = st.lists(st.sampled_from([2, 3]), min_size=4, max_size=4)
    drawn = st.builds(
        lambda seed, first, share: village_panel(seed, [*first, 0, 0, 0, 0], households=5, rounds=4, missing=share),
        st.integers(0, 10_000),
        dates,
        st.sampled_from(missing),
    )
    return drawn.map(lambda f: f.with_columns(pl.col("y", "weight", "round_weight").round(6)))


def _design(weights: str | None = None) -> Design:
    return Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)


def _moments(frame: pl.DataFrame, weights: str | None = None) -> Moments:
    return Moments.from_frame(frame, design=_design(weights), outcomes=["y"])


def _numbers(moments: Moments) -> dict[str, np.ndarray]:
    cells = moments.cells["y"]
    found = {name: getattr(cells, name) for name in CELL_FIELDS}
    if cells.blocks is not None:
        found |= {f"block_{name}": getattr(cells.blocks, name) for name in ("cluster", "cohort", "a", "b")}
    return found


def _same(a: Moments, b: Moments) -> bool:
    """Whether two moments hold the same bytes, part ids aside."""
    mine, theirs = _numbers(a), _numbers(b)
    bytes_equal = {k: v.tobytes() for k, v in mine.items()} == {k: v.tobytes() for k, v in theirs.items()}
    return bytes_equal and replace(a, cells={}, parts=()) == replace(b, cells={}, parts=())


def _close(a: Moments, b: Moments) -> None:
    mine, theirs = _numbers(a), _numbers(b)
    assert list(mine) == list(theirs)
    for name, values in mine.items():
        largest = max(1.0, float(np.abs(np.nan_to_num(values.astype(np.float64))).max()))
        np.testing.assert_allclose(theirs[name], values, rtol=0, atol=LAST_BITS * largest, err_msg=name)


def _table(moments: Moments, estimator: str, method: str = "crv2") -> pl.DataFrame:
    return evalkit.infer(getattr(evalkit, estimator)(moments), method).tidy()


def _assert_tables(found: pl.DataFrame, expected: pl.DataFrame, factor: float = 1.0, rel: float = 1e-7) -> None:
    """Compare the numbers, those in units of the outcome times `factor`; nulls must be null in both."""
    for name in ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value", "statistic"):
        scale = 1.0 if name in {"df", "p_value", "statistic"} else factor
        assert found[name].is_null().to_list() == expected[name].is_null().to_list(), name
        size = max([1e-3, *[abs(v) for v in (expected[name] * scale).drop_nulls()]])
        right = (expected[name] * scale).drop_nulls().to_list()
        assert found[name].drop_nulls().to_list() == pytest.approx(right, rel=rel, abs=rel * size), name


@FEW
@given(frame=_panels(), cut=st.integers(1, 7), weights=WEIGHTS)
def test_moments_of_villages_apart_add_to_those_of_all(frame: pl.DataFrame, cut: int, weights: str | None) -> None:
    at = f"v{cut}"
    parts = [
        _moments(f, weights) for f in (frame.filter(pl.col("village") >= at), frame.filter(pl.col("village") < at))
    ]
    together, union = parts[0].merge(parts[1]), _moments(frame, weights)
    assert _same(together, parts[1].merge(parts[0]))
    _close(together, union)  # the grid of exact sums hangs on the largest value of a pass: parts may round the last bit
    _assert_tables(_table(together, "did"), _table(union, "did"))


@FEW
@given(frame=_panels(), seed=st.integers(0, 99), weights=WEIGHTS)
def test_moments_of_households_apart_add(frame: pl.DataFrame, seed: int, weights: str | None) -> None:
    """Households of one village in two parts: allowed where the caller says that none is in both."""
    names = frame["household"].unique().sort()
    chosen = names.filter(pl.Series(np.random.default_rng(seed).random(len(names)) < 0.5))
    inside = pl.col("household").is_in(chosen.implode())
    parts = [_moments(frame.filter(f), weights) for f in (inside, ~inside)]
    together = merged(parts, households_are_disjoint=True)
    _close(_moments(frame, weights), together)
    _assert_tables(_table(together, "did"), _table(_moments(frame, weights), "did"))
    with pytest.raises(evalkit.DataError, match="villages stand in more than one part"):
        merged(parts)


@FEW
@given(frame=_panels(), seed=st.integers(0, 99), pieces=st.integers(1, 6), weights=WEIGHTS)
def test_order_and_chunks_of_rows_do_not_matter(
    frame: pl.DataFrame, seed: int, pieces: int, weights: str | None
) -> None:
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    size = -(-frame.height // pieces)
    chunked = pl.concat([shuffled[i : i + size] for i in range(0, frame.height, size)], rechunk=False)
    first, again = _moments(frame, weights), _moments(chunked, weights)
    assert _same(first, again)
    assert first.parts == again.parts
    assert _table(first, "did").equals(_table(again, "did"))


@FEW
@given(frame=_panels(), seed=st.integers(0, 99), estimator=st.sampled_from(SUMS))
def test_labels_do_not_matter(frame: pl.DataFrame, seed: int, estimator: str) -> None:
    """Villages, households and rounds (moved by ten years) get other names; sums over villages another order."""
    names = frame["village"].unique().sort().to_list()
    other = [f"村{i}" for i in np.random.default_rng(seed).permutation(len(names))]
    renamed = frame.with_columns(
        pl.col("village").replace(dict(zip(names, other, strict=True))),
        (pl.lit("户") + pl.col("household").str.reverse()).alias("household"),
        pl.col("round") + 2010,
        pl.when(pl.col("first") > 0).then(pl.col("first") + 2010).alias("first"),
    )
    _assert_tables(_table(_moments(renamed), estimator), _table(_moments(frame), estimator))


@FEW
@given(
    frame=_panels(),
    factor=st.floats(1e-4, 1e6),
    estimator=st.sampled_from(SUMS),
    method=st.sampled_from(["crv1", "crv2"]),
)
def test_money_in_another_unit(frame: pl.DataFrame, factor: float, estimator: str, method: str) -> None:
    """Estimate, standard error and interval follow the unit; t, df and p stay."""
    scaled = frame.with_columns(pl.col("y") * factor)
    found, before = (_table(_moments(f), estimator, method) for f in (scaled, frame))
    _assert_tables(found.with_columns(pl.col("estimate", "std_error", "conf_low", "conf_high") / factor), before)


@FEW
@given(frame=_panels(), seed=st.integers(0, 99), weights=WEIGHTS, estimator=st.sampled_from(["did", "event_study"]))
def test_a_level_for_each_village_changes_nothing(
    frame: pl.DataFrame, seed: int, weights: str | None, estimator: str
) -> None:
    names = frame["village"].unique().sort()
    levels = dict(zip(names, np.random.default_rng(seed).normal(0, 100, len(names)).tolist(), strict=True))
    moved = frame.with_columns(pl.col("y") + pl.col("village").replace_strict(levels))
    _assert_tables(_table(_moments(moved, weights), estimator), _table(_moments(frame, weights), estimator))


@FEW
@given(frame=_panels(), seed=st.integers(0, 99), estimator=st.sampled_from(SUMS))
def test_a_weight_of_two_is_two_households(frame: pl.DataFrame, seed: int, estimator: str) -> None:
    """For the estimate; also for the village scores, and so for CRV1 but for its factor in N."""
    names = frame["household"].unique().sort()
    twice = names.filter(pl.Series(np.random.default_rng(seed).random(len(names)) < 0.4))
    doubled = pl.col("household").is_in(twice.implode())
    weighted = frame.with_columns(pl.when(doubled).then(2.0).otherwise(1.0).alias("weight"))
    copies = pl.concat([frame, frame.filter(doubled).with_columns(pl.col("household") + "_again")])
    estimate = getattr(evalkit, estimator)
    by_weight, by_copies = estimate(_moments(weighted, "weight")), estimate(_moments(copies))
    np.testing.assert_allclose(by_weight.values, by_copies.values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_written_and_read(tmp_path: Path, weights: str | None) -> None:
    frame = village_panel(6, [2, 3, 3, 0, 0, 0], rounds=4).with_columns((pl.col("y") ** 2).alias("z"))
    moments = Moments.from_frame(frame, design=_design(weights), outcomes=["y", "z"])
    first, second = moments.write(tmp_path / "a.parquet"), moments.write(tmp_path / "b.parquet")
    assert first.read_bytes() == second.read_bytes()
    again = Moments.read(first)
    assert _same(again, moments)
    assert again.parts == moments.parts
    assert again.outcomes == ("y", "z")
    for outcome in again.outcomes:
        tables = [evalkit.infer(evalkit.did(m, outcome)).tidy() for m in (again, moments)]
        assert tables[0].equals(tables[1])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]


def test_one_pass_is_the_same_as_one_pass_an_outcome() -> None:
    """Rows that miss one outcome still serve the other."""
    frame = village_panel(7, [2, 3, 3, 0, 0, 0], rounds=4, missing=0.0)
    gaps = pl.Series(np.random.default_rng(1).random(frame.height) < 0.2)
    frame = frame.with_columns(pl.when(~gaps).then(pl.col("y") ** 2).alias("z"))
    both = Moments.from_frame(frame, design=_design(), outcomes=["y", "z"])
    for name in ("y", "z"):
        alone = Moments.from_frame(frame, design=_design(), outcomes=[name])
        assert evalkit.infer(evalkit.did(both, name)).tidy().equals(evalkit.infer(evalkit.did(alone)).tidy())
    assert evalkit.did(both, "z").counts.n_obs < evalkit.did(both, "y").counts.n_obs


def test_blocks_stand_in_order_of_village_and_cohort() -> None:
    """Half the households of each village start in round 2; weights change by round, so that blocks are kept."""
    rows = village_panel(5, [2, 2, 2], rounds=3)
    half = pl.when(pl.col("household").str.ends_with("0") | pl.col("household").str.ends_with("1")).then(2).otherwise(0)
    design = Design(unit="household", cluster="village", time="round", first_treated="first", weights="round_weight")
    blocks = Moments.from_frame(rows.with_columns(first=half), design=design, outcomes=["y"]).cells["y"].blocks
    assert blocks is not None
    found = list(zip(blocks.cluster.tolist(), blocks.cohort.tolist(), strict=True))
    assert found == [(v, c) for v in range(3) for c in range(2)]
