"""The answer in a plain sentence: by how much, in which range, on which condition."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.estimators.late import LATE
from evalkit.finding import Finding
from evalkit.gate import Reason
from evalkit.plan_tables import USUAL, Terms
from evalkit.report.cutoff_words import cutoff_text, is_fuzzy
from evalkit.report.numbers import (
    Unit,
    alike,
    difference,
    effect_unit,
    is_number,
    magnitude_range,
    span,
)
from evalkit.report.rounds import earlier_rounds
from evalkit.report.shown import shown_reasons
from evalkit.report.wording import WORDS, Case, Language, case_of, say, words_of
from evalkit.report.wording.choose import Position, position_of
from evalkit.report.wording.words import read_words


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence may use: names, the numbers of the headline, and the unit."""

    programme: str
    label: str
    unit: Unit
    estimate: float | None
    low: float | None
    high: float | None
    trivial: float | None
    reason: str = ""
    cutoff: str = ""
    by: str = ""
    terms: Terms = USUAL


def case_for(finding: Finding) -> Case:
    """Return which sentence the finding gets."""
    codes = [r.code for r in finding.gate.reasons]
    return case_of(finding.gate.claim, codes, position(finding), has_rounds=finding.programme.design.time is not None)


def position(finding: Finding) -> Position:
    """Return where the headline's interval lies."""
    row = finding.main.row("att")
    return position_of(row["estimate"], row["conf_low"], row["conf_high"], finding.indicator.trivial)


def facts_of(finding: Finding, lang: Language) -> Facts:
    """Collect what the sentences of one language use."""
    row = finding.main.row("att")
    return Facts(
        programme=getattr(finding.programme.about.name, lang),
        label=subject(finding, lang),
        unit=effect_unit(finding.indicator.unit, finding.main.estimate.estimator),
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        trivial=finding.indicator.trivial,
        reason=reasons_text(finding, lang),
        cutoff=cutoff_text(finding),
        by=say(finding, lang, "by_taking_part" if is_fuzzy(finding) else "by_passing"),
        terms=finding.words,
    )


def subject(finding: Finding, lang: Language) -> str:
    """Return what the sentence is about: the indicator, with `late` that of the households which the effect is on."""
    label = phrase(getattr(finding.indicator.label, lang), lang)
    if is_fuzzy(finding):
        return say(finding, lang, "late_cutoff_label", label=label)
    return say(finding, lang, "late_label", label=label) if finding.main.estimate.estimator in LATE else label


def sentence(case: Case, facts: Facts, lang: Language) -> str:
    """Write the answer; it holds no number where the gate allows none."""
    words = read_words(lang, facts.terms)
    template = words.sentences[case.form][case.position]
    values = {"programme": facts.programme, "label": facts.label, "reason": facts.reason}
    values |= {"cutoff": facts.cutoff, "by": facts.by}
    if case.shows_numbers:
        values |= _numbers(case, facts, lang)
    values |= {"assumption": words.assumptions.get(case.condition, ""), "cannot": words.cannot.get(case.condition, "")}
    return capital(template.format(**values))


def reasons_text(finding: Finding, lang: Language, *, exact: bool = False) -> str:
    """Return the gate's reasons in one clause; only where `exact` with the p that they rest on."""
    joint, brackets = ("；", "（{}）") if lang == "zh" else ("; ", " ({})")
    return joint.join(_reason(r, finding, lang, brackets if exact else "") for r in shown_reasons(finding))


def _reason(reason: Reason, finding: Finding, lang: Language, brackets: str) -> str:
    said = {**reason.said, "p": brackets.format(reason.said.get("p"))}
    earlier = said.get("n_leads") or said.get("n_rounds")
    said["leads"] = earlier_rounds(earlier, finding.programme, lang) if earlier else ""
    return words_of(finding, lang).reasons[reason.code].format(**said)


def headline(finding: Finding, lang: Language) -> str:
    """Return the finding's one sentence."""
    return sentence(case_for(finding), facts_of(finding, lang), lang)


def phrase(label: str, lang: Language) -> str:
    """Return a label as it stands inside a sentence: in English with its article, without its capital."""
    if lang == "zh":
        return label
    lower = len(label) > 1 and label[0].isupper() and label[1:].lstrip("-")[:1].islower()
    return f"the {label[0].lower() + label[1:] if lower else label}"


def capital(sentence_: str) -> str:
    """Return a sentence that begins with a capital."""
    return sentence_[:1].upper() + sentence_[1:]


def _numbers(case: Case, facts: Facts, lang: Language) -> dict[str, str]:
    estimate, unit = facts.estimate, alike(facts.unit, (facts.estimate, facts.low, facts.high))
    kind = "_share" if unit.kind in ("share", "percent") else ""
    directions = WORDS[lang].directions
    values = {"rise": directions["up" + kind], "fall": directions["down" + kind]}
    if is_number(estimate):
        values |= {
            "amount": difference(abs(estimate), unit, lang),
            "signed": difference(estimate, unit, lang, signed=True),
        }
    if is_number(facts.low) and is_number(facts.high):
        values |= {
            "range": magnitude_range(facts.low, facts.high, unit, lang),
            "span": span(facts.low, facts.high, unit, lang),
        }
    if is_number(facts.trivial):
        values["trivial"] = difference(facts.trivial, unit, lang)
    return values
