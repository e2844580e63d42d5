"""The figure of a distribution: how many households lie in each band of an amount, before and after, in both arms."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.diagnostics import Distribution
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import ARM_STYLE
from evalkit.report.figures import Axes, Drawn, Series, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import Unit, alike, interval, level, percent, unit_of
from evalkit.report.rounds import round_in_words
from evalkit.report.shown_distribution import ROUNDS, Band, shown_bands
from evalkit.report.statement import case_for
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, words_of

AMOUNTS = ("money", "other")
APART = 0.15
"""How far the arms stand above and below the middle of a band."""


def distribution(finding: Finding) -> Block | FigureBlock:
    """Return the share of households in each band before and after; empty where there are no rounds, bands or result.

    For primary indicators that are amounts. It describes; what the programme did is the comparison of changes.
    """
    bands = shown_bands(finding) if unit_of(finding.indicator.unit).kind in AMOUNTS else []
    found = None if finding.spread is None else finding.spread.distribution
    if not bands or found is None or not case_for(finding).shows_numbers:
        return Block("")
    return figure_block(lambda lang: _figure(finding, found, bands, lang))


def _figure(finding: Finding, found: Distribution, bands: Sequence[Band], lang: Language) -> Drawn:
    words, names = words_of(finding, lang), band_names(finding, found, bands, lang)
    arms = [a for a in ARM_STYLE if (a, "before") in bands[0].shares]
    years = {when: round_in_words(getattr(found, when), finding.programme, lang) for when in ROUNDS}
    series = [s for arm in arms for s in _arm(arm, bands, words.rows[arm], years)]
    axes = Axes(
        words.label("distribution_axis"),
        "",
        zero_across=True,
        percent_x=True,
        height=150 + 58 * len(bands),
        ticks_y=tuple((float(i), wrapped(name, lang)) for i, name in enumerate(names)),
    )
    title = _title(finding, names[0], bands[0], lang)
    table = _table(finding, names, bands, arms, lang)
    stop, joint = ("。", "；") if lang == "zh" else (". ", "; ")
    alt = title + stop + joint.join(f"{row[0]} {' → '.join(row[1:3])}" for row in table.rows)
    return Drawn(title, words.label("distribution_subtitle", **years), alt, plot(series, axes), table)


def _arm(arm: str, bands: Sequence[Band], name: str, years: dict[str, str]) -> list[Series]:
    """Return one arm's marks, hollow before and full after, with a line from one to the other."""
    color, symbol, _ = ARM_STYLE[arm]
    shift = APART if arm == "pilot" else -APART
    places = [i + shift for i in range(len(bands))]
    before, after = ([b.shares[arm, when] for b in bands] for when in ROUNDS)
    ways: list[float | None] = [x for pair in zip(before, after, strict=True) for x in (*pair, None)]
    heights: list[float | None] = [y for place in places for y in (place, place, None)]
    return [
        Series(name, ways, heights, color, mode="lines", legend=False),
        Series(f"{name} {years['before']}", before, places, color, f"{symbol}-open", mode="markers"),
        Series(f"{name} {years['after']}", after, places, color, symbol, mode="markers"),
    ]


def band_names(finding: Finding, found: Distribution, bands: Sequence[Band], lang: Language) -> list[str]:
    """Return what each band is called, by its ends in the indicator's unit."""
    unit = alike(unit_of(finding.indicator.unit), found.edges)
    return [_name(finding, found, band, unit, lang) for band in bands]


def _name(finding: Finding, found: Distribution, band: Band, unit: Unit, lang: Language) -> str:
    words, from_zero = words_of(finding, lang), int(found.has_zero)
    below, above = band.first - 1 - from_zero, band.last - from_zero
    low = found.edges[below] if below >= 0 else None
    high = found.edges[above] if 0 <= above < len(found.edges) else None
    if found.has_zero and band.last == 0:
        return words.label("band_zero")
    if low is None and high is not None:
        key = "band_above_zero" if found.has_zero and band.first == 1 else "band_below"
        return words.label(key, high=level(high, unit, lang))
    if low is not None and high is not None:
        return interval(low, high, unit, lang)
    return words.label("band_from", low=level(low, unit, lang))


def _title(finding: Finding, name: str, band: Band, lang: Language) -> str:
    """Say how the share in the lowest band went, in each arm."""
    words, joint = words_of(finding, lang), "，" if lang == "zh" else ", "
    parts = [
        words.label(
            "distribution_moved", arm=words.rows[arm].lower(), **{w: percent(band.shares[arm, w], lang) for w in ROUNDS}
        )
        for arm in ARM_STYLE
        if (arm, "before") in band.shares
    ]
    label = getattr(finding.indicator.label, lang)
    return words.label("distribution_title", label=label, band=name, parts=joint.join(parts))


def _table(finding: Finding, names: Sequence[str], bands: Sequence[Band], arms: Sequence[str], lang: Language) -> Grid:
    words = words_of(finding, lang)
    colon = "：" if lang == "zh" else ": "
    head = [words.label("distribution_band")]
    head += [f"{words.rows[arm]}{colon}{words.rows[when].lower()}" for arm in arms for when in ROUNDS]
    body = [
        [name, *(percent(band.shares[arm, when], lang) for arm in arms for when in ROUNDS)]
        for name, band in zip(names, bands, strict=True)
    ]
    note = " ".join(filter(None, (words.label("distribution_note"), rounded_note(finding.programme, lang))))
    return Grid(head, body, note=note)
