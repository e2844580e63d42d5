"""What the rounds before the start show, in words: they can warn, never prove."""

from __future__ import annotations

from evalkit.diagnostics import PreTrend
from evalkit.finding import Finding
from evalkit.report.disclosure import held_text
from evalkit.report.numbers import difference, interval, p_text, unit_of
from evalkit.report.rounds import by_path
from evalkit.report.shown import lead_withheld
from evalkit.report.wording import WORDS, Language, say, words_of


def pre_trend_text(finding: Finding, lang: Language) -> str:
    """Say what the rounds before the start show; they can warn, never prove."""
    leads, unit = finding.pre_trend, unit_of(finding.indicator.unit)
    if leads is None:
        return say(finding, lang, "no_leads")
    if lead_withheld(finding):
        return held_text("households", finding.programme.disclosure, words_of(finding, lang)) + (
            "。" if lang == "zh" else "."
        )
    said = say(
        finding,
        lang,
        by_path("event_lead", finding.programme),
        lead=difference(leads.largest_lead, unit, lang, signed=True),
        range=interval(leads.conf_low, leads.conf_high, unit, lang),
        joint=_joint_text(leads, finding, lang),
    )
    return said + _drift_text(finding, lang)


def _drift_text(finding: Finding, lang: Language) -> str:
    """Say which steady drift a look at the rounds before the start may miss (Roth 2022)."""
    drift, unit = finding.drift, unit_of(finding.indicator.unit)
    if drift is None:
        return ""
    sizes = {"half": drift.slope_50, "most": drift.slope_80, "bias": drift.bias_80}
    written = {name: difference(value, unit, lang) for name, value in sizes.items()}
    return ("" if lang == "zh" else " ") + say(finding, lang, by_path("drift_power", finding.programme), **written)


def _joint_text(leads: PreTrend, finding: Finding, lang: Language) -> str:
    """Say what the test of all rounds before the start gives; with one round, its p stands in the table."""
    if leads.joint is None or leads.n_leads == 1:
        return ""
    return WORDS[lang].label(by_path(f"joint_{leads.joint}", finding.programme), p=p_text(leads.p_joint))
