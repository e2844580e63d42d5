"""Who took part, and the effect of being assigned beside that of taking part: for designs with a take-up."""

from __future__ import annotations

from typing import Any

from evalkit.finding import Finding
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.cutoff_words import is_fuzzy
from evalkit.report.disclosure import held_text, rounded
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, Unit, alike_in, difference, interval, percent, plain, unit_of, whole
from evalkit.report.on_whom import OF_ASSIGNMENT
from evalkit.report.shown import ARMS, shown_take_up
from evalkit.report.statement import case_for
from evalkit.report.tables import arm_name, estimator_name
from evalkit.report.wording import Language, say, words_of
from evalkit.results import Inference


def take_up(finding: Finding) -> Block:
    """Return who took part by arm and, where the plan asks for it, both effects; empty for designs without take-up."""
    if finding.compliance is None or not case_for(finding).shows_numbers:
        return Block("")
    parts = heading(lambda lang: say(finding, lang, "take_up")) + both(lambda lang: _arms(finding, lang).html())
    if finding.instrument is None:
        return Block(parts)
    effects = both(lambda lang: _effects(finding, lang).html())
    return Block(parts + effects + paragraph(lambda lang: _note(finding, lang)))


def _arms(finding: Finding, lang: Language) -> Grid:
    """Return households, villages and the share that took part; both shares go where one rests on too few."""
    words, limits, shares = words_of(finding, lang), finding.programme.disclosure, shown_take_up(finding)
    table = {r["arm"]: r for r in (finding.compliance.to_dicts() if finding.compliance is not None else [])}
    body = []
    for arm in ARMS:
        share = held_text("households", limits, words) if shares is None else percent(shares[arm], lang)
        n = table[arm]["n_units"]
        few = n < limits.min_households
        count = held_text("households", limits, words) if few else whole(rounded(n, limits), lang)
        body.append([arm_name(finding, arm, lang), whole(table[arm]["n_villages"], lang), count, share])
    if shares is not None:
        gap = difference(shares["pilot"] - shares["comparison"], unit_of("share"), lang, signed=True)
        body.append([arm_name(finding, "difference", lang), "", "", gap])
    note = words.label("took_part_cutoff") if is_fuzzy(finding) and shares is not None else ""
    return Grid(["", words.label("villages"), words.label("households"), words.label("took_part")], body, note=note)


def _effects(finding: Finding, lang: Language) -> Grid:
    words, result = words_of(finding, lang), finding.instrument
    assigned = [r for r in (finding.main, *(r for _, r in finding.robustness)) if r.estimate.estimator in OF_ASSIGNMENT]
    unit = alike_in(unit_of(finding.indicator.unit), [r.row("att") for r in assigned[:1]] + _ends(finding))
    rows = [_effect("effect_assigned", assigned[0], unit, finding, lang)] if assigned else []
    if result is not None:
        usual = next(r for r in (finding.main, *(r for _, r in finding.robustness)) if r.estimate is result.estimate)
        rows.append(_effect("effect_taking_part", usual, unit, finding, lang, result))
    head = ["", *(words.label(k) for k in ("method", "estimate", "interval", "anderson_rubin"))]
    return Grid(head, rows, words=(0, 1))


def _ends(finding: Finding) -> list[dict[str, Any]]:
    """Return the rows of the effect on those who took part: by the usual method, and by Anderson and Rubin."""
    if finding.instrument is None:
        return []
    usual = (finding.main, *(r for _, r in finding.robustness))
    return [finding.instrument.row("late"), *(r.row("att") for r in usual if r.estimate is finding.instrument.estimate)]


def _effect(
    key: str, usual: Inference, unit: Unit, finding: Finding, lang: Language, robust: Inference | None = None
) -> list[str]:
    row, words = usual.row("att"), words_of(finding, lang)
    ends = {} if robust is None else robust.row("late")
    strong = "" if robust is None else interval(ends["conf_low"], ends["conf_high"], unit, lang)
    return [
        words.label(key),
        estimator_name(usual.estimate.estimator, words),
        difference(row["estimate"], unit, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], unit, lang),
        words.label("ar_open") if strong == DASH else strong,
    ]


def _note(finding: Finding, lang: Language) -> str:
    """Say what the second effect rests on, with the strength of the lot."""
    if finding.instrument is None:
        return ""
    first, f = finding.instrument.row("first_stage"), finding.instrument.row("late")["first_stage_f"]
    points = difference(first["estimate"], unit_of("share"), lang)
    return say(finding, lang, "take_up_note", points=points, f=plain(f, 1))
