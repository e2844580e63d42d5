"""What is said of each figure of an article: kind, arithmetic, what is missing, and the estimate beside it.

No sentence here says what a programme changed: that is only ever the finding's own headline, which the gate allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from evalkit.claims import Audit, Claim, Result
from evalkit.claims.arithmetic import Verdict
from evalkit.claims.missing import CHANGES
from evalkit.claims.model import KINDS
from evalkit.finding import Finding
from evalkit.report.claim_numbers import computed, stated
from evalkit.report.numbers import difference, effect_unit, interval
from evalkit.report.statement import case_for, headline
from evalkit.report.wording import WORDS, Language

VERDICTS: tuple[Verdict, ...] = (
    "agrees",
    "disagrees",
    "computed",
    "not_comparable",
    "not_a_part",
    "definition",
    "impossible",
)


def first_sentence(audit: Audit, lang: Language) -> str:
    """Return the page's answer: how many figures of which kinds, whether any has a comparison, what arithmetic says."""
    words, short = WORDS[lang].reported, WORDS[lang].reported_short
    claims = audit.reported.claims
    kinds = Counter(c.kind for c in claims)
    counted = [short["kind_count"].format(kind=short[k], n=kinds[k]) for k in reversed(KINDS) if kinds[k]]
    verdicts = Counter(r.verdict for r in audit.results)
    told = [short[v].format(n=verdicts[v]) for v in VERDICTS if verdicts[v]]
    key = "headline" if told else "headline_no_arithmetic"
    return words[key].format(
        n=len(claims),
        kinds=_listed(counted, lang),
        changes=_changes(claims, lang),
        n_relations=len(audit.results),
        verdicts=_listed(told, lang),
    )


def _changes(claims: Sequence[Claim], lang: Language) -> str:
    words = WORDS[lang].reported
    of_changes = [c for c in claims if c.kind in CHANGES]
    n_compared = sum(c.comparison is not None for c in of_changes)
    key = "changes_none" if not of_changes else "changes_compared" if n_compared else "changes"
    return words[key].format(n=len(of_changes), n_compared=n_compared)


def result_sentence(result: Result, audit: Audit, lang: Language) -> str:
    """Return what arithmetic says at one place, with its note and cautions."""
    words, reasons = WORDS[lang].reported, WORDS[lang].reported_reasons
    relation, things, joint = result.relation, audit.reported.units, words["joint"]
    about = getattr(relation.about, lang)
    values = {"about": _capital(about), "reasons": joint.join(reasons[r] for r in result.reasons if r in reasons)}
    if result.amount is not None and result.unit is not None:
        values["value"] = computed(result.amount, result.unit, things, lang)
    if relation.gives is not None:
        values["stated"] = stated(audit.reported.claim(relation.gives), things, lang)
    if result.verdict == "definition":
        values["whole"] = stated(audit.reported.claim(relation.of[-1]), things, lang)
    parts = [words[f"verdict_{result.verdict}"].format(**values)]
    if result.cautions and result.amount is not None:
        parts.append(words["cautions"].format(items=joint.join(reasons[c] for c in result.cautions)).strip())
    parts += [getattr(relation.note, lang)] if relation.note is not None else []
    return words["stop"].join(parts)


def is_told_in_full(claim: Claim, audit: Audit) -> bool:
    """Whether there is more to say of a claim than what kind it is and what is missing."""
    plain = claim.kind in ("input", "output") and claim.note is None and claim.indicator is None
    return not plain or bool(_results(claim, audit))


def _results(claim: Claim, audit: Audit) -> list[Result]:
    return [r for r in audit.results if claim.id in {*r.relation.of, r.relation.gives}]


def claim_title(claim: Claim, audit: Audit, lang: Language) -> str:
    """Return a claim's heading: what it is about and the figure."""
    colon = "：" if lang == "zh" else ": "
    return _capital(getattr(claim.about, lang)) + colon + stated(claim, audit.reported.units, lang)


def claim_rows(claim: Claim, audit: Audit, findings: Mapping[str, Finding], lang: Language) -> list[tuple[str, str]]:
    """Return label and text of each thing that is said of a claim."""
    words = WORDS[lang].reported
    told = words["stop"].join(result_sentence(r, audit, lang) for r in _results(claim, audit))
    rows = [
        ("said", _said(claim, audit, lang)),
        ("kind", _kind(claim, lang)),
        ("computed", told or words["no_relation"]),
        ("missing", _missing(claim, audit, lang)),
        ("estimate", beside(claim, findings, lang)),
    ]
    return [(words[key], value) for key, value in rows]


def beside(claim: Claim, findings: Mapping[str, Finding], lang: Language) -> str:
    """Return the estimate of the claim's indicator and the strongest sentence that the gate allows; or that none is."""
    words = WORDS[lang].reported
    if claim.indicator is None:
        return words["nothing_estimates"]
    if claim.indicator not in findings:
        return words["not_asked"].format(indicator=claim.indicator)
    finding = findings[claim.indicator]
    tail = words["beside_simulated"] if finding.programme.is_simulated else ""
    return words["stop"].join([_estimate(finding, lang), words["strongest"] + headline(finding, lang)]) + tail


def _estimate(finding: Finding, lang: Language) -> str:
    words, label = WORDS[lang].reported, getattr(finding.indicator.label, lang)
    if not case_for(finding).shows_numbers:
        return words["estimate_withheld"].format(label=label)
    row, unit = finding.main.row("att"), effect_unit(finding.indicator.unit, finding.main.estimate.estimator)
    return words["estimate_of"].format(
        label=label,
        estimate=difference(row["estimate"], unit, lang, signed=True),
        interval=interval(row["conf_low"], row["conf_high"], unit, lang),
    )


def _said(claim: Claim, audit: Audit, lang: Language) -> str:
    """Return figure, place, period and line of the article."""
    where = [getattr(claim.place, lang)] if claim.place is not None else []
    where += [period_text(claim.period, lang)] if claim.period is not None else []
    where += [WORDS[lang].reported["line"].format(line=claim.line)]
    figure, comma = stated(claim, audit.reported.units, lang), "，" if lang == "zh" else ", "
    if claim.of is not None:
        figure = WORDS[lang].reported["of"].format(x=figure, of=getattr(claim.of, lang))
    return comma.join([figure, *where]) + ("。" if lang == "zh" else ".")


def _kind(claim: Claim, lang: Language) -> str:
    kinds = WORDS[lang].reported_kinds
    traits = [kinds[t] for t in (claim.basis, claim.measure) if t is not None and t in kinds]
    traits += [kinds["picked"]] if claim.picked else []
    stop = "。" if lang == "zh" else "."
    text = WORDS[lang].reported["joint"].join([kinds[claim.kind], *traits]) + stop
    return text + WORDS[lang].reported["stop"] + getattr(claim.note, lang) if claim.note is not None else text


def _missing(claim: Claim, audit: Audit, lang: Language) -> str:
    codes = audit.missing[claim.id]
    if not codes:
        return WORDS[lang].reported["nothing_missing"]
    items = _listed([WORDS[lang].reported_missing[c] for c in codes], lang)
    return WORDS[lang].reported["missing_list"].format(items=items)


def period_text(period: str, lang: Language) -> str:
    """Write a period: ``截至8月2日``, ``2016年``, ``2016 to 2020``."""
    words = WORDS[lang].reported
    if period.startswith("/"):
        return words["until"].format(day=_day(period[1:], lang))
    start, _, end = period.partition("/")
    return words["from_to"].format(a=_day(start, lang), b=_day(end, lang)) if end else _day(start, lang)


def _day(text: str, lang: Language) -> str:
    words = WORDS[lang].reported
    year, rest = ("", text[2:]) if text.startswith("-") else (text[:4], text[5:])
    month, _, day = rest.partition("-")
    key = "day" if day else "month" if month else "year"
    values = {"y": year, "m": _number(month, lang), "d": _number(day, lang)}
    return words[key if year else f"{key}_only"].format(**values)


def _number(text: str, lang: Language) -> str:
    return text.lstrip("0") if lang == "zh" else text


def _listed(items: Sequence[str], lang: Language) -> str:
    return ("、" if lang == "zh" else ", ").join(items) or WORDS[lang].reported["no_claims"]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
