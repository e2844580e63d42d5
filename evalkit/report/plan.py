"""The plan on a page: when it was fixed, and what has changed since."""

from __future__ import annotations

from evalkit.finding import Finding
from evalkit.report.block import Block, both, heading, text
from evalkit.report.html_table import Grid
from evalkit.report.wording import Language, say, words_of


def plan(finding: Finding) -> Block:
    """Return when the plan was fixed and every deviation from it, or that it was never fixed."""

    def content(lang: Language) -> str:
        return f"<p>{text(_sentence(finding, lang))}</p>" + (_table(finding, lang) if finding.deviations else "")

    return Block(heading(lambda lang: say(finding, lang, "plan")) + both(content))


def _sentence(finding: Finding, lang: Language) -> str:
    words = words_of(finding, lang)
    if finding.lock is None:
        return words.label("plan_not_fixed")
    key = "plan_changed" if finding.deviations else "plan_kept"
    return words.label(key, day=finding.lock.locked_on, hash=finding.lock.plan_hash[:8], n=len(finding.deviations))


def _table(finding: Finding, lang: Language) -> str:
    words = words_of(finding, lang)
    nothing = words.label("plan_nothing")
    rows = [[_entry(finding, d.entry, lang), d.planned or nothing, d.now or nothing] for d in finding.deviations]
    head = [words.label(k) for k in ("plan_entry", "plan_planned", "plan_now")]
    return Grid(head, rows, words=(1, 2)).html()


def _entry(finding: Finding, entry: str, lang: Language) -> str:
    """Return what an entry is about: a part of the design, or of an indicator (by its label)."""
    words = words_of(finding, lang)
    where, *_, field = entry.split(".")
    label = getattr(finding.indicator.label, lang) if where == "indicators" else words.label(f"plan_{where}")
    return f"{label}{'：' if lang == 'zh' else ': '}{words.fields.get(field, field)}"
