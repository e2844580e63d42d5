"""On whom an effect is where not all take part: of assignment on everybody, or of taking part on those it moved."""

from __future__ import annotations

from evalkit.estimators.late import LATE, WEAK
from evalkit.finding import Finding
from evalkit.report.numbers import difference, interval, is_number, percent, unit_of
from evalkit.report.shown import shown_take_up
from evalkit.report.wording import Language, say, words_of

OF_ASSIGNMENT = frozenset({"itt", "itt_unadjusted", "itt_lin", "ancova", "did"})
"""Estimators after the effect of being assigned, on all households of pilot villages."""


def compliance(finding: Finding, lang: Language) -> str:
    """Say on whom the effect is and who took part, where the design has a take-up; empty where it has none."""
    if finding.compliance is None:
        return ""
    space = "" if lang == "zh" else " "
    if finding.main.estimate.estimator in LATE:
        return _of_instrument(finding, lang)
    if finding.main.estimate.estimator not in OF_ASSIGNMENT:
        return _shares_taking_part(finding, lang)
    said = (
        say(finding, lang, "assigned_meaning"),
        _shares_taking_part(finding, lang),
        _beside(finding, lang),
    )
    return space.join(t for t in said if t)


def _beside(finding: Finding, lang: Language) -> str:
    """Say how large the effect is on those who took part because assigned; empty where the plan does not ask for it."""
    result = finding.instrument
    if result is None:
        return ""
    row, unit, words = result.row("late"), unit_of(finding.indicator.unit), words_of(finding, lang)
    f = row["first_stage_f"]
    span_ = interval(row["conf_low"], row["conf_high"], unit, lang)
    said = words.label(
        "late_beside" if is_number(row["conf_low"]) else "late_beside_open",
        amount=difference(row["estimate"], unit, lang, signed=True),
        range=span_,
    )
    weak = words.label("late_weak") if is_number(f) and f < WEAK else ""
    return said + (("" if lang == "zh" else " ") + weak if weak else "")


def _of_instrument(finding: Finding, lang: Language) -> str:
    f = finding.main.row("att")["first_stage_f"]
    points = difference(finding.main.row("first_stage")["estimate"], unit_of("share"), lang)
    said = say(finding, lang, "late_meaning", points=points)
    weak = say(finding, lang, "late_weak") if is_number(f) and f < WEAK else ""
    return ("" if lang == "zh" else " ").join(t for t in (said, _shares_taking_part(finding, lang), weak) if t)


def _shares_taking_part(finding: Finding, lang: Language) -> str:
    """Say which share took part in each arm; empty where those who did, or did not, are fewer than may be shown."""
    shares = shown_take_up(finding)
    if shares is None:
        return ""
    return say(finding, lang, "late_shares", **{arm: percent(share, lang) for arm, share in shares.items()})
