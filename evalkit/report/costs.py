"""What the programme cost, and what each yuan gained cost, with its range."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.costs import CostPerGain, cost_per_gain
from evalkit.finding import Finding
from evalkit.programme import Cost
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, Unit, alike, interval, level, plain, unit_of, whole
from evalkit.report.statement import case_for, phrase
from evalkit.report.wording import WORDS, Language, say, words_of

MONEY = unit_of("yuan")


def costs(findings: Sequence[Finding]) -> Block:
    """Return the items of cost, and the cost of each yuan gained; nothing where programme.toml states no costs."""
    items = findings[0].programme.costs if findings else ()
    if not items:
        return Block("")
    title = heading(lambda lang: say(findings[0].programme, lang, "costs_title"))
    table = both(lambda lang: _items(items, lang).html())
    said = [_sentence(f, found) for f in findings if (found := cost_per_gain(f)) is not None]
    return Block(title + table + "".join(said))


def _items(items: Sequence[Cost], lang: Language) -> Grid:
    words = WORDS[lang]
    ends = (sum((c.range or (c.amount_yuan,))[0] for c in items), sum((c.range or (c.amount_yuan,))[-1] for c in items))
    total = sum(c.amount_yuan for c in items)
    money = alike(MONEY, [*(c.amount_yuan for c in items), *ends, *(e for c in items for e in c.range or ())])
    rows = [
        [c.item, str(c.year), level(c.amount_yuan, money, lang), _range(c.range or (c.amount_yuan,) * 2, money, lang)]
        for c in items
    ]
    rows.append([words.label("costs_total"), "", level(total, money, lang), _range(ends, money, lang)])
    heads = ("costs_item", "costs_year", "costs_amount", "costs_range")
    return Grid([words.label(h) for h in heads], rows)


def _range(ends: tuple[float, float], money: Unit, lang: Language) -> str:
    return DASH if ends[0] == ends[1] else interval(*ends, money, lang)


def _sentence(finding: Finding, found: CostPerGain) -> str:
    """Say what a yuan gained cost, by what may be claimed of the gain; without a gain there is no such number."""

    def said(lang: Language) -> str:
        words = words_of(finding, lang)
        label = phrase(getattr(finding.indicator.label, lang), lang)
        shown = case_for(finding).shows_numbers and finding.gate.claim != "change_only"
        if not shown or not math.isfinite(found.value):
            return words.label("costs_none", label=label)
        key = "costs_open" if not math.isfinite(found.high) else "costs_each"
        named = {"label": label, "n": whole(found.unit_years, lang)}
        return words.label(
            key, value=plain(found.value, 2), low=plain(found.low, 2), high=plain(found.high, 2), **named
        )

    return both(lambda lang: f"<p>{text(said(lang))}</p>") + paragraph(lambda lang: say(finding, lang, "costs_note"))
