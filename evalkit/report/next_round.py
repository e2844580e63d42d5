"""The page for planning the next round: what it would find, what that rests on, and what not to conclude."""

from __future__ import annotations

from evalkit.diagnostics.baseline import Baseline
from evalkit.diagnostics.next_round import NextRound
from evalkit.diagnostics.power import DetectableEffect
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.disclosure import Size, coarse, held_text, rounded, share_of, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import Unit, difference, level, percent, plain, unit_of, whole
from evalkit.report.origin import summarise
from evalkit.report.statement import phrase
from evalkit.report.wording import LANGUAGES, Language, say, words_of

CAUTIONS = ("power_not_result", "power_not_absent", "power_not_expected", "power_not_bias", "power_not_same")
WAYS = {"end": "itt_unadjusted", "did": "did", "ancova": "ancova"}


def power_headline(plan: NextRound) -> Block:
    """Return in one sentence what a next round would find, or why that cannot be said."""
    return summarise({lang: _sentence(plan, lang) for lang in LANGUAGES})


def _sentence(plan: NextRound, lang: Language) -> str:
    why = why_not(plan, lang)
    if why or plan.found is None:
        return say(plan.programme, lang, "power_held_headline", reason=why)
    study = plan.found.study
    return say(
        plan.programme,
        lang,
        "power_headline",
        label=phrase(getattr(plan.indicator.label, lang), lang),
        pilot=whole(study.pilot, lang),
        comparison=whole(study.comparison, lang),
        households=whole(study.households, lang),
        mde=amount(plan, plan.found.mde, lang),
        power=percent(study.power, lang, 0),
    )


def why_not(plan: NextRound, lang: Language) -> str:
    """Say why no number may be shown; empty where all may."""
    words = words_of(plan.programme, lang)
    if plan.missing:
        return words.label(f"power_missing_{plan.missing}", label=phrase(getattr(plan.indicator.label, lang), lang))
    held = None if plan.baseline is None else too_small(size_of(plan, plan.baseline), plan.programme.disclosure)
    return held_text(held, plan.programme.disclosure, words) if held else ""


def size_of(plan: NextRound, baseline: Baseline) -> Size:
    """Return how many households and villages the numbers rest on, and for a share how many have what it counts."""
    is_share = unit_of(plan.indicator.unit).kind == "share"
    n_with = round(baseline.mean * baseline.n_units) if is_share and 0 <= baseline.mean <= 1 else None
    return Size(baseline.n_units, baseline.n_villages, n_with)


def is_shown(plan: NextRound) -> bool:
    """Whether numbers may be shown; the words of both languages give the same answer."""
    return plan.found is not None and not why_not(plan, "zh")


def amount(plan: NextRound, value: float, lang: Language) -> str:
    """Write a difference in the indicator's unit, to three digits or so."""
    return difference(coarse(value), unit_of(plan.indicator.unit), lang)


def power_basis(plan: NextRound) -> Block:
    """Return what the plan rests on: spread, likeness, correlations, sizes and losses without the programme."""
    if not is_shown(plan) or plan.found is None or plan.baseline is None:
        return Block("")
    base, found = plan.baseline, plan.found
    return Block(
        heading(lambda lang: say(plan.programme, lang, "power_basis"))
        + both(lambda lang: _basis(plan, base, found, lang).html())
        + paragraph(lambda lang: say(plan.programme, lang, "power_basis_note"))
    )


def _basis(plan: NextRound, base: Baseline, found: DetectableEffect, lang: Language) -> Grid:
    words, limits, study = words_of(plan.programme, lang), plan.programme.disclosure, found.study
    unit = unit_of(plan.indicator.unit)
    seen = words.label(
        "power_sizes_in", n=whole(rounded(base.n_units, limits), lang), villages=whole(base.n_villages, lang)
    )
    taking = "" if base.take_up is None else percent(share_of(base.take_up, base.n_units, limits), lang, 0)
    lines = {
        "power_seen": seen,
        "power_mean": _mean(plan, base, unit, lang),
        "power_sd": difference(coarse(base.sd), unit, lang),
        "power_icc": plain(base.icc, 2),
        "power_rho": plain(base.autocorrelation, 2),
        "power_rho_village": plain(base.village_autocorrelation, 2),
        "power_size": whole(study.households, lang),
        "power_cv": plain(study.cv, 2),
        "power_lost": percent(share_of(study.attrition, base.n_units, limits), lang, 0),
        "power_take_up": taking,
        "power_rounds": f"{0 if study.estimator == 'end' else study.before} + {study.after}",
        "power_way": words.estimators[WAYS[study.estimator]],
        "power_df": plain(found.df, 1),
    }
    return Grid(
        [words.label("power_item"), words.label("power_value")],
        [[words.label(k), v] for k, v in lines.items() if v],
        compact=True,
    )


def _mean(plan: NextRound, base: Baseline, unit: Unit, lang: Language) -> str:
    value = share_of(base.mean, base.n_units, plan.programme.disclosure) if unit.kind == "share" else coarse(base.mean)
    return level(value, unit, lang)


def power_sizes(plan: NextRound) -> Block:
    """Return the minimum detectable effect by villages and households, and how many villages a small one takes."""
    if not is_shown(plan) or plan.found is None:
        return Block("")
    notes = paragraph(lambda lang: _more(plan, lang))
    notes += paragraph(lambda lang: _needed(plan, lang)) if plan.needed else ""
    return Block(
        heading(lambda lang: say(plan.programme, lang, "power_table"))
        + both(lambda lang: _sizes(plan, lang).html())
        + notes
    )


def _sizes(plan: NextRound, lang: Language) -> Grid:
    words = words_of(plan.programme, lang)
    heads = [words.label(f"power_{k}") for k in ("villages", "households", "mde")]
    rows = [
        [arms_text(plan, row[0], row[1], lang), whole(row[2], lang), amount(plan, row[3], lang)] for row in plan.sizes
    ]
    return Grid(heads, rows, compact=True)


def arms_text(plan: NextRound, pilot: int, comparison: int, lang: Language) -> str:
    """Write how many pilot and how many comparison villages: ``16 + 20 villages``."""
    numbers = {"pilot": whole(pilot, lang), "comparison": whole(comparison, lang)}
    return words_of(plan.programme, lang).label("power_arms", **numbers)


def _more(plan: NextRound, lang: Language) -> str:
    """Say what twice the villages bring, and what twice the households."""
    if plan.found is None:
        return ""
    study = plan.found.study
    by = {row[:3]: amount(plan, row[3], lang) for row in plan.sizes}
    villages = by.get((2 * study.pilot, 2 * study.comparison, study.households))
    households = by.get((study.pilot, study.comparison, 2 * study.households))
    power = percent(study.power, lang, 0)
    plain_note = say(plan.programme, lang, "power_table_plain", power=power)
    if villages is None or households is None:
        return plain_note
    mde = amount(plan, plan.found.mde, lang)
    key = "power_table_villages" if households == mde else "power_table_note"
    more = say(plan.programme, lang, key, mde=mde, more_villages=villages, more_households=households)
    return plain_note + ("" if lang == "zh" else " ") + more


def _needed(plan: NextRound, lang: Language) -> str:
    if plan.found is None or plan.needed is None:
        return ""
    return say(
        plan.programme,
        lang,
        "power_needed",
        trivial=difference(plan.indicator.trivial, unit_of(plan.indicator.unit), lang),
        power=percent(plan.found.study.power, lang, 0),
        pilot=whole(plan.needed[0], lang),
        comparison=whole(plan.needed[1], lang),
    )


def power_limits(plan: NextRound) -> Block:
    """Return what must not be concluded from such numbers."""

    def items(lang: Language) -> str:
        return f"<ul>{''.join(f'<li>{text(say(plan.programme, lang, key))}</li>' for key in CAUTIONS)}</ul>"

    return Block(heading(lambda lang: say(plan.programme, lang, "not_to_conclude")) + both(items))
