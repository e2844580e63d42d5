"""Where a page's numbers come from: raw files with checksums, plan, code, versions; and what is handed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.finding import Finding
from evalkit.report.answer import method_text
from evalkit.report.audit import require_safe
from evalkit.report.block import FINDING_MIME, SUMMARY_MIME, Block, both, text
from evalkit.report.html_table import Grid
from evalkit.report.publishable import publishable
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for, headline
from evalkit.report.wording import LANGUAGES, Language, say, words_of

SHOWN = 16


def provenance(finding: Finding) -> Block:
    """Return raw files with checksums, hashes of plan and code, versions, attribution; folded away."""

    def folded(lang: Language) -> str:
        title = text(say(finding, lang, "provenance"))
        return f"<details><summary>{title}</summary>{_provenance(finding, lang)}</details>"

    return Block(both(folded))


def _provenance(finding: Finding, lang: Language) -> str:
    words, origin = words_of(finding, lang), finding.provenance
    files = Grid(
        [words.label("file"), words.label("sha256")],
        [[name, digest[:SHOWN]] for name, digest in sorted(origin.inputs.items())],
        words=(1,),
    )
    versions = ", ".join(
        f"{name} {v}" for name, v in sorted({"evalkit": origin.evalkit_version, **origin.versions}.items())
    )
    lines = [
        (words.label("plan_hash"), origin.plan_hash[:SHOWN]),
        (words.label("code_hash"), origin.code_hash[:SHOWN]),
        (words.label("versions"), versions),
        (words.label("why_interval"), method_text(finding, lang)),
        (words.label("attribution"), finding.programme.about.attribution),
    ]
    items = "".join(f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in lines if v)
    return f"{files.html()}<dl>{items}</dl>"


def publish(finding: Finding) -> Block:
    """Hand the finding on to the batch, which stores it beside the page; shows its provenance.

    Raises
    ------
    DataError
        The numbers break a rule of disclosure: nothing is handed on.
    """
    values = publishable(finding)
    require_safe(finding, values)
    summary = {
        "claim": finding.gate.claim,
        "domain": finding.indicator.domain,
        "role": finding.indicator.role,
        "headline": {lang: headline(finding, lang) for lang in LANGUAGES},
        "shows_numbers": case_for(finding).shows_numbers,
        "interval": _interval(finding),
    }
    return Block(provenance(finding).html, {FINDING_MIME: values, SUMMARY_MIME: summary})


def _interval(finding: Finding) -> list[float] | None:
    """Return estimate and ends of the headline's interval for the list; None where the page gives none."""
    row = finding.main.row("att")
    ends: list[float] = shown_digits([row[name] for name in ("estimate", "conf_low", "conf_high")], finding)
    return ends if case_for(finding).shows_numbers and None not in ends else None


def summarise(
    headlines: dict[Language, str],
    numbers: Any = None,
    lead: Mapping[Language, Sequence[str]] | None = None,
    below: str = "",
) -> Block:
    """Hand a page's one sentence on to the list, and its numbers (if any) to the file beside the page.

    ``lead`` are sentences above it on the page only, where the list says the same in the rows of other pages; ``below``
    is HTML that stands under them.
    """
    data: dict[str, Any] = {SUMMARY_MIME: {"claim": None, "domain": None, "role": None, "headline": dict(headlines)}}
    data |= {} if numbers is None else {FINDING_MIME: numbers}
    first = lead or {lang: [line] for lang, line in headlines.items()}
    lines = "".join(f'<p lang="{lang}">{text(line)}</p>' for lang in LANGUAGES for line in first[lang])
    under = both(lambda lang: f"<p>{text(headlines[lang])}</p>") if lead else ""
    return Block(f'<section class="answer"><div class="headline">{lines}</div>{under}{below}</section>', data)
