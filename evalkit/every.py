"""evaluate_all(): the findings of all a programme's indicators, with a bar in JupyterLab while they are made."""

from __future__ import annotations

from evalkit.finding import Finding, evaluate
from evalkit.following import follow
from evalkit.programme import Programme


def evaluate_all(programme: Programme, *, seed: int = 1) -> list[Finding]:
    """Evaluate every indicator of a programme, in the order of the plan (see `evaluate`)."""
    return [
        evaluate(programme, indicator=plan.name, seed=seed)
        for plan in follow(programme.indicators, lambda plan: plan.name)
    ]
