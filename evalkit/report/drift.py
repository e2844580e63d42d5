"""How large a drift between the two sides the answer bears, as it may be shown: in moves before the start."""

from __future__ import annotations

import math
from itertools import pairwise

from evalkit.diagnostics.honest_did import MOST
from evalkit.finding import Finding
from evalkit.report.shown import shown_events, shown_honest
from evalkit.report.shown_digits import shown_digits

LEAST = 0.1
"""A breakdown value below this is called hardly any drift: to one decimal it would be 0."""


def fastest_before(finding: Finding, n_leads: int) -> float | None:
    """Return the largest move of the gap from a round to the next before the start, as it may be shown."""
    gaps = {r["event_time"]: r["estimate"] for r in shown_events(finding).to_dicts()}
    base = -1 - finding.programme.design.steps_ahead
    path = [gaps.get(t) for t in range(base - n_leads, base)] + [0.0]
    moves = [abs(b - a) for a, b in pairwise(path) if a is not None and b is not None]
    return shown_digits(max(moves), finding) if len(moves) == n_leads else None


def borne(finding: Finding) -> float | None:
    """Return the drift a round beyond which higher or lower cannot be told; None where no such size is known.

    The times that pages write, to one decimal and never rounded up, of the largest move before the start.
    """
    honest = shown_honest(finding)
    if honest is None or honest.breakdown is None or not LEAST <= honest.breakdown < MOST:
        return None
    moved = fastest_before(finding, honest.n_leads)
    return None if moved is None else math.floor(honest.breakdown * 10) / 10 * moved
