"""The chain of results: how the programme is meant to work, and what was found at each step that is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalkit.finding import Finding
from evalkit.programme import ChainStep
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, Unit, difference, effect_unit, interval
from evalkit.report.overview import money_of
from evalkit.report.statement import case_for, position
from evalkit.report.wording import WORDS, Language, say


def chain(findings: Sequence[Finding]) -> Block:
    """Return a row for each step with its estimate and what may be claimed; nothing where the plan states no chain.

    ``findings`` are those of all the programme's indicators.
    """
    steps = findings[0].programme.chain if findings else ()
    if not steps:
        return Block("")
    by_name = {f.indicator.name: f for f in findings}
    title = heading(lambda lang: say(findings[0].programme, lang, "chain_title"))
    table = both(lambda lang: _grid(steps, by_name, lang).html())
    return Block(title + table + paragraph(lambda lang: say(findings[0].programme, lang, "chain_note")))


def _grid(steps: Sequence[ChainStep], findings: dict[str, Finding], lang: Language) -> Grid:
    keys = ("chain_stage", "chain_step", "chain_measure", "estimate", "interval", "claim_title")
    head = [WORDS[lang].label(k) for k in keys]
    money = money_of(list(findings.values()))
    rows = [_row(s, None if s.indicator is None else findings[s.indicator], money, lang) for s in steps]
    return Grid(head, rows, words=(1, 2, 5))


def _row(step: ChainStep, finding: Finding | None, money: Callable[[Unit], Unit], lang: Language) -> list[str]:
    words = WORDS[lang]
    first = [words.label(f"chain_{step.stage}"), getattr(step.label, lang)]
    if finding is None:
        return [*first, words.label("chain_unmeasured"), "", "", ""]
    name, claim = getattr(finding.indicator.label, lang), words.claims[finding.gate.claim]
    if not case_for(finding).shows_numbers:
        return [*first, name, DASH, DASH, claim]
    unit = money(effect_unit(finding.indicator.unit, finding.main.estimate.estimator))
    row = finding.main.row("att")
    ends = interval(row["conf_low"], row["conf_high"], unit, lang)
    against = words.label("chain_against") if is_against(finding) else ""
    return [*first, name, difference(row["estimate"], unit, lang, signed=True) + against, ends, claim]


def is_against(finding: Finding) -> bool:
    """Whether the interval lies on the side that the plan calls worse."""
    place = position(finding)
    return place == ("up" if finding.indicator.better == "lower" else "down")
