"""The programme page: what changed in the primary indicators, and all indicators in one table with adjusted p."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalkit.finding import Finding
from evalkit.gate import Claim
from evalkit.inference import InFamily
from evalkit.inference.family_interval import FamilyInterval
from evalkit.programme import Programme
from evalkit.report.answers import primary_answers
from evalkit.report.block import Block, both, described, heading, paragraph, text
from evalkit.report.disclosure import rounded_counts
from evalkit.report.families import Indices, families_block, shown_index
from evalkit.report.html_table import Grid
from evalkit.report.numbers import (
    DASH,
    ENDS,
    PROPORTIONAL,
    Unit,
    alike_money,
    difference,
    effect_unit,
    interval,
    is_number,
    percent,
)
from evalkit.report.origin import summarise
from evalkit.report.resting import sample_text
from evalkit.report.shown import shown_comparison_mean
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for, headline
from evalkit.report.wording import LANGUAGES, Language, say, words_of
from evalkit.results import TIDY_SCHEMA

CAUTION: dict[Claim, str] = {
    "effect": "all_effect",
    "effect_at_cutoff": "all_assumed",
    "effect_if_parallel_trends": "all_assumed",
    "effect_if_assumed": "all_assumed",
    "change_only": "all_change",
}
"""What not to conclude where this is the weakest claim, from the strongest to the weakest."""


def overview_headline(
    programme: Programme, findings: Sequence[Finding], adjusted: Sequence[InFamily], indices: Indices
) -> Block:
    """Return the answers of the primary indicators, then how many of all moved which way and remain after adjusting.

    Below: on how many households and villages they rest, and what not to conclude.

    Numbers go beside the page.
    """
    kinds = [kind_of(f) for f in findings]
    counts = {k: kinds.count(k) for k in ("up", "down", "unclear", "small", "change", "withheld")}
    counts["unclear"] += kinds.count("no_interval")
    few = sum(stays(f) for f in findings if kind_of(f) not in ("change", "withheld"))

    down = [f.indicator.better for f, k in zip(findings, kinds, strict=True) if k == "down"]
    good = {"down": "down_good"} if set(down) == {"lower"} else {}

    def line(lang: Language) -> str:
        parts = [say(programme, lang, f"count_{good.get(k, k)}", n=n) for k, n in counts.items() if n]
        return say(programme, lang, "count_all", n=len(findings), parts=("，" if lang == "zh" else "; ").join(parts))

    adjusted_key = "adjusted_some" if few else "adjusted_none"
    counted = {x: line(x) + ("" if x == "zh" else " ") + say(programme, x, adjusted_key, k=few) for x in LANGUAGES}
    lead: dict[Language, list[str]] = {x: primary_answers(findings, x) for x in LANGUAGES}
    limits = programme.disclosure
    numbers = {
        "schema_version": 1,
        "programme": programme.id,
        "indicators": [_numbers(f, a) for f, a in zip(findings, adjusted, strict=True)],
        "families": [
            {"family": f, "index": i and rounded_counts(i, limits)}
            for f in indices
            for i in [shown_index(findings, indices, f)]
        ],
    }
    return summarise(counted, numbers, lead if all(lead.values()) else None, both(lambda x: _rests_on(findings, x)))


def _rests_on(findings: Sequence[Finding], lang: Language) -> str:
    """Return on how many households and villages the answers rest, what not to conclude, and what their ranges mean."""
    told = [f for f in findings if f.indicator.role == "primary"] or findings
    stop, programme = "。" if lang == "zh" else ".", findings[0].programme
    shown = [f for f in told if case_for(f).shows_numbers]
    sample, ranges = sample_text(shown, lang), say(programme, lang, "range_note") if shown else ""
    lines = (
        ("rests_on", sample + stop if sample else ""),
        ("not_to_conclude", caution_of_all(told, lang)),
        ("how_to_read", ranges),
    )
    return described((say(programme, lang, key), value) for key, value in lines)


def caution_of_all(findings: Sequence[Finding], lang: Language) -> str:
    """Return what not to conclude from several answers: what the weakest of them that gives a number forbids."""
    words = words_of(findings[0].programme, lang).caution
    shown = [f for f in findings if case_for(f).shows_numbers]
    kinds = {CAUTION[f.gate.claim] for f in shown}
    weakest = next((k for k in reversed(CAUTION.values()) if k in kinds), "not_reportable")
    keys = ["all_mixed" if weakest == "all_change" and len(kinds) > 1 else weakest]
    keys += ["unclear"] if any(case_for(f).position == "unclear" for f in shown) else []
    keys += ["simulated"] if findings[0].programme.is_simulated else []
    return ("" if lang == "zh" else " ").join(words[k] for k in keys)


def kind_of(finding: Finding) -> str:
    """Return what an indicator counts as: where only a change may be claimed, it counts as no difference."""
    case = case_for(finding)
    if not case.shows_numbers:
        return "withheld"
    return "change" if finding.gate.claim == "change_only" else str(case.position)


def stays(finding: Finding) -> bool:
    """Whether the interval leaves out zero that holds together with those of all indicators of the family."""
    row, joint = finding.main.row("att"), finding.in_family
    low, high = (row["conf_low"], row["conf_high"]) if joint is None else _ends(joint)
    return is_number(low) and is_number(high) and (low > 0 or high < 0)


def _numbers(finding: Finding, adjusted: InFamily) -> dict[str, object]:
    row = finding.main.row("att") if case_for(finding).shows_numbers else {}
    values = {
        "indicator": finding.indicator.name,
        "family": finding.indicator.family,
        "claim": finding.gate.claim,
        "conf_low_in_family": _ends(finding.in_family)[0] if row else None,
        "conf_high_in_family": _ends(finding.in_family)[1] if row else None,
        "p_adjusted": adjusted.holm if row else None,
        "p_westfall_young": adjusted.westfall_young if row else None,
        "q_sharpened": adjusted.sharpened_q if row else None,
        **rounded_counts({k: v for k, v in row.items() if k in TIDY_SCHEMA}, finding.programme.disclosure),
    }
    return dict(shown_digits(values, finding))


def overview_table(findings: Sequence[Finding]) -> Block:
    """Return one row an indicator with what may be claimed, and each answer with a link to its page; p stands apart."""
    sentences = both(lambda lang: _sentences(findings, lang))
    title = heading(lambda lang: say(findings[0].programme, lang, "estimates"))
    return Block(
        title
        + both(lambda lang: _table(findings, lang).html())
        + heading(lambda lang: say(findings[0].programme, lang, "statement"))
        + sentences
    )


def _sentences(findings: Sequence[Finding], lang: Language) -> str:
    return f"<ul>{''.join(_item(f, lang) for f in findings)}</ul>"


def _item(finding: Finding, lang: Language) -> str:
    """Return an indicator with its answer; the page of a single pilot village is internal and linked from nowhere."""
    plan, colon = finding.indicator, "：" if lang == "zh" else ": "
    label = text(getattr(plan.label, lang))
    lone = finding.programme.disclosure.audience == "public" and finding.main.estimate.counts.n_treated_clusters < 2
    named = label if lone else f'<a href="impact-{text(plan.name)}.html">{label}</a>'
    return f"<li>{named}{colon}{text(headline(finding, lang))}</li>"


def _table(findings: Sequence[Finding], lang: Language) -> Grid:
    keys = ("indicator", "estimate", "interval", "relative", "claim_title")
    money = money_of(findings)
    return Grid(
        [say(findings[0].programme, lang, k) for k in keys], [_row(f, money, lang) for f in findings], words=(4,)
    )


def money_of(findings: Sequence[Finding]) -> Callable[[Unit], Unit]:
    """Return how the money of a table of all indicators' results is written."""
    shown = [f for f in findings if case_for(f).shows_numbers]
    return alike_money((_effect_unit(f), [f.main.row("att")[k] for k in ENDS]) for f in shown)


def _effect_unit(finding: Finding) -> Unit:
    return effect_unit(finding.indicator.unit, finding.main.estimate.estimator)


def _row(finding: Finding, money: Callable[[Unit], Unit], lang: Language) -> list[str]:
    plan, unit = finding.indicator, money(_effect_unit(finding))
    name, claim = getattr(plan.label, lang), words_of(finding, lang).claims[finding.gate.claim]
    if not case_for(finding).shows_numbers:
        return [name, *[DASH] * 3, claim]
    row, relative = finding.main.row("att"), relative_to_comparison(finding)
    share = DASH if relative is None else percent(relative[0], lang, 0)
    return [
        name,
        difference(row["estimate"], unit, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], unit, lang),
        share,
        claim,
    ]


def relative_to_comparison(finding: Finding) -> tuple[float, float, float] | None:
    """Return estimate and interval as shares of the comparison mean; None where there is none."""
    row = finding.main.row("att")
    return _relative((row["estimate"], row["conf_low"], row["conf_high"]), finding)


def relative_in_family(finding: Finding) -> tuple[float, float, float] | None:
    """Return the same with the interval that holds together with those of its family; None where it has no such."""
    joint = finding.in_family
    return None if joint is None else _relative((finding.main.row("att")["estimate"], *_ends(joint)), finding)


def _ends(joint: FamilyInterval | None) -> tuple[float | None, float | None]:
    return (None, None) if joint is None else (joint.conf_low, joint.conf_high)


def _relative(values: tuple[float | None, ...], finding: Finding) -> tuple[float, float, float] | None:
    mean, (middle, low, high) = shown_comparison_mean(finding), values
    if not case_for(finding).shows_numbers or not is_number(mean) or mean <= 0:
        return None
    if not (is_number(middle) and is_number(low) and is_number(high)):
        return None
    of = 1.0 if finding.main.estimate.estimator in PROPORTIONAL else mean
    return middle / of, low / of, high / of


def overview_notes(findings: Sequence[Finding], adjusted: Sequence[InFamily], indices: Indices) -> Block:
    """Return why p is adjusted, within which families and in which ways, and what a dash means."""
    why = families_block(findings, adjusted, indices)
    if all(case_for(f).shows_numbers for f in findings):
        return why
    dash = paragraph(
        lambda lang: say(
            findings[0].programme,
            lang,
            "null_reason",
            reason=words_of(findings[0].programme, lang).claims["not_reportable"],
        )
    )
    return why + Block(dash)
