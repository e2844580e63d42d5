"""What may be shown of single villages: none of them on public pages, but small groups of neighbours in order.

Micro-aggregation (Defays & Nanopoulos 1993): the villages of an arm are put in the order of their change and cut into
groups of as many villages and households as a cell needs; each village is shown at its group's mean. Internal pages
show villages as they are, where they have enough households.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.diagnostics.village_changes import SUMS
from evalkit.finding import Finding
from evalkit.report.disclosure import Size, coarse, rounded, share_of, too_small
from evalkit.report.numbers import PROPORTIONAL
from evalkit.report.shown import ARMS, is_share, n_with, shown_cells
from evalkit.report.shown_digits import shown_digits

Row = dict[str, Any]


def shown_villages(finding: Finding) -> list[Row]:
    """Return a row for each group of villages, the smallest change first within each arm; none where arms are withheld.

    arm, cluster (None on public pages), n_villages, n_units (rounded), before, after, change (means of the group), and
    ``without``: the mean of the headlines without each of its villages, None where one is not determined or the
    headline is no difference in the indicator's unit.
    """
    villages = None if finding.spread is None else finding.spread.villages
    if villages is None or any(c.held for c in shown_cells(finding).values()):
        return []
    rows = []
    for arm in ARMS:
        own = [r for r in villages.sort("change", "cluster").to_dicts() if r["arm"] == arm]
        rows += [_shown(group, finding) for group in grouped(own, finding)]
    found: list[Row] = shown_digits(rows, finding)
    return found


def grouped(villages: Sequence[Row], finding: Finding) -> list[list[Row]]:
    """Cut villages, which are in order, into groups that may be shown; what is left over joins the last group."""
    if finding.programme.disclosure.audience == "internal":
        return [[v] for v in villages if v["n_units"] >= finding.programme.disclosure.min_households]
    groups: list[list[Row]] = [[]]
    for village in villages:
        groups[-1].append(village)
        if may_be_shown(groups[-1], finding):
            groups.append([])
    rest = groups.pop()
    if rest and groups:
        groups[-1] += rest
    return groups if all(may_be_shown(g, finding) for g in groups) else []


def may_be_shown(group: Sequence[Row], finding: Finding) -> bool:
    """Whether a group's means before and after rest on enough villages and households."""
    n = sum(v["n_units"] for v in group)
    sizes = [Size(n, len(group), n_with(mean, n, finding)) for mean in _means(group)]
    return not any(too_small(size, finding.programme.disclosure) for size in sizes)


def _means(group: Sequence[Row]) -> tuple[float, float]:
    w_before, w_after, wy_before, wy_after = (sum(v[name] for v in group) for name in SUMS)
    return wy_before / w_before, wy_after / w_after


def _shown(group: Sequence[Row], finding: Finding) -> Row:
    n, limits = sum(v["n_units"] for v in group), finding.programme.disclosure
    before, after = _means(group)
    if is_share(finding):
        before, after = (share_of(mean, n, limits) for mean in (before, after))
    change = after - before if is_share(finding) else coarse(after - before)
    without = [v["without"] for v in group]
    known = None not in without and finding.main.estimate.estimator not in PROPORTIONAL
    return {
        "arm": group[0]["arm"],
        "cluster": group[0]["cluster"] if limits.audience == "internal" else None,
        "n_villages": len(group),
        "n_units": rounded(n, limits),
        "before": before if is_share(finding) else coarse(before),
        "after": after if is_share(finding) else coarse(after),
        "change": change,
        "without": coarse(sum(without) / len(without)) if known else None,
    }
