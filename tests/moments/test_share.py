"""Shared moments: patterns folded, small villages refused; estimates and inference as from all patterns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import evalkit
from evalkit import Design, Moments
from evalkit.cli import main
from evalkit.diagnostics import four_cell
from evalkit.errors import DataError, UsageError
from evalkit.moments.senders import sender_of, signed
from evalkit.moments.share import share
from evalkit.moments.store import content_hash
from evalkit.moments.summary import summary
from tests.small_panels import village_panel

ADOPTION = [2, 3, 2, 3, 3, 0, 0, 0, 0, 0]
EQUAL = 1e-9
"""Only the order of additions differs."""


def _design(weights: str | None = None) -> Design:
    return Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return village_panel(3, ADOPTION, households=30, rounds=4, missing=0.15)


def _moments(frame: pl.DataFrame, weights: str | None = None) -> Moments:
    return Moments.from_frame(frame, design=_design(weights), outcomes=["y"])


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("estimator", [evalkit.did, evalkit.event_study, evalkit.pre_post])
def test_estimates_are_those_of_all_patterns(frame: pl.DataFrame, weights: str | None, estimator: object):
    full = _moments(frame, weights)
    a, b = estimator(full), estimator(share(full).moments)
    assert a.terms == b.terms
    np.testing.assert_allclose(b.values, a.values, rtol=EQUAL, atol=EQUAL)
    assert (b.counts.n_obs, b.counts.n_units) == (a.counts.n_obs, a.counts.n_units)
    assert b.columns == a.columns


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("method", ["crv1", "crv3", "wild", "randomization"])
def test_inference_is_that_of_all_patterns(frame: pl.DataFrame, weights: str | None, method: str):
    full = _moments(frame, weights)
    a, b = (evalkit.infer(evalkit.did(m), method, seed=1) for m in (full, share(full).moments))
    for name in ("std_error", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=EQUAL, atol=EQUAL, err_msg=name)


def test_crv2_is_exact_without_weights_and_not_listed_with_them(frame: pl.DataFrame):
    full = _moments(frame)
    a, b = (evalkit.infer(evalkit.did(m), "crv2") for m in (full, share(full).moments))
    np.testing.assert_allclose([b.std_error, b.df], [a.std_error, a.df], rtol=EQUAL)
    assert "crv2" in share(full).inferences
    weighted = share(_moments(frame, "weight"))
    assert "crv2" not in weighted.inferences
    assert "crv2 from this file takes the inverse weight as the working variance" in str(weighted)
    by_round = _moments(frame, "round_weight")
    a, b = (evalkit.infer(evalkit.did(m), "crv2") for m in (by_round, share(by_round).moments))
    np.testing.assert_allclose([b.std_error, b.df], [a.std_error, a.df], rtol=EQUAL)


def test_nothing_of_a_single_pattern_is_left(frame: pl.DataFrame):
    full = _moments(frame).cells["y"]
    shared = share(_moments(frame)).moments.cells["y"]
    assert full.n_units.min() == 1
    assert shared.n_by_period.min() >= 10
    assert len(shared.cluster) == len(ADOPTION)
    assert all(np.isnan(getattr(shared, k)).all() for k in ("sum_y", "sum_wy", "sum_w2", "sum_yy"))


def test_files_are_written_read_and_merged(frame: pl.DataFrame, tmp_path: Path):
    halves = [frame.filter(pl.col("village").is_in([f"v{v}" for v in range(k, 10, 2)])) for k in (0, 1)]
    files = [share(_moments(h)).moments.write(tmp_path / f"{k}.parquet") for k, h in enumerate(halves)]
    merged = Moments.read(files[0]).merge(Moments.read(files[1]))
    a, b = evalkit.event_study(_moments(frame)), evalkit.event_study(merged)
    np.testing.assert_allclose(b.values, a.values, rtol=EQUAL, atol=EQUAL)
    assert b.columns == a.columns
    with pytest.raises(DataError, match="some parts were folded for sharing and others were not"):
        Moments.read(files[0]).merge(_moments(halves[1]))


def test_what_needs_patterns_is_refused_with_the_reason(frame: pl.DataFrame):
    shared = share(_moments(frame)).moments
    for needs_patterns in (evalkit.itt, four_cell):
        with pytest.raises(DataError, match=r"patterns were folded before sharing.*did, event_study and pre_post"):
            needs_patterns(shared)


@pytest.mark.parametrize(("n", "refused"), [(9, True), (10, False)])
def test_the_threshold_of_a_village(n: int, refused: bool):
    frame = village_panel(1, ADOPTION, households=12, rounds=3, missing=0.0)
    small = frame.filter((pl.col("village") != "v4") | pl.col("household").is_in([f"h4_{h}" for h in range(n)]))
    moments = _moments(small)
    if not refused:
        assert share(moments).left_out == ()
        return
    with pytest.raises(DataError, match=r"1 of 10 villages have fewer than 10 households in some round \(v4\)"):
        share(moments)
    kept = share(moments, drop_small=True)
    assert kept.left_out == ("v4",)
    without = evalkit.did(_moments(small.filter(pl.col("village") != "v4")))
    np.testing.assert_allclose(evalkit.did(kept.moments).values, without.values, rtol=EQUAL)


def test_a_single_round_of_few_households_is_refused(frame: pl.DataFrame):
    few = frame.filter(
        (pl.col("village") != "v0") | (pl.col("round") != 3) | pl.col("household").is_in(["h0_1", "h0_2"])
    )
    with pytest.raises(DataError, match=r"\(v0\)"):
        share(_moments(few))


def test_a_sum_over_one_household_is_never_shared(frame: pl.DataFrame):
    with pytest.raises(UsageError):
        share(_moments(frame), min_households=1)


def test_a_cross_section_is_shared_as_it_is():
    frame = village_panel(5, ADOPTION, households=12, rounds=1, missing=0.0)
    full = Moments.from_frame(
        frame.with_columns(treated=(pl.col("first") > 0).cast(pl.Int8)),
        design=Design(unit="household", cluster="village", treatment="treated"),
        outcomes=["y"],
    )
    kept = share(full)
    assert kept.estimators == ("itt",)
    np.testing.assert_array_equal(evalkit.itt(kept.moments).values, evalkit.itt(full).values)


def test_the_command_says_what_stays_exact(frame: pl.DataFrame, tmp_path: Path):
    rows = tmp_path / "rows.parquet"
    frame.write_parquet(rows)
    names = [
        "--outcome",
        "y",
        "--unit",
        "household",
        "--cluster",
        "village",
        "--time",
        "round",
        "--first-treated",
        "first",
    ]
    shared = ["--share", "--office", "甲县"]
    result = CliRunner().invoke(main, ["moments", str(rows), *names, *shared, "--out", str(tmp_path / "m.parquet")])
    assert result.exit_code == 0, result.output
    assert (
        "exact from this file: did, event_study, pre_post, with crv1, crv3, wild, randomization, crv2" in result.output
    )
    assert "refused from this file: all others; they need sums by attendance pattern" in result.output
    assert evalkit.did(Moments.read(tmp_path / "m.parquet")).counts.n_clusters == 10


def test_what_is_left_out_is_gone_from_the_list_of_villages_too(frame: pl.DataFrame):
    """So that another office may send it, and nobody reads that its rows are in the sums."""
    fewer = frame.filter((pl.col("village") != "v9") | pl.col("household").is_in(["h9_0", "h9_1"]))
    kept = share(_moments(fewer), drop_small=True).moments
    assert kept.clusters == kept.parts[0].clusters == tuple(f"v{v}" for v in range(9))


def test_the_hash_is_of_the_households_by_round_too(frame: pl.DataFrame):
    kept = share(_moments(frame)).moments
    cells = kept.cells["y"]
    other = replace(kept, cells={"y": replace(cells, n_by_period=cells.n_by_period + 1)})
    assert content_hash(other) != content_hash(kept) == content_hash(share(_moments(frame)).moments)


def test_only_what_one_office_shared_has_a_sender(frame: pl.DataFrame):
    half = pl.col("village").is_in(["v0", "v1", "v5", "v6"])
    one, two = (share(_moments(frame.filter(side))).moments for side in (half, ~half))
    signed_one, signed_two = signed(one, "甲县", "0.1"), signed(two, "乙县", "0.1")
    assert sender_of(signed_one).office == "甲县"
    for other in (one, signed_one.merge(signed_two)):
        with pytest.raises(DataError, match="not shared by one office"):
            sender_of(other)


def test_the_summary_names_villages_that_are_left_out_and_only_these(frame: pl.DataFrame):
    fewer = frame.filter((pl.col("village") != "v9") | pl.col("household").is_in(["h9_0", "h9_1"]))
    for kept in (share(_moments(frame)), share(_moments(fewer), drop_small=True)):
        text = summary(signed(kept.moments, "甲县", "0.1"), kept, "a.parquet", "0" * 64)
        assert ("户数过少、未列入的村：v9\n" in text) is ("Left out, too few households: v9\n" in text)
        assert ("未列入" in text, "Left out" in text) == ((True, True) if kept.left_out else (False, False))
    assert kept.left_out == ("v9",)
    assert "户数过少、未列入的村：v9\n" in text
