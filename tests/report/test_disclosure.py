"""Small cells and their complements are withheld, at the threshold exactly."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from evalkit import report
from evalkit.diagnostics import CellRow
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.programme import Disclosure
from evalkit.report import shown as shown_module
from evalkit.report.audit import problems
from evalkit.report.disclosure import Size, held_text, withheld
from evalkit.report.origin import publishable
from evalkit.report.shown import shown_frame
from evalkit.report.tables import means_table
from evalkit.report.wording import WORDS

LIMITS = Disclosure(min_households=10, min_villages=2)


@pytest.mark.parametrize(("n", "held"), [(9, "households"), (10, None), (11, None), (0, None)])
def test_threshold_of_households(n: int, held: str | None):
    assert withheld([Size(n, 5)], LIMITS) == [held]


@pytest.mark.parametrize(("n", "held"), [(1, "villages"), (2, None)])
def test_threshold_of_villages(n: int, held: str | None):
    assert withheld([Size(50, n)], LIMITS) == [held]


def test_the_smallest_other_cell_goes_too():
    assert withheld([Size(5, 3), Size(80, 9), Size(40, 9)], LIMITS) == ["households", None, "complement"]


def test_two_withheld_cells_protect_each_other():
    assert withheld([Size(5, 3), Size(6, 3), Size(40, 9)], LIMITS) == ["households", "households", None]


def test_an_empty_cell_gives_nobody_away():
    assert withheld([Size(0, 0), Size(40, 9)], LIMITS) == [None, None]


def test_words_name_the_threshold():
    assert held_text("households", LIMITS, WORDS["en"]) == "withheld: fewer than 10 households"
    assert held_text("households", LIMITS, WORDS["zh"]) == "未公布：少于10户"


@pytest.fixture
def small(saved: Finding) -> Finding:
    """Return a finding with 7 households in the pilot arm, whose mean 0.4321 must appear nowhere."""
    rows = (
        CellRow("pilot", None, 0.4321, None, 7, 3),
        CellRow("comparison", None, 0.1234, None, 900, 20),
        CellRow("difference", None, 0.3087, None, None, None),
    )
    gate = Gate("not_reportable", (Reason("small_cell", {"n_households": 7, "n_villages": 3}),))
    return replace(saved, cells=replace(saved.cells, rows=rows), gate=gate)


def test_a_small_arm_shows_neither_arm_nor_difference(small: Finding):
    html = means_table(small).html
    assert "withheld: fewer than 10 farmers" in html
    assert not [n for n in ("43.2", "12.3", "30.9", ">7<") if n in html]


def test_a_small_arm_has_no_figure_and_no_numbers_beside_the_page(small: Finding):
    assert isinstance(report.means(small), report.Block)
    numbers = publishable(small)
    assert numbers["main"] is None
    assert numbers["cells"] is None
    assert numbers["means"] is None
    assert numbers["withheld"] == ["small_cell"]


def test_a_reportable_finding_keeps_its_numbers_but_for_rounded_counts(saved: Finding):
    shown, true = publishable(saved)["main"][0], saved.to_dict()["main"][0]
    rounded_away = {k for k in true if shown[k] != true[k]}
    assert rounded_away == {"n_obs", "n_units"}
    assert (true["n_units"], shown["n_units"]) == (3081, 3080)


def test_internal_pages_show_exact_counts(saved: Finding):
    limits = saved.programme.disclosure.model_copy(update={"audience": "internal"})
    inside = replace(saved, programme=saved.programme.model_copy(update={"disclosure": limits}))
    assert publishable(inside)["main"][0]["n_units"] == 3081


def test_few_losses_are_withheld(income: Finding):
    rows = income.attrition.with_columns(n_observed=income.attrition["n_start"] - 3)
    few = replace(income, attrition=rows)
    assert "withheld: fewer than 10 households" in report.attrition(few).html
    assert publishable(few)["attrition"] is None


@pytest.mark.parametrize(
    ("n_units", "n_villages", "is_shown"),
    [(9, 5, False), (10, 5, True), (10, 2, True), (10, 1, False), (10, None, True), (None, None, False)],
)
def test_terms_of_few_households_or_one_village_are_left_out(
    n_units: int | None, n_villages: int | None, is_shown: bool
):
    row = {"term": "cohort=2014,time=2014", "n_treated_units": n_units, "n_treated_villages": n_villages}
    schema = {"term": pl.String, "n_treated_units": pl.Int64, "n_treated_villages": pl.Int64}
    assert bool(shown_frame(pl.DataFrame([row], schema=schema), Disclosure()).height) is is_shown


def test_numbers_beside_the_page_leave_out_terms_of_one_village(income: Finding):
    """Cohort 2014 has 5 pilot villages here; with a threshold of 6 its own terms go, the average stays."""
    cohort = income.main.row("cohort=2014,time=2014")
    assert cohort["n_treated_villages"] == 5
    strict = replace(income, programme=income.programme.model_copy(update={"disclosure": Disclosure(min_villages=6)}))
    terms = [r["term"] for r in publishable(strict)["main"]]
    assert terms[0] == "att"
    assert not any(t.startswith("cohort=2014") for t in terms)
    assert any(t.startswith("cohort=2015") for t in terms)


def _one_village_of_2014(income: Finding) -> Finding:
    """Return the finding as if a single village had started in 2014."""
    estimate = income.main.estimate
    cohorts = estimate.columns["cohort"]
    one = [1 if c == 2014 else n for c, n in zip(cohorts, estimate.columns["n_treated_villages"], strict=True)]
    return replace(
        income,
        main=replace(
            income.main, estimate=replace(estimate, columns={**estimate.columns, "n_treated_villages": tuple(one)})
        ),
    )


def test_a_cohort_of_one_village_is_not_what_is_left_of_an_event_time(income: Finding):
    """The event study's term at +1 is that of cohorts 2014, 2015 and 2016: less two of them it is the third."""
    values = publishable(_one_village_of_2014(income))
    events = {r["event_time"] for r in values["event_study"] if r["event_time"] is not None}
    left = {}
    for row in income.main.tidy().to_dicts():
        if row["cohort"] is not None and row["event_time"] in events:
            left.setdefault(row["event_time"], set()).add(row["term"])
    shown = {r["term"] for r in values["main"]}
    hidden = {time: terms - shown for time, terms in left.items()}
    assert not [term for term in shown if term.startswith("cohort=2014")]
    assert {time for time, terms in hidden.items() if len(terms) == 1 < len(left[time])} == set()
    assert [t for t in shown if t.startswith("cohort=")] != []


def test_the_audit_sees_a_cohort_that_is_left(income: Finding, monkeypatch: pytest.MonkeyPatch):
    finding = _one_village_of_2014(income)
    assert problems(finding, publishable(finding)) == []
    monkeypatch.setattr(shown_module, "protect_groups", lambda s, held, groups, limits: list(held))
    assert "at event time" in " ".join(problems(finding, publishable(finding)))
