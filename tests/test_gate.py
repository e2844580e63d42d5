"""The gate: each fact about the design leads to the claim that it allows, and never to a stronger one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from evalkit.design import Assignment
from evalkit.gate import CLAIMS, TEXTS, Evidence, Reason, open_gate, p_said

DRAWN = Evidence(assignment="randomised", n_pilot=10, n_comparison=10, has_interval=True)
CHOSEN = replace(DRAWN, assignment="chosen")
SCORED = replace(DRAWN, assignment="threshold", at_cutoff=True)


@pytest.mark.parametrize(
    ("evidence", "claim", "codes"),
    [
        (DRAWN, "effect", ["randomised"]),
        (replace(DRAWN, attrition=(0.4, 0.2)), "effect_if_assumed", ["randomised", "attrition_differs"]),
        (replace(CHOSEN, n_leads=3, pre_trend_p=0.6), "effect_if_parallel_trends", ["chosen", "pre_trend_shown"]),
        (replace(CHOSEN, n_leads=3, pre_trend_p=0.05), "effect_if_parallel_trends", ["chosen", "pre_trend_shown"]),
        (replace(CHOSEN, n_leads=3, pre_trend_p=0.049), "change_only", ["chosen", "pre_trend_rejected"]),
        (CHOSEN, "effect_if_assumed", ["chosen", "no_pre_period"]),
        (replace(CHOSEN, n_comparison=0), "change_only", ["chosen", "no_comparison"]),
        (replace(DRAWN, n_pilot=1), "not_reportable", ["few_pilot"]),
        (replace(DRAWN, n_pilot=2), "effect", ["randomised"]),
        (replace(DRAWN, n_comparison=1), "not_reportable", ["few_comparison"]),
        (replace(DRAWN, has_interval=False), "not_reportable", ["no_interval"]),
        (
            replace(CHOSEN, n_pilot=1, n_matched=8, covers_one_pilot=True),
            "effect_if_parallel_trends",
            ["chosen", "matched"],
        ),
        (
            replace(DRAWN, n_pilot=1, n_matched=8, covers_one_pilot=True),
            "effect_if_parallel_trends",
            ["randomised", "matched"],
        ),
        (
            replace(CHOSEN, n_pilot=1, n_matched=8, covers_one_pilot=True, has_interval=False),
            "not_reportable",
            ["no_interval"],
        ),
        (replace(CHOSEN, n_pilot=1, n_matched=8), "not_reportable", ["few_pilot"]),
        (replace(CHOSEN, n_pilot=0, covers_one_pilot=True), "not_reportable", ["few_pilot"]),
        (replace(CHOSEN, n_pilot=1, covers_one_pilot=True), "effect_if_assumed", ["chosen", "no_pre_period"]),
        (replace(DRAWN, smallest_arm=(9, 2)), "not_reportable", ["small_cell"]),
        (replace(SCORED, density_p=0.05), "effect_at_cutoff", ["at_cutoff", "density_passed"]),
        (replace(SCORED, density_p=0.049), "change_only", ["at_cutoff", "density_rejected"]),
        (SCORED, "change_only", ["at_cutoff", "density_untested"]),
        (replace(SCORED, density_p=0.9, has_interval=False), "not_reportable", ["no_interval"]),
    ],
)
def test_claims(evidence: Evidence, claim: str, codes: list[str]) -> None:
    gate = open_gate(evidence)
    assert gate.claim == claim
    assert [r.code for r in gate.reasons] == codes
    assert all(gate.because)


def test_a_passed_pre_trend_never_strengthens() -> None:
    """Whatever else holds, p = 1 claims no more than no test at all with the same rounds shown."""
    for assignment, lost in product(get_args(Assignment), [None, (0.3, 0.1)]):
        evidence = Evidence(assignment, 10, 10, has_interval=True, n_leads=3, attrition=lost)
        untested, passed = (open_gate(replace(evidence, pre_trend_p=p)).claim for p in (None, 1.0))
        assert CLAIMS.index(passed) >= CLAIMS.index(untested)


def test_only_the_lot_gives_an_unconditional_effect() -> None:
    for assignment, leads, p in product(get_args(Assignment), [0, 4], [None, 0.9]):
        claim = open_gate(Evidence(assignment, 30, 30, has_interval=True, n_leads=leads, pre_trend_p=p)).claim
        assert (claim == "effect") == (assignment == "randomised")


def test_every_reason_has_a_text() -> None:
    assert set(get_args(Assignment)) <= set(TEXTS)


@pytest.mark.parametrize(
    ("p", "said"), [(0.0004, "p < 0.001"), (0.001, "p = 0.001"), (0.0456, "p = 0.046"), (None, "p = –")]
)
def test_p_within_a_sentence_is_never_written_as_zero(p: float | None, said: str) -> None:
    assert p_said(p) == said
    assert p is None or said in Reason("density_rejected", {"p": p}).text
