"""The answer in plain sentences: by how much, how sure, what it rests on, what not to conclude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

from evalkit.estimators.late import LATE
from evalkit.finding import Finding
from evalkit.gate import Reason
from evalkit.inference.lone_pilot import FEW_PILOTS
from evalkit.plan_tables import USUAL, Terms
from evalkit.report.block import Block, both, text
from evalkit.report.cutoff_words import cutoff_text, is_fuzzy, just_below, taken_up
from evalkit.report.numbers import (
    Unit,
    alike,
    difference,
    effect_unit,
    interval,
    is_number,
    level,
    magnitude_range,
    percent,
    span,
    unit_of,
    whole,
)
from evalkit.report.on_whom import compliance
from evalkit.report.resting import sample_text
from evalkit.report.rounds import earlier_rounds, is_monthly
from evalkit.report.shown import shown_by_term, shown_comparison_mean, shown_reasons
from evalkit.report.wording import WORDS, Case, Language, case_of, say, words_of
from evalkit.report.wording.choose import Position, position_of
from evalkit.report.wording.words import read_words

RANKED = FEW_PILOTS - {"placebo_normal"}
"""Methods whose p is a rank among the sets of villages that might have been pilots."""
FEW_SETS = 200
"""With more sets p can get below 0.005, which limits no reading."""
AVERAGES = ("assumed", "change", "compared")
"""Forms of the sentence whose caution does not say by itself that they are about an average."""
GROUPS = ("direct", "spillover", "unlinked")
"""The groups of households that `spillover` tells apart."""


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


def statement(finding: Finding) -> Block:
    """Return the answer: the sentence, then meaning, basis and caution, in the language that the reader chose."""
    lines = both(lambda lang: text(headline(finding, lang)), "p")
    return Block(
        f'<section class="answer"><div class="headline">{lines}</div>'
        f"{both(lambda lang: _details(finding, lang))}</section>"
    )


def _details(finding: Finding, lang: Language) -> str:
    words = words_of(finding, lang)
    shows = case_for(finding).shows_numbers
    items = [
        ("claim_question", _doing(finding, lang)),
        ("rests_on", basis(finding, lang)),
        ("not_to_conclude", caution(finding, lang)),
        ("meaning", meaning(finding, lang)),
        ("late_title", on_whom(finding, lang)),
        ("group_title_short", by_group(finding, lang)),
        ("how_to_read", how_sure(finding, lang) if shows else ""),
    ]
    rows = "".join(
        f"<div><dt>{text(words.label(key))}</dt><dd>{text(value)}</dd></div>" for key, value in items if value
    )
    return f"<dl>{rows}</dl>"


def _doing(finding: Finding, lang: Language) -> str:
    """Say whether a difference is the programme's doing; where none is established, that it cannot be said yet."""
    words, case = words_of(finding, lang), case_for(finding)
    is_open = finding.gate.claim == "effect" and case.position in ("unclear", "no_interval")
    return words.label("effect_unclear") if is_open else words.claims[finding.gate.claim]


def on_whom(finding: Finding, lang: Language) -> str:
    """Say on whom the effect is and who took part; empty where no result is reported."""
    return (taken_up(finding, lang) or compliance(finding, lang)) if case_for(finding).shows_numbers else ""


def meaning(finding: Finding, lang: Language) -> str:
    """Return the size in things people know: relative to the comparison mean; empty where nothing may be said.

    Where there is no such mean, all villages start in the end, nothing is said.
    """
    case, facts, mean = case_for(finding), facts_of(finding, lang), shown_comparison_mean(finding)
    if case.shows_numbers and case.form in ("at_cutoff", "jump"):
        return just_below(finding, lang)
    if not case.shows_numbers or not is_number(facts.estimate) or case.form == "change" or not is_number(mean):
        return ""
    words, shown = words_of(finding, lang), level(mean, unit_of(finding.indicator.unit), lang)
    is_relative = facts.unit.kind in ("share", "percent", "relative")
    if is_relative or mean <= 0 or case.position not in ("up", "down"):
        return words.label("comparison_share", mean=shown)
    return words.label("of_comparison_mean", percent=percent(abs(facts.estimate) / mean, lang), mean=shown)


def by_group(finding: Finding, lang: Language) -> str:
    """Say what each group of households shows, and which spillovers are assumed away; empty for other estimators."""
    if finding.main.estimate.estimator != "spillover" or not case_for(finding).shows_numbers:
        return ""
    words, unit, rows = words_of(finding, lang), unit_of(finding.indicator.unit), shown_by_term(finding)
    said = [
        words.label(
            "group_result",
            group=words.label(f"group_{term}"),
            amount=difference(rows[term]["estimate"], unit, lang, signed=True),
            range=interval(rows[term]["conf_low"], rows[term]["conf_high"], unit, lang),
        )
        for term in GROUPS
        if term in rows
    ]
    return words.label("group_sentence", groups=("；" if lang == "zh" else "; ").join(said)) if said else ""


def basis(finding: Finding, lang: Language) -> str:
    """Return what the answer rests on: counts, how villages came in, and what speaks for or against it."""
    parts = [sample_text([finding], lang), reasons_text(finding, lang)]
    return _joined(parts, lang)


def how_sure(finding: Finding, lang: Language) -> str:
    """Return what the range means and how it is made; without a range, why there is none."""
    made = _joined([range_text(finding, lang), least_p(finding, lang)], lang)
    if case_for(finding).position == "no_interval":
        return made
    return WORDS[lang].label("range_note") + ("" if lang == "zh" else " ") + capital(made)


def _joined(parts: Sequence[str], lang: Language) -> str:
    joint, stop = ("；", "。") if lang == "zh" else ("; ", ".")
    return joint.join(part for part in parts if part) + stop


def caution(finding: Finding, lang: Language) -> str:
    """Return what not to conclude."""
    words, case, gate = words_of(finding, lang), case_for(finding), finding.gate
    claim = case.form if case.form in ("not_reportable", "jump") else gate.claim
    on_takers = claim == "effect" and finding.main.estimate.estimator in LATE
    keys: list[str] = ["effect_on_takers" if on_takers else claim]
    keys += ["average"] if case.form in AVERAGES else []
    keys += ["unclear"] if case.position == "unclear" else []
    keys += [finding.indicator.role] if finding.indicator.role != "primary" else []
    keys += ["simulated"] if finding.programme.is_simulated else []
    label = subject(finding, lang)
    return ("" if lang == "zh" else " ").join(words.caution[k].format(label=label) for k in keys)


def method_text(finding: Finding, lang: Language) -> str:
    """Say how the headline's interval is made, by the names that specialists know."""
    return _how_made(finding, words_of(finding, lang).inferences)


def range_text(finding: Finding, lang: Language) -> str:
    """Say how the headline's interval is made, in plain words."""
    return _how_made(finding, words_of(finding, lang).ranges)


def _how_made(finding: Finding, known: Mapping[str, str]) -> str:
    main, row = finding.main, finding.main.row("att")
    if row["conf_low"] is None:
        return known["none"]
    alone, monthly = main.estimate.counts.n_treated_clusters == 1, is_monthly(finding.programme)
    own = {f"{main.method}_one_pilot": alone, f"{main.method}_month": monthly}
    key = next((name for name, fits in own.items() if fits and name in known), main.method)
    return known[key].format(df=row["df"]) if key in known else main.method


def least_p(finding: Finding, lang: Language) -> str:
    """Say how unlikely chance can get where p is a rank among few sets of villages; empty where that is no limit."""
    counts, method = finding.main.estimate.counts, finding.main.method
    total = comb(counts.n_clusters, counts.n_treated_clusters)
    if method not in RANKED or total > FEW_SETS:
        return ""
    return say(finding, lang, "least_p", n=whole(total, lang), p=percent(1 / total, lang))


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
