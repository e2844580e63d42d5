"""The checks of a synthetic finding: fit before the start, an earlier start, placebos, donors left out, jackknife."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evalkit.diagnostics import Match
from evalkit.finding import Finding
from evalkit.gate import REJECTED, p_said
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.html_table import Grid
from evalkit.report.numbers import difference, interval, p_text, percent, plain, unit_of, whole
from evalkit.report.rounds import round_in_words
from evalkit.report.statement import case_for
from evalkit.report.wording import WORDS, Language, say, words_of


def match_checks(finding: Finding) -> Block:
    """Return one row a check: what was done, what came out, how to read it; empty for other estimates."""
    found = finding.match
    if found is None or not case_for(finding).shows_numbers:
        return Block("")
    grids = both(lambda lang: _grid(finding, found, lang).html())
    note = paragraph(lambda lang: say(finding, lang, "match_note"))
    return Block(heading(lambda lang: say(finding, lang, "match_title")) + grids + note)


def shown_match(finding: Finding) -> dict[str, Any] | None:
    """Return the checks as values for JSON; single placebo lines are of few villages, and internal."""
    if finding.match is None:
        return None
    values = asdict(finding.match)
    if finding.programme.disclosure.audience == "public":
        values["lines"] = ()
    return values


def _grid(finding: Finding, m: Match, lang: Language) -> Grid:
    rows = [_fit(finding, m, lang), _early(finding, m, lang), _ratio(m, lang)]
    rows += [_without(finding, m, lang), _jackknife(finding, m, lang)]
    head = [say(finding, lang, k) for k in ("match_check", "match_result", "match_reading")]
    return Grid(head, [row for row in rows if row], words=(1, 2))


def _fit(finding: Finding, m: Match, lang: Language) -> list[str]:
    words = words_of(finding, lang)
    rmse = difference(m.pre_rmse, unit_of(finding.indicator.unit), lang)
    result = words.label("match_fit_result", rmse=rmse, share=percent(m.p_fit, lang), n=whole(m.n_sets + 1, lang))
    return [words.label("match_fit"), result, words.label(f"match_fit_{_verdict(m.p_fit)}")]


def _early(finding: Finding, m: Match, lang: Language) -> list[str]:
    words = words_of(finding, lang)
    if m.start is None or m.early is None or m.p_early is None:
        return []
    gap = difference(m.early, unit_of(finding.indicator.unit), lang, signed=True)
    return [
        words.label("match_early", start=round_in_words(m.start, finding.programme, lang)),
        words.label("match_early_result", gap=gap, p=p_said(m.p_early)),
        words.label(f"match_early_{_verdict(m.p_early)}"),
    ]


def _ratio(m: Match, lang: Language) -> list[str]:
    words = WORDS[lang]
    if m.ratio is None or m.p_ratio is None:
        return []
    total = m.n_sets + 1
    rank = {"rank": whole(round(m.p_ratio * total), lang), "total": whole(total, lang)}
    result = words.label("match_ratio_result", ratio=plain(m.ratio, 1), **rank)
    reading = words.label("match_ratio_reading", p=p_said(m.p_ratio), total=rank["total"], least=p_text(1 / total))
    return [words.label("match_ratio"), result, reading]


def _without(finding: Finding, m: Match, lang: Language) -> list[str]:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    if m.without is None:
        return []
    att = difference(finding.main.row("att")["estimate"], unit, lang, signed=True)
    result = words.label("match_without_result", range=interval(*m.without, unit, lang), n=whole(m.n_without, lang))
    return [words.label("match_without"), result, words.label("match_without_reading", att=att)]


def _jackknife(finding: Finding, m: Match, lang: Language) -> list[str]:
    words = words_of(finding, lang)
    if m.jackknife is None:
        return []
    ends = interval(*m.jackknife, unit_of(finding.indicator.unit), lang)
    return [words.label("match_jackknife"), ends, words.label("match_jackknife_reading")]


def _verdict(p: float) -> str:
    return "bad" if p < REJECTED else "good"
