"""What sentences say of a cut-off: the score, what passing does, the mean just below, and who lies near."""

from __future__ import annotations

import math

from evalkit.finding import Finding
from evalkit.inference.basis import local_fit
from evalkit.report.disclosure import rounded
from evalkit.report.numbers import difference, level, plain, unit_of, whole
from evalkit.report.wording import Language, say


def cutoff_text(finding: Finding) -> str:
    """Return the cut-off of the score as text; empty for other designs."""
    return "" if finding.indicator.cutoff is None else f"{finding.indicator.cutoff:g}"


def is_fuzzy(finding: Finding) -> bool:
    """Whether passing a cut-off only makes taking part likelier, so that the effect is that of taking part."""
    return finding.indicator.running is not None and finding.indicator.take_up is not None


def just_below(finding: Finding, lang: Language) -> str:
    """Say what the mean was just below the cut-off: where the left line meets it."""
    value = float(local_fit(finding.main.estimate, "just below").lines[0, 0])
    return say(finding, lang, "just_below", mean=level(value, unit_of(finding.indicator.unit), lang))


def near_cutoff(finding: Finding, n_units: str, lang: Language) -> str:
    """Say how many have a score, and how many of them lie near the cut-off on each side."""
    fit, limits = local_fit(finding.main.estimate, "sample"), finding.programme.disclosure
    left, right = (whole(rounded(n, limits), lang) for n in fit.near)
    return say(
        finding,
        lang,
        "sample_cutoff",
        n_units=n_units,
        n_left=left,
        n_right=right,
        bandwidth=plain(fit.bandwidth[0], 1),
    )


def taken_up(finding: Finding, lang: Language) -> str:
    """Say on whom the effect at a fuzzy cut-off is; empty where all who pass have it, or without such an estimate."""
    if not is_fuzzy(finding) or not math.isfinite(float(finding.main.conf_low[0])):
        return ""
    first = difference(finding.main.row("first_stage")["estimate"], unit_of("share"), lang)
    return say(finding, lang, "late_cutoff_meaning", points=first)
