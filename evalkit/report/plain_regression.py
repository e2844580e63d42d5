"""Why no plain two-way regression was used: what it would have given, and from which comparisons."""

from __future__ import annotations

from typing import Any

from evalkit.diagnostics import GoodmanBacon, PlainRegression
from evalkit.finding import Finding
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Held, Size, held_text, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import difference, percent, plain, unit_of, whole
from evalkit.report.rounds import earlier_rounds
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, say, words_of

APART = frozenset({"event_study", "group_time", "group_time_balanced", "imputation", "sun_abraham"})
"""Estimators that keep starts apart; beside these, and beside `did` itself, the plain coefficient can be read."""
TREATED_ALREADY = ("already", "always")


def plain_regression(finding: Finding, found: PlainRegression | None) -> Block:
    """Return what the plain regression gives and is made of; empty where villages start together, or without a result.

    Estimates by kind of comparison are withheld where the households of one start are too few: they are sums over few
    starts, and other tables show the others.
    """
    estimator = finding.main.estimate.estimator
    if found is None or estimator not in APART | {"did"} or not case_for(finding).shows_numbers:
        return Block("")
    title = "plain_title_used" if estimator == "did" else "plain_title"
    made_of = found.made_of
    table = "" if made_of is None else both(lambda lang: _grid(finding, made_of, lang).html())
    texts = paragraph(lambda lang: _text(finding, found, lang), "prose")
    return Block(heading(lambda lang: say(finding, lang, title)) + texts + table)


def shown_kinds(finding: Finding, made_of: GoodmanBacon) -> tuple[list[dict[str, Any]], Held | None]:
    """Return weight, estimate and part by kind of comparison, and why estimates are withheld where they are."""
    limits = finding.programme.disclosure
    sizes = [Size(r["n_units"], r["n_villages"]) for r in made_of.groups.to_dicts()]
    held = next((why for why in (too_small(size, limits) for size in sizes) if why), None)
    rows = [{**r, **({"estimate": None, "part": None} if held else {})} for r in made_of.by_kind().to_dicts()]
    shown: list[dict[str, Any]] = shown_digits(rows, finding)
    return shown, held


def _text(finding: Finding, found: PlainRegression, lang: Language) -> str:
    joint = "" if lang == "zh" else " "
    return joint.join((_beside(finding, found, lang), *_against(finding, found, lang), *_weights(finding, found, lang)))


def _beside(finding: Finding, found: PlainRegression, lang: Language) -> str:
    """Say the plain coefficient, and how far it is from the page's estimate."""
    unit, main = unit_of(finding.indicator.unit), finding.main.row("att")["estimate"]
    shown = shown_digits({"plain": found.weights.estimate, "main": main}, finding)
    texts = {k: difference(v, unit, lang, signed=True) for k, v in shown.items()}
    if finding.main.estimate.estimator == "did":
        return say(finding, lang, "plain_used", plain=texts["plain"])
    gap = difference(abs(shown["plain"] - shown["main"]), unit, lang)
    said, ahead = say(finding, lang, "plain_beside", gap=gap, **texts), finding.programme.design.anticipation
    joint = "" if lang == "zh" else " "
    rounds = earlier_rounds(ahead, finding.programme, lang)
    return joint.join((said, say(finding, lang, "plain_ahead", rounds=rounds))) if ahead else said


def _against(finding: Finding, found: PlainRegression, lang: Language) -> list[str]:
    """Say how much of the weight lies on comparisons with villages that had started."""
    if found.made_of is None:
        return [say(finding, lang, "plain_no_parts")]
    kinds = found.made_of.by_kind().to_dicts()
    share = sum(r["weight"] for r in kinds if r["kind"] in TREATED_ALREADY)
    return [say(finding, lang, "plain_already", share=percent(share, lang, 0))] if share else []


def _weights(finding: Finding, found: PlainRegression, lang: Language) -> list[str]:
    """Say how many effects count with a negative weight, and how unequal effects must be for another answer."""
    weights, unit = found.weights, unit_of(finding.indicator.unit)
    counts = {"n": whole(weights.n_cells, lang), "negative": whole(weights.n_negative, lang)}
    key = "plain_negative" if weights.n_negative else "plain_positive"
    said = [say(finding, lang, key, sum=plain(weights.sum_negative, 2), **counts)]
    if weights.spread_for_zero is not None:
        said.append(say(finding, lang, "plain_zero", spread=difference(weights.spread_for_zero, unit, lang)))
    if weights.spread_for_reversal is not None:
        said.append(say(finding, lang, "plain_reversal", spread=difference(weights.spread_for_reversal, unit, lang)))
    return said


def _grid(finding: Finding, made_of: GoodmanBacon, lang: Language) -> Grid:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    rows, held = shown_kinds(finding, made_of)

    def number(value: float | None) -> str:
        return (
            held_text(held, finding.programme.disclosure, words) if held else difference(value, unit, lang, signed=True)
        )

    body = [
        [
            words.label(f"plain_kind_{r['kind']}"),
            percent(r["weight"], lang, 0),
            number(r["estimate"]),
            number(r["part"]),
        ]
        for r in rows
    ]
    total = shown_digits(made_of.estimate, finding)
    body.append([words.label("plain_total"), percent(1, lang, 0), "", number(total)])
    n_whole = int(made_of.groups["n_units"].sum())
    share = percent(n_whole / (n_whole + made_of.n_left_out), lang, 0)
    head = [words.label(k) for k in ("plain_compared_with", "plain_weight", "plain_difference", "plain_part")]
    return Grid(head, body, note=words.label("plain_note", share=share))
