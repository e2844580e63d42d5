"""Where a page's numbers come from: raw files with checksums, plan, code, versions; and what is handed on."""

from __future__ import annotations

from typing import Any

from evalkit.finding import Finding
from evalkit.report.block import FINDING_MIME, SUMMARY_MIME, Block, both, text
from evalkit.report.disclosure import shown_terms
from evalkit.report.html_table import Grid
from evalkit.report.sample import losses_withheld
from evalkit.report.statement import case_for, headline, method_text
from evalkit.report.wording import LANGUAGES, WORDS, Language

SHOWN = 16
RESULTS = (
    "main",
    "event_study",
    "pre_trend",
    "naive",
    "robustness",
    "cells",
    "means",
    "comparison_mean",
    "attrition",
    "flow",
    "winsorised",
    "why_this_interval",
)
"""What is null in the numbers beside a page that reports no result."""


def provenance(finding: Finding) -> Block:
    """Return raw files with checksums, hashes of plan and code, versions, attribution; folded away."""

    def folded(lang: Language) -> str:
        title = text(WORDS[lang].label("provenance"))
        return f"<details><summary>{title}</summary>{_provenance(finding, lang)}</details>"

    return Block(both(folded))


def _provenance(finding: Finding, lang: Language) -> str:
    words, origin = WORDS[lang], finding.provenance
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
    """Hand the finding on to the batch, which stores it beside the page; shows its provenance."""
    summary = {
        "claim": finding.gate.claim,
        "domain": finding.indicator.domain,
        "role": finding.indicator.role,
        "headline": {lang: headline(finding, lang) for lang in LANGUAGES},
        "shows_numbers": case_for(finding).shows_numbers,
    }
    return Block(provenance(finding).html, {FINDING_MIME: publishable(finding), SUMMARY_MIME: summary})


def publishable(finding: Finding) -> dict[str, Any]:
    """Return the finding as values for JSON, without what the page withholds too."""
    values = finding.to_dict()
    limits = finding.programme.disclosure
    if not case_for(finding).shows_numbers:
        values |= dict.fromkeys(RESULTS) | {"withheld": [r["code"] for r in values["gate"]["reasons"]]}
        values["gate"]["reasons"] = [{"code": r["code"]} for r in values["gate"]["reasons"]]
    for name in ("main", "event_study"):
        values[name] = values[name] and shown_terms(values[name], limits)
    if values["robustness"]:
        values["robustness"] = {name: shown_terms(rows, limits) for name, rows in values["robustness"].items()}
    if values["attrition"] and losses_withheld(finding):
        values["attrition"] = None
    return values


def summarise(headlines: dict[Language, str], numbers: Any = None) -> Block:
    """Hand a page's one sentence on to the index, and its numbers (if any) to the file beside the page."""
    data: dict[str, Any] = {SUMMARY_MIME: {"claim": None, "domain": None, "role": None, "headline": dict(headlines)}}
    data |= {} if numbers is None else {FINDING_MIME: numbers}
    lines = both(lambda lang: text(headlines[lang]), "p")
    return Block(f'<section class="answer"><div class="headline always">{lines}</div></section>', data)
