"""Every function that says what may be shown, with the rule it rests on taken away: its assertion notices.

The rules themselves are broken in `test_disclosure_mutations`; here it is whether each place asks them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from evalkit.diagnostics import CellRow
from evalkit.finding import Finding
from evalkit.flow import FlowStep
from evalkit.gate import Gate, Reason
from evalkit.panel import Winsorised
from evalkit.programme import Disclosure
from evalkit.report import (
    audit,
    disclosure,
    families,
    publishable,
    quality,
    requests,
    shown,
    shown_cutoff,
    shown_digits,
)

funnel, quality_checks, rollout, dose = (
    import_module(f"evalkit.report.{name}") for name in ("funnel", "quality_checks", "rollout", "dose")
)
"""Modules that bear the name of a function of the package."""
LIMITS = Disclosure(min_households=10, min_villages=2)
Given = Finding
Assertion = Callable[[Given], None]


def _none(sizes: Any, *_: Any) -> list[None]:
    return [None] * len(sizes)


def _losses(n_lost: int) -> pl.DataFrame:
    rows = [
        {"arm": arm, "n_villages": 9, "n_start": 200, "n_observed": 200 - n, "share_missing": n / 200}
        for arm, n in (("pilot", n_lost), ("comparison", 40))
    ]
    return pl.DataFrame(rows)


def _share(finding: Given, pilot: float, comparison: float) -> Finding:
    rows = (
        CellRow("pilot", None, pilot, None, 117, 9),
        CellRow("comparison", None, comparison, None, 199, 9),
        CellRow("difference", None, pilot - comparison, None, None, None),
    )
    return replace(finding, cells=replace(finding.cells, rows=rows))


def few_take_part(finding: Given) -> None:
    table = pl.DataFrame(
        {"arm": ["pilot", "comparison"], "n_units": [100, 200], "n_villages": [9, 9], "take_up": [0.09, 0.5]}
    )
    assert shown.shown_take_up(replace(finding, compliance=table)) is None


def bounds_go_with_losses(finding: Given) -> None:
    few = replace(finding, attrition=_losses(9), bounds=finding.main)
    assert shown.shown_bounds(few) is None
    many = replace(finding, attrition=_losses(10), bounds=finding.main)
    assert shown.shown_bounds(many) is not None


def few_losses_have_no_shares(finding: Given) -> None:
    lost = Reason("attrition_differs", {"share_pilot": 0.045, "share_comparison": 0.2})
    few = replace(finding, attrition=_losses(9), gate=Gate("effect_if_assumed", (lost,)))
    assert [r.code for r in shown.shown_reasons(few)] == ["attrition_differs_few"]


def steps_have_rounded_counts(finding: Given) -> None:
    steps = [FlowStep("raw_rows", 3081, 1041, 0), FlowStep("no_outcome", 3078, 1041, 3)]
    rows = shown.shown_flow(steps, LIMITS)
    assert [(r["n_rows"], r["n_units"], r["n_rows_dropped"]) for r in rows] == [(3080, 1040, 0), (3080, 1040, None)]


def a_mean_of_withheld_rounds_is_withheld(finding: Given) -> None:
    arm = pl.col("arm") == "comparison"
    few = finding.means.with_columns(pl.when(arm).then(9).otherwise("n_units").alias("n_units"))
    assert shown.shown_comparison_mean(replace(finding, means=few)) is None


def a_lead_that_is_withheld_is_not_told(finding: Given) -> None:
    leads = SimpleNamespace(largest_lead_term="event_time=-4")
    assert shown.lead_withheld(replace(finding, pre_trend=leads))


def bins_are_cells(finding: Given) -> None:
    rows = [("below", 10.0, 0.5, 9, 3), ("below", 11.0, 0.5, 33, 5), ("below", 12.0, 0.5, 57, 5)]
    bins = pl.DataFrame(rows, schema=["side", "score", "mean", "n_units", "n_villages"], orient="row")
    out = shown_cutoff.shown_bins(finding, SimpleNamespace(bins=bins))
    assert [(b["n_units"], b["held"]) for b in out] == [(None, "households"), (None, "complement"), (60, None)]
    assert out[2]["mean"] * 60 == pytest.approx(round(out[2]["mean"] * 60))


def a_stage_of_few_is_withheld(finding: Given) -> None:
    rows = [("visited", arm, n, 9, 200, 200, 200) for arm, n in (("pilot", 9), ("comparison", 64))]
    schema = ["stage", "arm", "n_reached", "n_villages", "n_units", "n_before", "n_passed"]
    out = funnel.shown_funnel(finding.programme, pl.DataFrame(rows, schema=schema, orient="row"))
    assert [(r["n_reached"], r["share"]) for r in out] == [(None, None), (60, 0.3)]


def an_index_goes_with_its_indicators(finding: Given) -> None:
    few = replace(finding, gate=Gate("not_reportable", (Reason("small_cell", {"n_households": 7, "n_villages": 3}),)))
    family = finding.indicator.family
    assert families.shown_index([few], {family: finding.main}, family) is None


def estimates_of_a_withheld_share_have_few_digits(finding: Given) -> None:
    rough = shown_digits.shown_digits({"estimate": 0.123456, "p_value": 0.04567}, _share(finding, 7 / 117, 0.3))
    assert rough == {"estimate": 0.123, "p_value": 0.046}
    assert shown_digits.shown_digits(0.123456, _share(finding, 0.5, 0.3)) == 0.123456


def records_are_counted_in_tens(finding: Given) -> None:
    assert [quality.count_text(n, finding.programme, "zh") for n in (14, 3081)] == ["10", "3080"]
    assert "9" not in quality.count_text(9, finding.programme, "zh")


def missing_values_are_counted_in_tens(finding: Given) -> None:
    assert quality_checks._amount(14, 233, finding.programme, "en") == "10 (4.3%)"


STARTS = {"first_treated": [2014, 2015, 2016, None], "n_villages": [1, 6, 6, 9], "n_units": [23, 67, 90, 40]}
"""One village starts in 2014: with it another start is withheld, since pilot households are told elsewhere in all."""


def a_start_of_one_village_has_no_households(finding: Given) -> None:
    found = SimpleNamespace(starts=pl.DataFrame(STARTS), rounds=[2013, 2014, 2015, 2016])
    html = rollout.rollout(finding.programme, found).html
    assert [n for n in (20, 70, 90, 40) if f">{n}<" in html] == [90, 40]


def a_group_of_the_dose_is_not_what_is_left_of_the_pilot_arm(finding: Given) -> None:
    rows = pl.DataFrame({**STARTS, "before": [0.5] * 4, "after": [0.5] * 4, "change": [0.0] * 4})
    held = [r["held"] for r in dose.shown_dose(finding, SimpleNamespace(rows=rows))]
    assert held == ["villages", "complement", None, None]


def a_share_of_the_dose_is_that_of_rounded_counts(finding: Given) -> None:
    """9 of 90 are few, and the smallest other start goes with them; 23 and 33 of 67 are shown as 24 and 34 of 70."""
    means = {"before": [0.5, 23 / 67, 0.1, 0.5], "after": [0.5, 33 / 67, 0.4, 0.5], "change": [0.0] * 4}
    rows = pl.DataFrame({**STARTS, "n_villages": [6] * 4, **means})
    shown_rows = dose.shown_dose(finding, SimpleNamespace(rows=rows))
    assert [r["held"] for r in shown_rows] == ["complement", None, "households", None]
    assert [shown_rows[1][k] for k in ("before", "after")] == [24 / 70, 34 / 70]


def requests_of_few_are_withheld(finding: Given) -> None:
    names = ["stage", "group", "n_requests", "n_villages"]
    rows = [
        (stage, group, n, 9) for stage in ("acceptance", "closing") for group, n in ((None, 62), ("a", 9), ("b", 53))
    ]
    waiting = SimpleNamespace(summary=pl.DataFrame(rows, schema=names, orient="row"))
    kept = requests._summary(finding.programme, SimpleNamespace(waiting=waiting))
    assert set(kept) == {("acceptance", None), ("closing", None)}


def a_cut_has_four_digits(finding: Given) -> None:
    capped = replace(finding, winsorised=Winsorised(0.99, 77_777.5, 30))
    assert publishable.publishable(capped)["winsorised"]["cut"] == 77_780
    assert (
        publishable.publishable(replace(capped, winsorised=Winsorised(0.99, 77_777.5, 9)))["winsorised"]["cut"] is None
    )


MUTANTS: dict[str, tuple[Assertion, Any, str, Any]] = {
    "take-up: small cells": (few_take_part, shown, "withheld", _none),
    "bounds: losses": (bounds_go_with_losses, shown, "withheld", _none),
    "reasons: losses": (few_losses_have_no_shares, shown, "withheld", _none),
    "flow: rounding": (steps_have_rounded_counts, shown, "rounded_counts", lambda row, limits: dict(row)),
    "comparison mean: small cells": (
        a_mean_of_withheld_rounds_is_withheld,
        shown,
        "withheld_table",
        lambda sizes, limits: [_none(line) for line in sizes],
    ),
    "lead: event times": (
        a_lead_that_is_withheld_is_not_told,
        shown,
        "shown_events",
        lambda finding: pl.DataFrame({"term": ["event_time=-4"]}),
    ),
    "bins: small cells": (bins_are_cells, shown_cutoff, "withheld", _none),
    "bins: rounding": (bins_are_cells, shown_cutoff, "rounded", lambda n, limits: n),
    "bins: shares": (bins_are_cells, shown_cutoff, "share_of", lambda share, n, limits: 29 / 57),
    "funnel: small cells": (a_stage_of_few_is_withheld, funnel, "too_small", lambda size, limits: None),
    "funnel: rounding": (a_stage_of_few_is_withheld, funnel, "rounded", lambda n, limits: n),
    "index: members": (
        an_index_goes_with_its_indicators,
        families,
        "case_for",
        lambda finding: SimpleNamespace(shows_numbers=True),
    ),
    "digits": (estimates_of_a_withheld_share_have_few_digits, shown_digits, "is_rough", lambda finding: False),
    "digits: always few": (
        estimates_of_a_withheld_share_have_few_digits,
        shown_digits,
        "is_rough",
        lambda finding: True,
    ),
    "records: rounding": (records_are_counted_in_tens, quality, "rounded", lambda n, limits: n),
    "missing: rounding": (missing_values_are_counted_in_tens, quality_checks, "rounded", lambda n, limits: n),
    "rollout: small cells": (
        a_start_of_one_village_has_no_households,
        rollout,
        "protect_groups",
        lambda sizes, held, groups, limits: _none(sizes),
    ),
    "rollout: pilots": (
        a_start_of_one_village_has_no_households,
        rollout,
        "protect_groups",
        lambda sizes, held, groups, limits: disclosure.protect_line(sizes, held, limits),
    ),
    "dose: pilots": (
        a_group_of_the_dose_is_not_what_is_left_of_the_pilot_arm,
        dose,
        "protect_groups",
        lambda sizes, held, groups, limits: disclosure.protect_line(sizes, held, limits),
    ),
    "dose: small cells": (
        a_group_of_the_dose_is_not_what_is_left_of_the_pilot_arm,
        dose,
        "too_small",
        lambda size, limits: None,
    ),
    "dose: numerators": (a_share_of_the_dose_is_that_of_rounded_counts, dose, "n_with", lambda mean, n, finding: None),
    "dose: shares": (a_share_of_the_dose_is_that_of_rounded_counts, dose, "share_of", lambda share, n, limits: share),
    "requests: small cells": (requests_of_few_are_withheld, requests, "withheld", _none),
    "cut: digits": (a_cut_has_four_digits, disclosure, "coarse", lambda value: value),
}


@pytest.fixture(scope="module")
def share(saved: Finding) -> Finding:
    """Return a finding about a share; its programme has the usual limits."""
    assert saved.indicator.unit == "share"
    return saved


@pytest.mark.parametrize("name", MUTANTS)
def test_a_place_that_does_not_ask_is_caught(name: str, share: Finding, monkeypatch: pytest.MonkeyPatch):
    assertion, module, rule, mutant = MUTANTS[name]
    assertion(share)
    monkeypatch.setattr(module, rule, mutant)
    with pytest.raises(AssertionError):
        assertion(share)


def test_names_of_donors_are_seen_by_the_audit(lone: Finding, monkeypatch: pytest.MonkeyPatch):
    limits = lone.programme.disclosure.model_copy(update={"audience": "public"})
    public = replace(lone, programme=lone.programme.model_copy(update={"disclosure": limits}))
    assert audit.problems(public, publishable.publishable(public)) == []
    monkeypatch.setattr(publishable, "shown_donors", lambda finding: lone.to_dict()["donors"])
    assert "comparison villages are named" in " ".join(audit.problems(public, publishable.publishable(public)))


@pytest.mark.parametrize(("ended", "days"), [(9, [0]), (10, [0, 30])])
def test_a_wait_that_ended_for_few_is_not_told(share: Finding, ended: int, days: list[int]):
    """Of 40 requests 9 or 10 were accepted by day 30: their share is that of a small cell, or is not."""
    rows = [("acceptance", None, 0, 1.0, 40), ("acceptance", None, 30, 1 - ended / 40, 40 - ended)]
    curve = pl.DataFrame(
        rows,
        schema={"stage": pl.String, "group": pl.String, "day": pl.Int64, "share": pl.Float64, "n_at_risk": pl.Int64},
        orient="row",
    )
    queue = SimpleNamespace(waiting=SimpleNamespace(curve=curve, until=dt.date(2023, 1, 1)))
    assert list(requests._points(share.programme, queue, "acceptance")) == days
