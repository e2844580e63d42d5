"""The claim gate: which sentence the design, the counts and the checks allow. No page may say more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.design import Assignment

Claim = Literal[
    "effect", "effect_at_cutoff", "effect_if_parallel_trends", "effect_if_assumed", "change_only", "not_reportable"
]
CLAIMS: tuple[Claim, ...] = (
    "effect",
    "effect_at_cutoff",
    "effect_if_parallel_trends",
    "effect_if_assumed",
    "change_only",
    "not_reportable",
)
"""From the strongest to the weakest."""
MIN_VILLAGES = 2
REJECTED = 0.05

TEXTS = {
    "randomised": "who takes part was decided by lot",
    "phased": "villages started in phases",
    "chosen": "pilot villages were chosen, not drawn",
    "threshold": "villages were chosen by a threshold",
    "pre_trend_shown": "{n_leads} rounds before the programme are shown; "
    "they cannot prove that trends would have stayed parallel",
    "matched": "pilot villages are matched by a weighted mix of comparison villages in {n_rounds} rounds before the "
    "programme; that cannot prove that both would have gone on alike",
    "match_poor": "pilot villages did not fit their synthetic village before the programme ({p})",
    "match_early": "pilot villages left their synthetic village before the programme began ({p})",
    "pre_trend_rejected": "pilot and comparison villages already moved apart before the programme ({p})",
    "no_pre_period": "no round before the programme allows a check of parallel trends",
    "no_comparison": "there are no comparison villages",
    "few_pilot": "{n} pilot village(s): no interval covers",
    "few_comparison": "{n} comparison village(s): no interval covers",
    "no_interval": "no interval can be computed",
    "attrition_differs": "households were lost at different rates: "
    "{share_pilot:.0%} in pilot, {share_comparison:.0%} in comparison villages",
    "attrition_differs_few": "households were lost at different rates in pilot and comparison villages; "
    "too few of them to say how many",
    "at_cutoff": "a score decided who was treated; those just above and just below its cut-off are compared",
    "density_passed": "scores do not bunch on one side of the cut-off ({p}); that cannot prove that nobody moved them",
    "density_rejected": "scores bunch on one side of the cut-off ({p}), so they may have been adjusted",
    "density_untested": "too few scores near the cut-off to see whether they bunch on one side",
    "small_cell": "an arm has {n_households} households in {n_villages} villages, fewer than may be shown",
}


def p_said(p: float | None) -> str:
    """Write a p-value within a sentence: exactly to three digits, a very small one as a bound, none as a dash."""
    if p is None:
        return "p = –"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the gate stands where it stands: a code for the wording, and its numbers."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reason in plain English."""
        return TEXTS[self.code].format(**self.said)

    @property
    def said(self) -> dict[str, Any]:
        """Its numbers as sentences hold them: p as text."""
        return {**self.values, "p": p_said(self.values["p"])} if "p" in self.values else dict(self.values)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate looks at. ``n_leads`` = 0 and ``pre_trend_p`` None: nothing to check before the programme."""

    assignment: Assignment
    n_pilot: int
    n_comparison: int
    has_interval: bool
    n_leads: int = 0
    pre_trend_p: float | None = None
    attrition: tuple[float, float] | None = None
    """Shares lost in pilot and comparison villages, where their interval of difference excludes 0."""
    smallest_arm: tuple[int, int] | None = None
    """Households and villages of the smaller arm, where below the thresholds of disclosure."""
    n_matched: int = 0
    """Rounds before the programme in which a synthetic comparison is matched; 0 where there is none."""
    p_fit: float | None = None
    """Rank of the misfit to the synthetic comparison before the programme, among placebos."""
    p_early: float | None = None
    """Rank of the gap that opens in the last rounds before the programme, among placebos."""
    covers_one_pilot: bool = False
    """Whether the interval covers with a single pilot village (see `inference.lone_pilot`)."""
    at_cutoff: bool = False
    """Whether those just above a cut-off are compared with those just below."""
    density_p: float | None = None
    """p of the test that scores do not bunch at the cut-off; None where it could not be made."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The strongest claim allowed, and why."""

    claim: Claim
    reasons: tuple[Reason, ...]

    @property
    def because(self) -> list[str]:
        """The reasons in plain English."""
        return [r.text for r in self.reasons]


def open_gate(evidence: Evidence) -> Gate:
    """Decide what may be claimed.

    A passed pre-trend test never strengthens the claim: parallel trends stay an assumption (Roth 2022). A synthetic
    comparison rests on such an assumption even where villages were drawn: its weights are a model.
    """
    blocked = _blocked(evidence)
    if blocked:
        return Gate("not_reportable", blocked)
    how = Reason(evidence.assignment)
    if evidence.n_comparison == 0:
        return Gate("change_only", (how, Reason("no_comparison")))
    lost = () if evidence.attrition is None else (_lost(evidence.attrition),)
    if evidence.at_cutoff:
        return _at_cutoff(evidence.density_p, lost)
    if evidence.n_matched > 0:
        return _synthetic(evidence, how, lost)
    if evidence.assignment == "randomised":
        return Gate("effect_if_assumed" if lost else "effect", (how, *lost))
    if evidence.n_leads == 0:
        return Gate("effect_if_assumed", (how, Reason("no_pre_period"), *lost))
    if evidence.pre_trend_p is not None and evidence.pre_trend_p < REJECTED:
        return Gate("change_only", (how, Reason("pre_trend_rejected", {"p": evidence.pre_trend_p}), *lost))
    return Gate("effect_if_parallel_trends", (how, Reason("pre_trend_shown", {"n_leads": evidence.n_leads}), *lost))


def _blocked(e: Evidence) -> tuple[Reason, ...]:
    reasons = []
    if e.smallest_arm is not None:
        reasons.append(Reason("small_cell", {"n_households": e.smallest_arm[0], "n_villages": e.smallest_arm[1]}))
    if e.n_pilot < (1 if e.covers_one_pilot else MIN_VILLAGES):
        reasons.append(Reason("few_pilot", {"n": e.n_pilot}))
    if 0 < e.n_comparison < MIN_VILLAGES:
        reasons.append(Reason("few_comparison", {"n": e.n_comparison}))
    if not reasons and e.n_comparison >= MIN_VILLAGES and not e.has_interval:
        reasons.append(Reason("no_interval"))
    return tuple(reasons)


def _at_cutoff(density_p: float | None, lost: tuple[Reason, ...]) -> Gate:
    """Allow an effect at the cut-off only where scores do not bunch there: who was lifted over it may be special."""
    how = Reason("at_cutoff")
    if density_p is None:
        return Gate("change_only", (how, Reason("density_untested"), *lost))
    if density_p < REJECTED:
        return Gate("change_only", (how, Reason("density_rejected", {"p": density_p}), *lost))
    return Gate("effect_at_cutoff", (how, Reason("density_passed", {"p": density_p}), *lost))


def _synthetic(e: Evidence, how: Reason, lost: tuple[Reason, ...]) -> Gate:
    """Let a synthetic comparison stand for what would have been only where it fitted before, up to the start."""
    for code, p in (("match_poor", e.p_fit), ("match_early", e.p_early)):
        if p is not None and p < REJECTED:
            return Gate("change_only", (how, Reason(code, {"p": p}), *lost))
    return Gate("effect_if_parallel_trends", (how, Reason("matched", {"n_rounds": e.n_matched}), *lost))


def _lost(shares: tuple[float, float]) -> Reason:
    return Reason("attrition_differs", {"share_pilot": shares[0], "share_comparison": shares[1]})
