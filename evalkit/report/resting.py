"""What one result or several rest on, in counts: villages, households, and from when to when there are data."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.finding import Finding
from evalkit.plan_tables import Terms
from evalkit.report.cutoff_words import near_cutoff
from evalkit.report.disclosure import rounded_counts
from evalkit.report.numbers import whole
from evalkit.report.rounds import round_in_words, time_word
from evalkit.report.wording import WORDS, Language, say

COUNTS = ("n_clusters", "n_units", "n_treated_clusters", "n_comparison_clusters")


def sample_text(findings: Sequence[Finding], lang: Language) -> str:
    """Return villages, households and times as a clause for each kind of sample; empty where all are withheld.

    Where indicators rest on different numbers they stand from the fewest to the most.
    """
    kinds: dict[tuple[str, Terms], list[Finding]] = {}
    for finding in findings:
        if not any(r.code == "small_cell" for r in finding.gate.reasons):
            kinds.setdefault((_kind(finding), finding.words), []).append(finding)
    return ("；" if lang == "zh" else "; ").join(_clause(kind, alike, lang) for (kind, _), alike in kinds.items())


def _kind(finding: Finding) -> str:
    """Return which clause tells of a finding's sample."""
    counts = finding.main.estimate.counts
    if finding.cutoff is not None:
        return "sample_scored"
    if not counts.n_comparison_clusters:
        return "sample_pilot_only"
    all_start = counts.n_treated_clusters == counts.n_clusters and not finding.cells.row("comparison").n_units
    return "sample_all_start" if all_start else "sample"


def _clause(kind: str, alike: Sequence[Finding], lang: Language) -> str:
    sizes = [_sizes(f) for f in alike]
    numbers = {name: _from_to([s[name] for s in sizes], lang) for name in COUNTS}
    first = alike[0]
    if kind == "sample_scored" and len(alike) == 1:
        return near_cutoff(first, numbers["n_units"], lang)
    differs = WORDS[lang].label("sample_differs") if any(s != sizes[0] for s in sizes) else ""
    return say(
        first,
        lang,
        kind,
        n_clusters=numbers["n_clusters"],
        n_units=numbers["n_units"],
        n_pilot=numbers["n_treated_clusters"],
        n_comparison=numbers["n_comparison_clusters"],
        when=_when(alike, lang) + differs,
    )


def _sizes(finding: Finding) -> dict[str, int]:
    """Return a finding's counts as they may be shown."""
    counts = finding.main.estimate.counts
    exact = {name: getattr(counts, name) for name in COUNTS}
    return {**exact, **rounded_counts({k: exact[k] for k in COUNTS[:2]}, finding.programme.disclosure)}


def _from_to(numbers: Sequence[int], lang: Language) -> str:
    ends = [whole(n, lang) for n in (min(numbers), max(numbers))]
    return ends[0] if ends[0] == ends[1] else ("至" if lang == "zh" else " to ").join(ends)


def _when(alike: Sequence[Finding], lang: Language) -> str:
    """Return from when to when there are data, as a clause; empty in a cross-section."""
    times = sorted({t for f in alike for t in f.means["time"].drop_nulls().to_list()})
    if len(times) < 2:
        return ""
    first, programme = alike[0], alike[0].programme
    ends = {"first": times[0], "last": times[-1]}
    return say(
        first, lang, f"sample_{time_word(first)}", **{k: round_in_words(v, programme, lang) for k, v in ends.items()}
    )
