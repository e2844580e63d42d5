"""What stands below the answer: is it the programme's doing, what it rests on, what not to conclude, how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb

from evalkit.estimators.late import LATE
from evalkit.finding import Finding
from evalkit.inference.lone_pilot import FEW_PILOTS
from evalkit.report.block import Block, both, described, text
from evalkit.report.cutoff_words import just_below, taken_up
from evalkit.report.drift import borne
from evalkit.report.numbers import difference, interval, is_number, level, percent, unit_of, whole
from evalkit.report.on_whom import compliance
from evalkit.report.resting import sample_text
from evalkit.report.rounds import is_monthly
from evalkit.report.shown import shown_by_term, shown_comparison_mean
from evalkit.report.statement import capital, case_for, facts_of, headline, reasons_text, subject
from evalkit.report.wording import WORDS, Language, say, words_of

RANKED = FEW_PILOTS - {"placebo_normal"}
"""Methods whose p is a rank among the sets of villages that might have been pilots."""
FEW_SETS = 200
"""With more sets p can get below 0.005, which limits no reading."""
AVERAGES = ("assumed", "change", "compared")
"""Forms of the sentence whose caution does not say by itself that they are about an average."""
GROUPS = ("direct", "spillover", "unlinked")
"""The groups of households that `spillover` tells apart."""


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
    return described((words.label(key), value) for key, value in items)


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
    since = "_since" if finding.programme.design.time is not None else ""
    is_relative = facts.unit.kind in ("share", "percent", "relative")
    if is_relative or mean <= 0 or case.position not in ("up", "down"):
        amount = difference(facts.estimate, facts.unit, lang, signed=True)
        best = words.label("best_guess", amount=amount) if case.position == "unclear" else ""
        return best + words.label(f"comparison_share{since}", mean=shown)
    share = percent(abs(facts.estimate) / mean, lang)
    return words.label(f"of_comparison_mean{since}", percent=share, mean=shown)


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
    drift = borne(finding) if claim == "effect_if_parallel_trends" and case.position in ("up", "down") else None
    keys: list[str] = ["effect_on_takers" if on_takers else claim if drift is None else "effect_unless_drift"]
    keys += ["average"] if case.form in AVERAGES else []
    keys += ["unclear"] if case.position == "unclear" else []
    keys += [finding.indicator.role] if finding.indicator.role != "primary" else []
    keys += ["simulated"] if finding.programme.is_simulated else []
    size = "" if drift is None else difference(drift, unit_of(finding.indicator.unit), lang)
    values = {"label": subject(finding, lang), "drift": size}
    return ("" if lang == "zh" else " ").join(words.caution[k].format(**values) for k in keys)


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
