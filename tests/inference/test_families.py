"""p-values adjusted within families of results: each family apart, undefined ones left out."""

from __future__ import annotations

import polars as pl
import pytest

import evalkit
from evalkit.inference import InFamily
from evalkit.results import Inference
from tests.small_panels import village_panel


def _results() -> list[Inference]:
    frame = village_panel(21, [2, 0] * 6, missing=0.0).filter(pl.col("round") == 3)
    frame = frame.with_columns(
        (pl.col("first") > 0).cast(pl.Int8).alias("d"), (pl.col("y") ** 2).alias("z"), pl.lit(2.0).alias("same")
    )
    design = evalkit.Design(unit="household", cluster="village", treatment="d")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y", "z", "same"])
    return [evalkit.infer(evalkit.itt(moments, name)) for name in ("y", "z", "same")]


def test_each_family_apart() -> None:
    y, z, same = _results()
    p = [r.row("att")["p_value"] for r in (y, z)]
    found = evalkit.adjust_families([y, same, z, y], ["a", "a", "a", "b"], draws=299, seed=3)
    wy = evalkit.westfall_young([y.estimate, z.estimate], draws=299, seed=3).p_adjusted
    assert [f.holm for f in found] == pytest.approx([*evalkit.adjust([p[0], None, p[1]], ["a"] * 3), p[0]])
    assert [found[0].westfall_young, found[2].westfall_young] == pytest.approx(wy.tolist())
    assert [found[0].sharpened_q, found[2].sharpened_q] == evalkit.sharpened_q(p)
    assert [f.n for f in found] == [2, 0, 2, 1]
    assert found[1] == InFamily(0, None)
    assert found[3] == InFamily(1, pytest.approx(p[0]))


def test_lengths_differ() -> None:
    with pytest.raises(evalkit.UsageError, match="adjust_families: 3 results and 1 families"):
        evalkit.adjust_families(_results(), ["a"])
