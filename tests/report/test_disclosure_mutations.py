"""Every rule of disclosure, broken on purpose: each mutant is caught by the assertion that stands for its rule.

An assertion is a function of its own. It holds for the rules as they are, and fails as soon as the mutant is in place;
a mutant that no assertion noticed would fail here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from evalkit.batch import differencing, publish
from evalkit.finding import Finding
from evalkit.programme import Disclosure
from evalkit.report import audit, disclosure, shown
from evalkit.report.disclosure import Size
from evalkit.report.page import Failure
from evalkit.report.publishable import publishable

LIMITS = Disclosure(min_households=10, min_villages=2)
Assertion = Callable[[], None]
Mutant = Callable[[pytest.MonkeyPatch], None]


def ten_are_shown_and_nine_are_not() -> None:
    assert [disclosure.too_small(Size(n, 5), LIMITS) for n in (9, 10)] == ["households", None]


def two_villages_are_shown_and_one_is_not() -> None:
    assert [disclosure.too_small(Size(50, n), LIMITS) for n in (1, 2)] == ["villages", None]


def a_share_of_nine_or_of_all_but_nine_is_withheld() -> None:
    held = [disclosure.too_small(Size(50, 5, n), LIMITS) for n in (9, 10, 40, 41)]
    assert held == ["households", None, None, "households"]


def a_withheld_cell_takes_another_along() -> None:
    assert disclosure.withheld([Size(5, 3), Size(80, 9), Size(40, 9)], LIMITS) == ["households", None, "complement"]


def what_is_withheld_holds_ten_households_together() -> None:
    assert disclosure.withheld([Size(4, 3), Size(4, 3), Size(40, 9), Size(80, 9)], LIMITS)[2] == "complement"


def columns_are_protected_too() -> None:
    table = [[Size(5, 3), Size(40, 9)], [Size(60, 9), Size(70, 9)], [Size(90, 9), Size(95, 9)]]
    held = disclosure.withheld_table(table, LIMITS)
    assert all(sum(row[j] is not None for row in held) != 1 for j in (0, 1))


def a_cohort_is_not_what_is_left_of_its_event_time() -> None:
    """Cohorts a, b and c at event times 0 and 1; a is a single village: at each time another cohort goes with it."""
    sizes = [Size(12, 1), Size(40, 5), Size(90, 9), Size(12, 1), Size(40, 5)]
    held = disclosure.protect_groups(sizes, ["villages", None, None, "villages", None], [0, 0, 0, 1, 1], LIMITS)
    assert held == ["villages", "complement", None, "villages", "complement"]
    alone = disclosure.protect_groups(sizes, ["villages", None, None, "villages", None], [None] * 5, LIMITS)
    assert alone == ["villages", None, None, "villages", None]


def cells_that_differ_by_few_are_near() -> None:
    assert [disclosure.near(100, n, LIMITS) for n in (100, 91, 90, 109, 110)] == [False, True, False, True, False]


def counts_are_multiples_of_ten() -> None:
    assert [disclosure.rounded(n, LIMITS) for n in (14, 15, 3081)] == [10, 20, 3080]
    assert disclosure.rounded_counts({"n_units": 3081, "estimate": 3081}, LIMITS) == {"n_units": 3080, "estimate": 3081}


def a_share_tells_no_exact_count() -> None:
    """7/233 of 233 households, shown as 230: 7/230, never 0.03004… of 233."""
    assert disclosure.share_of(7 / 233, 233, LIMITS) * 230 == pytest.approx(7, abs=1e-9)


def a_mean_has_four_digits() -> None:
    assert disclosure.coarse(1234567.0 / 233) == 5299.0


RULES: dict[str, tuple[Assertion, str, Any]] = {
    "threshold one too low": (ten_are_shown_and_nine_are_not, "too_small", lambda s, _: _below(s, 9, 2)),
    "threshold one too high": (ten_are_shown_and_nine_are_not, "too_small", lambda s, _: _below(s, 11, 2)),
    "one village is enough": (two_villages_are_shown_and_one_is_not, "too_small", lambda s, _: _below(s, 10, 1)),
    "three villages are needed": (two_villages_are_shown_and_one_is_not, "too_small", lambda s, _: _below(s, 10, 3)),
    "shares of few are forgotten": (
        a_share_of_nine_or_of_all_but_nine_is_withheld,
        "too_small",
        lambda s, _: _below(s, 10, 2),
    ),
    "no count is few": (a_share_of_nine_or_of_all_but_nine_is_withheld, "_few", lambda n, _: False),
    "complement forgotten": (a_withheld_cell_takes_another_along, "protect_line", lambda s, held, _: list(held)),
    "two are enough, however small": (
        what_is_withheld_holds_ten_households_together,
        "protect_line",
        lambda s, held, limits: _two_at_least(s, held),
    ),
    "columns forgotten": (columns_are_protected_too, "protected", lambda s, held, limits: _rows_only(s, held, limits)),
    "event times forgotten": (
        a_cohort_is_not_what_is_left_of_its_event_time,
        "protect_groups",
        lambda s, held, groups, limits: list(held),
    ),
    "event times taken as one": (
        a_cohort_is_not_what_is_left_of_its_event_time,
        "protect_groups",
        lambda s, held, groups, limits: disclosure.protect_line(s, held, limits),
    ),
    "near reversed": (cells_that_differ_by_few_are_near, "near", lambda a, b, limits: abs(a - b) >= 10),
    "near one too narrow": (cells_that_differ_by_few_are_near, "near", lambda a, b, limits: 0 < abs(a - b) < 9),
    "near one-sided": (cells_that_differ_by_few_are_near, "near", lambda a, b, limits: 0 < a - b < 10),
    "rounding skipped": (counts_are_multiples_of_ten, "rounded", lambda n, _: n),
    "rounded down": (counts_are_multiples_of_ten, "rounded", lambda n, _: n // 10 * 10),
    "a count forgotten": (counts_are_multiples_of_ten, "COUNTS", ("n_obs",)),
    "share exact": (a_share_tells_no_exact_count, "share_of", lambda share, n, _: share),
    "mean exact": (a_mean_has_four_digits, "coarse", lambda value: value),
    "five digits": (a_mean_has_four_digits, "DIGITS", 5),
}


def _below(size: Size, households: int, villages: int) -> str | None:
    if size.n_units == 0:
        return None
    if size.n_units < households:
        return "households"
    return "villages" if size.n_villages is not None and size.n_villages < villages else None


def _two_at_least(sizes: Any, held: Any) -> list[Any]:
    line, hidden = list(held), [i for i, h in enumerate(held) if h]
    others = [i for i, h in enumerate(held) if not h]
    if len(hidden) == 1 and others:
        line[min(others, key=lambda i: sizes[i].n_units)] = "complement"
    return line


def _rows_only(sizes: Any, held: Any, limits: Disclosure) -> list[Any]:
    return [disclosure.protect_line(s, h, limits) for s, h in zip(sizes, held, strict=True)]


@pytest.mark.parametrize("name", RULES)
def test_a_broken_rule_is_caught(name: str, monkeypatch: pytest.MonkeyPatch):
    assertion, rule, mutant = RULES[name]
    assertion()
    monkeypatch.setattr(disclosure, rule, mutant)
    with pytest.raises(AssertionError):
        assertion()


# What the pages show of a finding, and the audit that shares no rule with it: mutants of the one are seen by the other.


def few_pilots(saved: Finding) -> Finding:
    """A finding whose pilot arm has 7 households; the gate is open, so that only disclosure stands between."""
    rows = [replace(r, n_units=7, n_villages=3) if r.row == "pilot" else r for r in saved.cells.rows]
    return replace(saved, cells=replace(saved.cells, rows=tuple(rows)))


SHOWN: dict[str, tuple[str, Any]] = {
    "nothing is withheld from a line": ("withheld", lambda sizes, _: [None] * len(sizes)),
    "counts are not rounded": ("rounded", lambda n, _: n),
    "shares stay exact": ("share_of", lambda share, n, _: share),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_audit_sees_what_the_page_forgot(name: str, saved: Finding, monkeypatch: pytest.MonkeyPatch):
    finding = few_pilots(saved)
    assert audit.problems(finding, publishable(finding)) == []
    rule, mutant = SHOWN[name]
    monkeypatch.setattr(shown, rule, mutant)
    tried = saved if rule != "withheld" else finding
    assert audit.problems(tried, publishable(tried)) != []


AUDIT: dict[str, tuple[str, Any]] = {
    "cells are not looked at": ("_line", lambda *given: iter(())),
    "differences are not looked at": ("differences", lambda pages, limits: []),
    "shares are not looked at": ("_shares", lambda finding, values: iter(())),
}


@pytest.mark.parametrize("name", AUDIT)
def test_a_blind_audit_is_caught(name: str, saved: Finding, monkeypatch: pytest.MonkeyPatch):
    """Each part of the audit is the only one that sees its fault: without it the fault would pass."""
    finding = few_pilots(saved) if name.startswith("cells") else saved
    values = publishable(finding)
    bad = _spoilt(name, finding, values)
    assert audit.problems(finding, bad) != []
    rule, mutant = AUDIT[name]
    monkeypatch.setattr(audit, rule, mutant)
    assert audit.problems(finding, bad) == []


def _spoilt(name: str, finding: Finding, values: dict[str, Any]) -> dict[str, Any]:
    if name.startswith("cells"):
        rows = [{**r, "after": 0.5, "n_units": 10} if r["row"] == "pilot" else r for r in values["cells"]["rows"]]
        return {**values, "cells": {**values["cells"], "rows": rows}}
    if name.startswith("differences"):
        return {**values, "flow": [{"n_rows": 3081}, {"n_rows": 3080}]}
    rows = [{**r, "after": 0.123456} if r["row"] == "pilot" else r for r in values["cells"]["rows"]]
    return {**values, "cells": {**values["cells"], "rows": rows}}


# What may leave a public run.


def _notebook(*outputs: Any) -> Any:
    return new_notebook(cells=[new_code_cell("x", outputs=list(outputs))], metadata={"author": "x"})


def a_frame_is_refused() -> None:
    assert publish.unchecked(_notebook(new_output("execute_result", {"text/html": "<table>"})))


def printed_text_is_refused() -> None:
    assert publish.unchecked(_notebook(new_output("stream", name="stdout", text="row 1")))


def metadata_of_editors_are_gone() -> None:
    assert "author" not in publish.for_publication(_notebook(), outputs=True).metadata


def identifiers_are_found() -> None:
    assert (
        len(publish.identifiers_in({"html": "99000019900101000X", "json": "13912345678", "x": "6222021234567890"})) == 3
    )


def keys_of_rows_are_cut() -> None:
    told = "2 pairs of 'A' or \"b'c\" in 20 rows of unit 123456 (units 7, 8(a), 9) and more"
    shown = publish.public_failure("DataError", Failure(told), Path("p"), known=True, least=10).reason
    assert shown == "fewer than 10 pairs of or in 20 rows of unit …"


def a_page_that_tells_on_another_is_withheld() -> None:
    assert differencing.telling({"a": [110], "b": [104]}, LIMITS) == ["b"]


LEAVING: dict[str, tuple[Assertion, Any, str, Any]] = {
    "outputs are not looked at": (a_frame_is_refused, publish, "_foreign", lambda outputs: iter(())),
    "printed text passes": (printed_text_is_refused, publish, "_foreign", lambda outputs: iter(())),
    "metadata are kept": (metadata_of_editors_are_gone, publish, "KEPT_METADATA", ("author",)),
    "one kind of identifier is forgotten": (
        identifiers_are_found,
        publish,
        "IDENTIFIERS",
        dict(list(publish.IDENTIFIERS.items())[1:]),
    ),
    "keys are kept": (keys_of_rows_are_cut, publish, "KEYS", re.compile("never")),
    "quoted values are kept": (keys_of_rows_are_cut, publish, "QUOTED", re.compile("never")),
    "only the first bracket is cut": (keys_of_rows_are_cut, publish, "KEYS", re.compile(r"\s*\([^()]*\)")),
    "small numbers of rows are kept": (keys_of_rows_are_cut, publish, "FEW_ROWS", re.compile("never")),
    "long numbers are kept": (keys_of_rows_are_cut, publish, "LONG_NUMBER", re.compile("never")),
    "pages are not compared": (
        a_page_that_tells_on_another_is_withheld,
        differencing,
        "differences",
        lambda pages, limits: [],
    ),
}


@pytest.mark.parametrize("name", LEAVING)
def test_a_door_left_open_is_caught(name: str, monkeypatch: pytest.MonkeyPatch):
    assertion, module, rule, mutant = LEAVING[name]
    assertion()
    monkeypatch.setattr(module, rule, mutant)
    with pytest.raises(AssertionError):
        assertion()
