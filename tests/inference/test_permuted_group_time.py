"""group_time under many assignments at once, where the round of adoption bears the number 0."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments
from evalkit.inference.permuted_group_time import permuted_group_time, village_sums
from tests.small_panels import village_panel


def test_the_round_of_adoption_may_bear_the_number_0() -> None:
    """Rounds −1 and 0, treatment in a column: the real assignment has the effect and the t of group_time."""
    on = ((pl.col("first") > 0) & (pl.col("round") == 2)).cast(pl.Int64)
    rows = village_panel(4, [2, 2, 2, 0, 0, 0], rounds=2).with_columns(on.alias("on"), pl.col("round") - 2)
    design = Design(unit="household", cluster="village", time="round", treatment="on")
    moments = Moments.from_frame(rows, design=design, outcomes=["y"])
    _, cells = moments.of("y")
    arms = np.array([[moments.cohorts.index(0)] * 3 + [moments.cohorts.index(None)] * 3])
    effect, t = permuted_group_time(moments, village_sums(moments, cells, "pairwise"), arms, "never")
    row = evalkit.infer(evalkit.group_time(moments), "crv1").row("att")
    assert effect == pytest.approx([row["estimate"]], rel=1e-9)
    assert t == pytest.approx([row["statistic"]], rel=1e-9)
