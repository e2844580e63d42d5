"""Each rule of disclosure by hand, and a mutation of each: the audit, which shares no rule with them, complains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.diagnostics import CellRow
from evalkit.errors import DataError
from evalkit.finding import Finding
from evalkit.panel import Winsorised
from evalkit.programme import Disclosure
from evalkit.report import disclosure, publishable, shown
from evalkit.report.audit import counts_of, differences, problems, require_safe
from evalkit.report.disclosure import Size, coarse, near, rounded, share_of, withheld, withheld_table
from evalkit.report.origin import publish
from evalkit.report.shown_digits import DECIMALS

LIMITS = Disclosure(min_households=10, min_villages=2)
INTERNAL = Disclosure(audience="internal")


@pytest.mark.parametrize(("n", "shown_as"), [(10, 10), (14, 10), (15, 20), (1077, 1080), (0, 0)])
def test_counts_are_multiples_of_the_threshold(n: int, shown_as: int):
    assert rounded(n, LIMITS) == shown_as
    assert rounded(n, INTERNAL) == n


def test_a_share_is_recomputed_from_the_rounded_count():
    # 49 of 117 = .41880; the count is shown as 120, of which .41880 are 50.3, so 50 of 120
    assert share_of(49 / 117, 117, LIMITS) == 50 / 120
    # shown internally, it is what it is: 49 of 117
    assert share_of(49 / 117, 117, INTERNAL) == 49 / 117


@pytest.mark.parametrize(("value", "digits"), [(14196.504, 14200.0), (0.0123456, 0.01235), (-931.26, -931.3), (0, 0)])
def test_means_keep_four_digits(value: float, digits: float):
    assert coarse(value) == digits


@pytest.mark.parametrize(("n_with", "held"), [(9, "households"), (10, None), (41, "households"), (40, None), (0, None)])
def test_a_share_of_few_is_a_small_cell(n_with: int, held: str | None):
    assert withheld([Size(50, 5, n_with)], LIMITS) == [held]


def test_small_cells_together_reach_the_threshold():
    # 3 + 4 = 7 can be had from the total, and is too few; with 30 it is 37
    assert withheld([Size(3, 3), Size(4, 3), Size(30, 5), Size(90, 9)], LIMITS) == [
        "households",
        "households",
        "complement",
        None,
    ]


def test_a_table_with_totals_both_ways_withholds_a_rectangle():
    # One small cell: its row and its column each lose a second, and these two a fourth.
    table = [[Size(5, 3), Size(50, 5)], [Size(40, 5), Size(60, 5)], [Size(70, 5), Size(80, 5)]]
    assert withheld_table(table, LIMITS) == [
        ["households", "complement"],
        ["complement", "complement"],
        [None, None],
    ]


@pytest.mark.parametrize(("one", "other", "is_near"), [(120, 117, True), (120, 120, False), (120, 110, False)])
def test_cells_that_differ_by_few(one: int, other: int, is_near: bool):
    assert near(one, other, LIMITS) is is_near


sizes = st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=2), min_size=1, max_size=6)


@given(sizes)
def test_no_line_of_any_table_gives_a_small_group_away(counts: list[list[int]]):
    held = withheld_table([[Size(n, 5) for n in line] for line in counts], LIMITS)
    lines = [list(zip(c, h, strict=True)) for c, h in zip(counts, held, strict=True)]
    for line in [*lines, *([list(c) for c in zip(*lines, strict=True)] if len(lines) > 1 else [])]:
        open_ = [n for n, h in line if n and h is None]
        hidden = [n for n, h in line if n and h is not None]
        assert all(n >= 10 for n in open_)
        assert not (hidden and open_) or (len(hidden) > 1 and sum(hidden) >= 10)


@given(st.lists(st.integers(10, 5000), max_size=30))
def test_no_two_rounded_counts_differ_by_less_than_the_threshold(counts: list[int]):
    assert differences([{"n_units": rounded(n, LIMITS)} for n in counts], LIMITS) == []


def test_differences_between_pages_are_found():
    pages = [{"means": [{"n_units": 120}]}, {"means": [{"n_units": 117}]}]
    assert differences(pages, LIMITS) == ["counts 117 and 120 differ by fewer than 10"]
    assert sorted(counts_of(pages)) == [117, 120]


# --- mutations: a finding whose cells need each rule, and each rule broken in turn ---


@pytest.fixture(scope="module")
def needy(income: Finding) -> Finding:
    """Return a finding in which every rule has work to do."""
    means = income.means.with_columns(
        n_units=pl.when((pl.col("arm") == "pilot") & (pl.col("time") == 2014)).then(9).otherwise("n_units"),
    ).with_columns(
        n_units=pl.when((pl.col("arm") == "pilot") & (pl.col("time") == 2012)).then(427).otherwise("n_units"),
        n_villages=pl.when((pl.col("arm") == "comparison") & (pl.col("time") == 2016)).then(1).otherwise("n_villages"),
    )
    return replace(income, means=means, winsorised=Winsorised(0.99, 77_777.0, 9))


@pytest.fixture(scope="module")
def needy_share(needy: Finding) -> Finding:
    """Return one whose indicator is a share, with 9 of 424 pilot households that have it at the end."""
    plan = needy.indicator.model_copy(update={"unit": "share"})
    rows = (
        CellRow("pilot", 0.5, 9 / 424, 9 / 424 - 0.5, 424, 16),
        CellRow("comparison", 0.5, 0.4, -0.1, 537, 20),
        CellRow("difference", 0.0, 9 / 424 - 0.4, 9 / 424 - 0.4, None, None),
    )
    means = needy.means.with_columns(mean=pl.lit(0.41880341880341880))
    return replace(needy, indicator=plan, cells=replace(needy.cells, rows=rows), means=means)


def test_the_rules_satisfy_the_audit(needy: Finding, needy_share: Finding):
    for finding in (needy, needy_share):
        assert problems(finding, publishable.publishable(finding)) == []


def _threshold(off: int) -> Callable[..., Any]:
    def too_small(size: Size, limits: Disclosure) -> str | None:
        limits = limits.model_copy(update={"min_households": limits.min_households + off})
        return original(size, limits)

    original = disclosure.too_small
    return too_small


MUTATIONS: dict[str, tuple[object, str, Any, str]] = {
    "threshold off by one": (disclosure, "too_small", _threshold(-1), "is shown and rests on 9 households"),
    "villages forgotten": (
        disclosure,
        "too_small",
        lambda s, lim, f=disclosure.too_small: f(replace(s, n_villages=None), lim),
        "in 1 villages",
    ),
    "numerators forgotten": (
        disclosure,
        "too_small",
        lambda s, lim, f=disclosure.too_small: f(replace(s, n_with=None), lim),
        "the four cells: pilot is shown",
    ),
    "complement forgotten": (disclosure, "protect_line", lambda s, h, lim: list(h), "can be had from the total"),
    "complement in rows only": (
        disclosure,
        "protected",
        lambda s, h, lim: [disclosure.protect_line(a, b, lim) for a, b in zip(s, h, strict=True)],
        "can be had from the total",
    ),
    "nested cells forgotten": (shown, "near", lambda a, b, lim: False, "less the four cells leaves 3 households"),
    "rounding forgotten": (shown, "rounded", lambda n, lim: n, "differ by fewer than 10"),
    "rounding to half the threshold": (shown, "rounded", lambda n, lim: n // 5 * 5, "differ by fewer than 10"),
    "shares exact": (shown, "share_of", lambda s, n, lim: s, "not computed from the rounded count"),
    "difference shown": (
        shown,
        "_difference",
        lambda f, p, o, h: f.cells.row("difference"),
        "difference of an arm that is withheld",
    ),
    "small event times shown": (
        shown,
        "withheld",
        lambda s, lim: [None] * len(s),
        "event_study",
    ),
    "few losses shown": (shown, "_loss", lambda r, h, lim: {**r, "held": None}, "the losses of pilot rest on too few"),
    "cut of few values shown": (
        publishable,
        "_winsorised",
        lambda f: {"quantile": 0.99, "cut": f.winsorised.cut, "n_changed": None},
        "cut of extreme values",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_rule_is_seen(name: str, needy: Finding, needy_share: Finding, monkeypatch: pytest.MonkeyPatch):
    module, attribute, broken, complaint = MUTATIONS[name]
    for place in (module, shown):
        monkeypatch.setattr(place, attribute, broken, raising=place is module)
    found = [p for f in _variants(needy, needy_share) for p in problems(f, publishable.publishable(f))]
    assert [p for p in found if complaint in p], (name, found)


def _variants(needy: Finding, needy_share: Finding) -> list[Finding]:
    few = needy.attrition.with_columns(n_observed=pl.col("n_start") - 3)
    study = needy.event_study.estimate
    units = (517, 9, *study.columns["n_treated_units"][2:])
    thin = replace(study, columns={**study.columns, "n_treated_units": units})
    one = needy.means.with_columns(
        n_villages=pl.lit(16, pl.Int64),
        n_units=pl.when(pl.col("time") == 2012).then(600).otherwise("n_units"),
    )
    return [
        needy,
        needy_share,
        replace(needy, means=one),
        replace(needy, attrition=few),
        replace(needy, event_study=replace(needy.event_study, estimate=thin)),
    ]


def test_the_variants_satisfy_the_audit(needy: Finding, needy_share: Finding):
    for finding in _variants(needy, needy_share):
        assert problems(finding, publishable.publishable(finding)) == []


def _sets_behind(published: float, half: float) -> list[tuple[int, int, int, int]]:
    """Return all (a, n, b, m) near rounded counts of 120 and 200 whose difference a/n − b/m gives a published number.

    This is what a reader can do with the public folder alone: the counts shown, and the estimate.
    """
    found = []
    for n in range(115, 125):
        for m in range(195, 205):
            a = np.arange(n + 1)[:, None]
            hit = np.argwhere(np.abs(a / n - np.arange(m + 1)[None, :] / m - published) <= half)
            found += [(int(x), n, int(y), m) for x, y in hit]
    return found


def test_a_withheld_numerator_cannot_be_had_from_the_estimate(saved: Finding):
    """7 of 117 pilot households have it, 60 of 199 others: the cells are withheld, and so is what tells of them.

    With all digits of the difference, a search finds these four numbers and no others.
    """
    estimate = 7 / 117 - 60 / 199
    rows = (
        CellRow("pilot", None, 7 / 117, None, 117, 9),
        CellRow("comparison", None, 60 / 199, None, 199, 9),
        CellRow("difference", None, estimate, None, None, None),
    )
    main = replace(saved.main, estimate=replace(saved.main.estimate, values=np.array([estimate])))
    finding = replace(saved, main=main, cells=replace(saved.cells, rows=rows))
    assert _sets_behind(estimate, 1e-12) == [(7, 117, 60, 199)]
    values = publishable.publishable(finding)
    assert (values["cells"]["rows"][0]["after"], values["decimals"]) == (None, DECIMALS)
    behind = _sets_behind(values["main"][0]["estimate"], 0.5 * 10.0**-DECIMALS)
    assert (7, 117, 60, 199) in behind
    assert len({a for a, *_ in behind}) > 20
    row = values["main"][0]
    assert max(abs(row[k] * 1000 - round(row[k] * 1000)) for k in ("conf_low", "std_error", "statistic")) < 1e-6


def test_numbers_keep_their_digits_where_nothing_is_withheld(saved: Finding):
    values = publishable.publishable(saved)
    assert values["decimals"] is None
    assert values["main"][0]["estimate"] == saved.main.row("att")["estimate"]


def test_where_the_audit_complains_nothing_is_handed_on(needy: Finding, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disclosure, "protect_line", lambda s, h, lim: list(h))
    with pytest.raises(DataError, match="nothing was published"):
        publish(needy)


def test_cells_of_unknown_size_are_not_shown(income: Finding):
    study = income.event_study.estimate
    bare = replace(study, columns={"event_time": study.columns["event_time"]})
    finding = replace(income, event_study=replace(income.event_study, estimate=bare))
    values = publishable.publishable(finding)
    assert [r["term"] for r in values["event_study"]] == ["att"]
    require_safe(finding, values)
