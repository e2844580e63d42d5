"""For whom along the distribution: how the shares at or above each amount of the plan moved beside comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.finding import Finding
from evalkit.gate import REJECTED
from evalkit.report.block import Block, FigureBlock, both, paragraph
from evalkit.report.charts import ARM_STYLE
from evalkit.report.figures import Drawn, Series, across_zero, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import alike, alike_in, difference, interval, is_number, level, p_text, percent, unit_of
from evalkit.report.rounds import round_label
from evalkit.report.shown_digits import shown_digits
from evalkit.report.shown_distribution import ROUNDS, Band, shown_edges
from evalkit.report.statement import case_for
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of
from evalkit.thresholds import ALIKE, ThresholdEffects

SHARE = unit_of("share")
MOST = f"{100 * ALIKE:.0f}"


@dataclass(frozen=True, slots=True)
class Row:
    """A threshold that may be shown: its number, the result with adjusted p, and the bands above it."""

    threshold: float
    result: dict[str, Any]
    p_adjusted: float | None
    trend: bool
    above: tuple[Band, ...]

    @property
    def told(self) -> bool:
        """Whether there is a difference with an interval that nothing speaks against."""
        return not self.trend and is_number(self.result["conf_low"])


def thresholds(finding: Finding, found: ThresholdEffects | None) -> Block | FigureBlock:
    """Return the effects by threshold; where arms began unlike, why none are shown; empty without any, or no result.

    Thresholds between which an arm has few households in a round are left out.
    """
    if found is None or not case_for(finding).shows_numbers:
        return Block("")
    rows = shown_thresholds(finding, found)
    drawn = finding.programme.design.assignment == "randomised"
    if not (drawn or found.starts_alike):
        return Block(paragraph(lambda lang: _apart(finding, found, rows, lang), "prose"))
    if not any(r.told for r in rows):
        return Block("")
    figure = figure_block(lambda lang: _figure(finding, found, rows, lang))
    said = paragraph(lambda lang: _said(finding, found, rows, lang), "prose")
    return FigureBlock(Block(figure.block.html + said + _quantiles(finding, found)), figure.figure)


def shown_thresholds(finding: Finding, found: ThresholdEffects) -> list[Row]:
    """Return the thresholds that may be shown, ascending, with the digits that may be shown."""
    if found.bands is None:
        return []
    kept, bands = shown_edges(finding, found.bands)
    rows = []
    for n, c in enumerate(kept):
        i = found.thresholds.index(c)
        result = shown_digits(found.effects[i].row("att"), finding)
        p = shown_digits({"p_adjusted": found.p_adjusted[i]}, finding)["p_adjusted"]
        before = found.p_before[i]
        rows.append(Row(c, result, p, before is not None and before < REJECTED, tuple(bands[n + 1 :])))
    return rows


def _names(finding: Finding, rows: Sequence[Row], lang: Language) -> list[str]:
    unit = alike(unit_of(finding.indicator.unit), [r.threshold for r in rows])
    return [say(finding, lang, "threshold_name", low=level(r.threshold, unit, lang)) for r in rows]


def _figure(finding: Finding, found: ThresholdEffects, rows: list[Row], lang: Language) -> Drawn:
    words, names = words_of(finding, lang), _names(finding, rows, lang)
    told = [(n, r) for n, r in zip(names, rows, strict=True) if r.told]
    places = list(range(1, len(told) + 1))
    x, low, high = ([r.result[k] for _, r in told] for k in ("estimate", "conf_low", "conf_high"))
    series = Series(words.label("threshold_axis"), x, places, mode="markers", low=low, high=high, across=True)
    ticks = tuple((float(p), wrapped(name, lang)) for p, (name, _) in zip(places, told, strict=True))
    axes = across_zero(words.label("threshold_axis"), ticks, 90 + 56 * len(told), percent=True)
    space, joint = ("", "，") if lang == "zh" else (" ", ", ")
    groups = joint.join(n + space + difference(r.result["estimate"], SHARE, lang, signed=True) for n, r in told)
    label = getattr(finding.indicator.label, lang)
    title = say(finding, lang, "threshold_title", label=label, groups=groups)
    ends = [interval(r.result["conf_low"], r.result["conf_high"], SHARE, lang) for _, r in told]
    alt = title + ("。" if lang == "zh" else ". ") + "; ".join(f"{n} {e}" for (n, _), e in zip(told, ends, strict=True))
    table = _table(finding, found, rows, names, lang)
    return Drawn(title, words.label("threshold_subtitle"), alt, plot([series], axes), table)


def _table(finding: Finding, found: ThresholdEffects, rows: list[Row], names: list[str], lang: Language) -> Grid:
    words = words_of(finding, lang)
    arms = [a for a in ARM_STYLE if (a, "before") in rows[0].above[0].shares]
    ends = [] if found.bands is None else [round_label(getattr(found.bands, w), finding.programme) for w in ROUNDS]
    span = "→".join(ends)
    head = [words.label("distribution_band")]
    head += [say(finding, lang, "threshold_moved", arm=words.rows[a]) + (f" {span}") for a in arms]
    head += [words.label(k) for k in ("estimate", "threshold_adjusted", "p_value", "subgroups_p_adjusted")]
    body = [_line(finding, r, n, arms, lang) for r, n in zip(rows, names, strict=True)]
    return Grid(head, body, note=rounded_note(finding.programme, lang))


def _line(finding: Finding, row: Row, name: str, arms: list[str], lang: Language) -> list[str]:
    shares = [" → ".join(percent(sum(b.shares[a, w] for b in row.above), lang, 0) for w in ROUNDS) for a in arms]
    if row.trend:
        return [name, *shares, *[say(finding, lang, "threshold_trend")] * 4]
    result = row.result
    ends = interval(result["conf_low"], result["conf_high"], SHARE, lang)
    numbers = [difference(result["estimate"], SHARE, lang, signed=True), ends]
    return [name, *shares, *numbers, p_text(result["p_value"]), p_text(row.p_adjusted)]


def _said(finding: Finding, found: ThresholdEffects, rows: list[Row], lang: Language) -> str:
    """Say at which amounts the adjusted interval leaves out zero, and under which assumption."""
    told = [(n, r) for n, r in zip(_names(finding, rows, lang), rows, strict=True) if r.told]
    clear = [n for n, r in told if r.result["conf_low"] > 0 or r.result["conf_high"] < 0]
    key = "none" if not clear else "all" if len(clear) == len(rows) else "some"
    names = ("、" if lang == "zh" else ", ").join(clear)
    form = case_for(finding).form
    drawn = finding.programme.design.assignment == "randomised"
    why = "compared" if form not in ("effect", "assumed") else "effect" if drawn else "assumed"
    parts = [
        say(finding, lang, f"threshold_{key}", names=names),
        say(finding, lang, f"threshold_{why}", most=MOST),
        say(finding, lang, "threshold_who"),
    ]
    return ("" if lang == "zh" else " ").join(parts)


def _apart(finding: Finding, found: ThresholdEffects, rows: Sequence[Row], lang: Language) -> str:
    """Say why no effects are shown, with the largest gap among the thresholds that may be shown."""
    label = getattr(finding.indicator.label, lang)
    gaps = dict(zip(found.thresholds, found.start_gaps, strict=False))
    gap = max((gaps.get(r.threshold, 0.0) for r in rows), default=0.0)
    far = say(finding, lang, "threshold_gap", gap=f"{100 * gap:.0f}", most=MOST) if gap > ALIKE else ""
    return say(finding, lang, "threshold_apart", label=label, n=len(found.thresholds), far=far)


def _quantiles(finding: Finding, found: ThresholdEffects) -> str:
    """Return the table of quantile differences, where villages were drawn."""
    if found.quantiles is None:
        return ""
    rows = [shown_digits(r, finding) for r in found.quantiles.tidy().to_dicts()]

    def table(lang: Language) -> str:
        words = words_of(finding, lang)
        unit = alike_in(unit_of(finding.indicator.unit), rows)
        head = [words.label(k) for k in ("quantile_place", "estimate", "threshold_adjusted", "p_value")]
        body = [
            [
                percent(r["quantile"], lang, 0),
                difference(r["estimate"], unit, lang, signed=True),
                interval(r["conf_low"], r["conf_high"], unit, lang),
                p_text(r["p_value"]),
            ]
            for r in rows
        ]
        return Grid(head, body, caption=words.label("quantile_title"), note=words.label("quantile_note")).html()

    return both(table)
