"""The page of an article's figures: answer, arithmetic, each figure with what is said of it; and the same as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.claims import Audit, Claim, Result
from evalkit.finding import Finding
from evalkit.programme import Programme
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.claim_words import claim_rows, claim_title, first_sentence, is_told_in_full, result_sentence
from evalkit.report.html_table import Grid
from evalkit.report.origin import summarise
from evalkit.report.statement import headline
from evalkit.report.wording import LANGUAGES, WORDS, Language

SCHEMA_VERSION = 1


def claims_headline(programme: Programme, audit: Audit, findings: Mapping[str, Finding]) -> Block:
    """Return the page's answer and what the page is for; the numbers go beside the page."""
    lines = {lang: first_sentence(audit, lang) for lang in LANGUAGES}
    answer = summarise(lines, claims_values(audit, findings))
    keys = ["scope", *(["simulated"] if programme.is_simulated else [])]
    notes = "".join(paragraph(lambda lang, key=key: WORDS[lang].reported[key]) for key in keys)  # type: ignore[misc]
    return answer + Block(notes)


def claims_arithmetic(audit: Audit) -> Block:
    """Return what arithmetic says, one sentence a place; nothing where no figures hang together."""
    if not audit.results:
        return Block("")

    def items(lang: Language) -> str:
        return f"<ul>{''.join(f'<li>{text(result_sentence(r, audit, lang))}</li>' for r in audit.results)}</ul>"

    return Block(heading(lambda lang: WORDS[lang].reported["arithmetic_title"]) + both(items))


def claims_figures(audit: Audit, findings: Mapping[str, Finding]) -> Block:
    """Return each figure with what is said of it, and those that tell only what was put in or done in a table."""
    full = [c for c in audit.reported.claims if is_told_in_full(c, audit)]
    rest = [c for c in audit.reported.claims if c not in full]
    title = heading(lambda lang: WORDS[lang].reported["figures_title"].format(n=len(full)))
    return Block((title if full else "") + "".join(_figure(c, audit, findings) for c in full) + _rest(rest, audit))


def _rest(claims: Sequence[Claim], audit: Audit) -> str:
    """Return the figures that only say what was put in or done, in one table."""
    if not claims:
        return ""

    def table(lang: Language) -> str:
        words = WORDS[lang].reported
        rows = [[claim_title(c, audit, lang), *_short(c, audit, lang)] for c in claims]
        note = words["rest_note"].format(n=len(claims))
        return Grid([words[k] for k in ("said", "kind", "missing")], rows, words=(1, 2), note=note).html()

    title = heading(lambda lang: WORDS[lang].reported["rest_title"].format(n=len(claims)))
    return title + both(table)


def _short(claim: Claim, audit: Audit, lang: Language) -> tuple[str, str]:
    told = dict(claim_rows(claim, audit, {}, lang))
    return WORDS[lang].reported_short[claim.kind], told[WORDS[lang].reported["missing"]]


def _figure(claim: Claim, audit: Audit, findings: Mapping[str, Finding]) -> str:
    def rows(lang: Language) -> str:
        told = claim_rows(claim, audit, findings, lang)
        return f"<dl>{''.join(f'<dt>{text(k)}</dt><dd>{text(v)}</dd>' for k, v in told)}</dl>"

    return heading(lambda lang: claim_title(claim, audit, lang), 3) + both(rows)


def claims_text(audit: Audit, findings: Mapping[str, Finding], lang: Language, *, simulated: bool) -> str:
    """Return the page as plain text, for a terminal."""
    words, colon = WORDS[lang].reported, "：" if lang == "zh" else ": "
    scope = words["scope" if findings else "scope_alone"]
    lines = [getattr(audit.reported.article.name, lang), "", first_sentence(audit, lang), scope]
    lines += [words["simulated"]] if simulated else []
    if audit.results:
        lines += ["", words["arithmetic_title"], *(f"  - {result_sentence(r, audit, lang)}" for r in audit.results)]
    lines += ["", words["all_title"].format(n=len(audit.reported.claims))]
    for claim in audit.reported.claims:
        lines += ["", claim_title(claim, audit, lang)]
        lines += [f"  {label}{colon}{value}" for label, value in claim_rows(claim, audit, findings, lang)]
    return "\n".join(lines)


def claims_values(audit: Audit, findings: Mapping[str, Finding]) -> dict[str, Any]:
    """Return all of it as values for JSON; an open end is None."""
    return {
        "schema_version": SCHEMA_VERSION,
        "article": audit.reported.article.model_dump(mode="json"),
        "claims": [_claim_values(c, audit, findings) for c in audit.reported.claims],
        "relations": [_result_values(r, audit) for r in audit.results],
    }


def _claim_values(claim: Claim, audit: Audit, findings: Mapping[str, Finding]) -> dict[str, Any]:
    amount, factor = audit.operands[claim.id].amount, audit.operands[claim.id].unit.factor
    finding = findings.get(claim.indicator or "")
    return {
        **claim.model_dump(mode="json"),
        "low": _finite(amount.low / factor),
        "high": _finite(amount.high / factor),
        "missing": list(audit.missing[claim.id]),
        "claim_allowed": None if finding is None else finding.gate.claim,
        "sentence": None if finding is None else {lang: headline(finding, lang) for lang in LANGUAGES},
    }


def _result_values(result: Result, audit: Audit) -> dict[str, Any]:
    amount = result.amount
    return {
        "id": result.relation.id,
        "kind": result.relation.kind,
        "of": list(result.relation.of),
        "gives": result.relation.gives,
        "verdict": result.verdict,
        "value": None if amount is None else _finite(amount.value),
        "low": None if amount is None else _finite(amount.low),
        "high": None if amount is None else _finite(amount.high),
        "reasons": list(result.reasons),
        "cautions": list(result.cautions),
        "sentence": {lang: result_sentence(result, audit, lang) for lang in LANGUAGES},
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
