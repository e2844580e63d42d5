"""Comparison villages weighted to stand where pilot villages did: where both stood, as they are and weighted."""

from __future__ import annotations

from evalkit.diagnostics.balancing import Balancing, Gap
from evalkit.finding import Finding
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Size, coarse, share_of, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import level, plain, unit_of, whole
from evalkit.report.shown import is_share, n_with
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, say, words_of


def balancing(finding: Finding, found: Balancing | None) -> Block:
    """Return means of both arms before the start, before and after weighting; why, where no weights were found.

    Empty where the plan does not ask for it, the page shows no numbers, or an arm is too small to be shown.
    """
    if found is None or not case_for(finding).shows_numbers:
        return Block("")
    title = heading(lambda lang: say(finding, lang, "balancing_title"))
    if found.first is None:
        return Block(title + paragraph(lambda lang: _failed(finding, found, lang)))
    gaps = [g for g in (found.first, found.last) if g is not None]
    if any(_held(finding, found, gap) for gap in gaps):
        return Block("")
    return Block(
        title
        + both(lambda lang: _grid(finding, found, lang).html())
        + paragraph(lambda lang: _note(finding, found, lang))
    )


def _held(finding: Finding, found: Balancing, gap: Gap) -> bool:
    """Whether an arm has too few households or villages, or too few with what a share counts."""
    limits = finding.programme.disclosure
    return any(
        too_small(Size(n, v, n_with(mean, n, finding)), limits) is not None
        for n, v, mean in zip(found.units, found.villages, (gap.pilot, gap.comparison), strict=True)
    )


def _failed(finding: Finding, found: Balancing, lang: Language) -> str:
    return say(finding, lang, "balancing_failed", n=whole(found.villages[1], lang))


def _grid(finding: Finding, found: Balancing, lang: Language) -> Grid:
    words = words_of(finding, lang)
    head = ["", words.rows["pilot"], words.rows["comparison"], words.label("balancing_weighted")]
    gaps = {"balancing_first": found.first, "balancing_last": found.last}
    rows = [[words.label(key), *_means(finding, found, gap, lang)] for key, gap in gaps.items() if gap is not None]
    return Grid(head, rows if found.first != found.last else rows[-1:])


def _means(finding: Finding, found: Balancing, gap: Gap, lang: Language) -> list[str]:
    unit, limits = unit_of(finding.indicator.unit), finding.programme.disclosure
    pairs = zip((gap.pilot, gap.comparison, gap.weighted), (*found.units, found.units[1]), strict=True)
    values = [share_of(mean, n, limits) if is_share(finding) else coarse(mean) for mean, n in pairs]
    return [level(value, unit, lang) for value in values]


def _note(finding: Finding, found: Balancing, lang: Language) -> str:
    numbers = {"n": whole(found.villages[1], lang), "effective": plain(found.effective, 1)}
    joint = "" if lang == "zh" else " "
    return joint.join((say(finding, lang, "balancing_note", **numbers), say(finding, lang, "balancing_caution")))
