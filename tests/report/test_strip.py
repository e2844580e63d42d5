"""The strip of villages: on public pages none stands alone, at the threshold exactly; inside each has its name."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest

from evalkit import report
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.block import Block, FigureBlock
from evalkit.report.shown_villages import grouped, shown_villages
from tests.report.test_figures import PAYLOAD


def village(name: str, n: int, change: float) -> dict:
    sums = {"w_before": float(n), "w_after": float(n), "wy_before": 0.0, "wy_after": n * change}
    return {"cluster": name, "arm": "pilot", "n_units": n, **sums, "change": change, "without": 1.0}


def limited(finding: Finding, **limits: object) -> Finding:
    shown = finding.programme.disclosure.model_copy(update=limits)
    return replace(finding, programme=finding.programme.model_copy(update={"disclosure": shown}))


@pytest.mark.parametrize(("n", "groups"), [(4, [3]), (5, [2, 2]), (6, [2, 2])])
def test_a_group_closes_at_both_thresholds(income: Finding, n: int, groups: list[int]) -> None:
    """Ten households and two villages: of four (3 × n = 4 would need three), two of 5 make 10, two of 6 make 12."""
    villages = [village(f"v{i}", n, float(i)) for i in range(4 if n > 4 else 3)]
    assert [len(g) for g in grouped(villages, income)] == groups


def test_what_is_left_over_joins_the_last_group(income: Finding) -> None:
    villages = [village(f"v{i}", 20, float(i)) for i in range(5)]
    assert [[v["cluster"] for v in g] for g in grouped(villages, income)] == [["v0", "v1"], ["v2", "v3", "v4"]]


def test_nothing_where_all_villages_are_too_small(income: Finding) -> None:
    assert grouped([village("v0", 4, 0.0), village("v1", 5, 0.0)], income) == []


def test_public_marks_are_means_of_groups(income: Finding) -> None:
    """One mark a village, none at a village's own change; groups add up to the arm, and no name is anywhere."""
    rows, truth = shown_villages(income), income.spread.villages
    block = report.village_strip(income)
    assert isinstance(block, FigureBlock)
    figure = json.loads(PAYLOAD.findall(block.block.html)[0])
    for place, arm in enumerate(("pilot", "comparison")):
        own = truth.filter(pl.col("arm") == arm)
        marks = figure["data"][place]["x"]
        assert len(marks) == own.height == sum(r["n_villages"] for r in rows if r["arm"] == arm)
        assert all(marks.count(x) >= 2 for x in marks)
        ordered = iter(own.sort("change")["change"].to_list())
        for row in (r for r in rows if r["arm"] == arm):
            members = [next(ordered) for _ in range(row["n_villages"])]
            assert min(members) - 0.5 < row["change"] < max(members) + 0.5
    assert [name for name in truth["cluster"].unique() if name in block.block.html] == []
    assert all(r["n_units"] % 10 == 0 for r in rows)


def test_the_estimate_without_each_village_stands_beside(income: Finding) -> None:
    data = json.loads(PAYLOAD.findall(report.village_strip(income).block.html)[0])["data"]
    without = [x for trace in data[2:4] for x in trace["x"]]
    assert len(without) == income.spread.villages["cluster"].n_unique()
    assert income.stability.lowest <= min(without) <= max(without) <= income.stability.highest
    assert data[4]["x"] == [income.main.row("att")["estimate"]]


def test_inside_each_village_has_its_name_where_it_is_large_enough(income: Finding) -> None:
    rows = shown_villages(limited(income, audience="internal", min_households=10))
    large = income.spread.villages.filter(pl.col("n_units") >= 10)
    assert sorted(r["cluster"] for r in rows) == sorted(large["cluster"])
    assert {r["n_villages"] for r in rows} == {1}


def test_a_share_of_few_is_not_shown(income: Finding) -> None:
    """Two villages of ten households, in all of which 3 of 20 have it before: as few as are withheld."""
    plan = income.indicator.model_copy(update={"unit": "share"})
    share = replace(income, indicator=plan)
    rows = [village(f"v{i}", 10, 0.5) | {"wy_before": 1.5, "wy_after": 6.5} for i in range(2)]
    assert grouped(rows, share) == []
    assert len(grouped([r | {"wy_before": 5.0, "wy_after": 5.0} for r in rows], share)) == 1


def test_nothing_where_no_result_is_reported_or_arms_are_withheld(income: Finding) -> None:
    closed = replace(income, gate=Gate("not_reportable", (Reason("few_pilot", {"n": 1}),)))
    assert report.village_strip(closed) == Block("")
    assert report.village_strip(limited(income, min_households=10_000)) == Block("")


def test_nothing_in_a_cross_section(saved: Finding) -> None:
    assert report.village_strip(saved) == Block("")
