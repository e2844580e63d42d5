"""The table of a decomposition: each part's share in the pilot villages' own change and in the effect."""

from __future__ import annotations

from evalkit.decomposition import Decomposition, Source
from evalkit.finding import Finding
from evalkit.inference.fieller import Ratio
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Size, held_text, withheld
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, ENDS, Unit, alike, difference, interval, percent, unit_of
from evalkit.report.shown import ARMS
from evalkit.report.statement import case_for, phrase
from evalkit.report.wording import Language, Words, say, words_of


def sources(finding: Finding, parts: Decomposition | None) -> Block:
    """Return the parts of an effect, a row each; nothing where the plan has no decomposition or the page no result.

    The rows in which all parts are known are fewer than the page's: where they are too few in an arm, none is shown.
    """
    if parts is None or not case_for(finding).shows_numbers:
        return Block("")

    def label(lang: Language) -> str:
        return phrase(getattr(parts.plan.label, lang), lang)

    title = heading(lambda lang: say(finding, lang, "sources_title", label=label(lang)))
    arms = [parts.cells.row(arm) for arm in ARMS]
    limits = finding.programme.disclosure
    held = [h for h in withheld([Size(r.n_units or 0, r.n_villages or 0) for r in arms], limits) if h]
    if held:
        return Block(title + paragraph(lambda lang: held_text(held[0], limits, words_of(finding, lang))))
    note = paragraph(lambda lang: say(finding, lang, "sources_note", label=label(lang)))
    return Block(title + both(lambda lang: _grid(parts, words_of(finding, lang), lang).html()) + note)


def _grid(parts: Decomposition, words: Words, lang: Language) -> Grid:
    total = parts.effect.row("att")
    found = [total, *(s.effect.row("att") for s in parts.sources)]
    changes = [parts.change, *(s.change for s in parts.sources)]
    unit = alike(unit_of(parts.plan.unit), [*changes, *(r[k] for r in found for k in ENDS)])
    rows = [_row(source, unit, lang) for source in parts.sources]
    rows.append(
        [
            getattr(parts.plan.label, lang),
            difference(parts.change, unit, lang, signed=True),
            percent(1.0, lang, 0),
            difference(total["estimate"], unit, lang, signed=True),
            interval(total["conf_low"], total["conf_high"], unit, lang),
            percent(1.0, lang, 0),
        ]
    )
    names = ("sources_part", "sources_change", "sources_share_change", "sources_effect", "interval")
    head = [words.label(name) for name in (*names, "sources_share_effect")]
    note = words.label("null_reason", reason=words.label("sources_open"))
    grid = Grid(head, rows)
    return Grid(head, rows, note=note) if grid.has_dash else grid


def _row(source: Source, unit: Unit, lang: Language) -> list[str]:
    row = source.effect.row("att")
    return [
        getattr(source.plan.label, lang),
        difference(source.change, unit, lang, signed=True),
        percent(source.share_of_change, lang, 0),
        difference(row["estimate"], unit, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], unit, lang),
        _share(source.share_of_effect, lang),
    ]


def _share(ratio: Ratio, lang: Language) -> str:
    """Write a share with its interval; without one there is no share that could be said."""
    if ratio.low is None or ratio.high is None:
        return DASH
    joint = "至" if lang == "zh" else " to "
    ends = joint.join(percent(v, lang, 0) for v in (ratio.low, ratio.high))
    return f"{percent(ratio.value, lang, 0)}（{ends}）" if lang == "zh" else f"{percent(ratio.value, lang, 0)} ({ends})"
