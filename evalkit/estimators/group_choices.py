"""What `group_time` may be told, and how it says in its notes what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from evalkit.design import Comparison
from evalkit.errors import UsageError, nearest
from evalkit.estimators.aggregate import Aggregate
from evalkit.estimators.doubly_robust import Adjustment
from evalkit.estimators.group_cells import Base, Sample

CHOICES = {"comparison": Comparison, "base": Base, "sample": Sample, "aggregate": Aggregate, "method": Adjustment}


def rules(
    comparison: Comparison, base: Base, anticipation: int, sample: Sample, covariates: Sequence[str], method: Adjustment
) -> list[str]:
    """Say what was chosen."""
    who = {"never": "never treated", "not_yet": "not yet treated"}[comparison]
    how = {
        "pairwise": "households seen in both rounds of each comparison",
        "all_rows": "all households seen in each round",
        "complete": "households seen in every round",
    }[sample]
    ahead = f", {anticipation} round(s) of anticipation" if anticipation else ""
    said = f"comparison: {who}; base: {base}{ahead}; {how}"
    adjusted = {"dr": "doubly robust", "reg": "outcome regression", "ipw": "inverse probability weighting"}[method]
    return [said, *([f"{adjusted} with {', '.join(covariates)}"] if covariates else [])]


def require_choices(**choices: str | None) -> None:
    """Raise UsageError for the first choice that is unknown; None is none."""
    for where, value in choices.items():
        known = get_args(CHOICES[where])
        if value is not None and value not in known:
            raise UsageError(where, f"{value!r} is unknown ({nearest(value, known)})", "a known choice", "choose one")
