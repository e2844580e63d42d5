"""The known effects of a simulated programme."""

from __future__ import annotations

import json

from evalkit.intake.files import existing
from evalkit.intake.sound import soundly
from evalkit.programme import Programme


def read_truth(programme: Programme) -> dict[str, dict[str, float]] | None:
    """Return the true effects by indicator and term; None for real programmes, which have none."""
    if programme.truth is None:
        return None
    path = existing(programme.folder / programme.truth.file)
    with soundly(path, "known effects", "restore it", also=(TypeError,)):
        truth: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))["indicators"]
    return truth


def read_truth_by_village(programme: Programme) -> dict[str, dict[str, tuple[float, int]]]:
    """Return, by indicator and village, the true mean effect since the start and the interviews behind it.

    Empty for real programmes, and where the scenario does not write them.
    """
    if programme.truth is None:
        return {}
    path = existing(programme.folder / programme.truth.file)
    with soundly(path, "known effects", "restore it", also=(TypeError, AttributeError)):
        given = json.loads(path.read_text(encoding="utf-8")).get("villages", {})
        return {name: {v: (float(e), int(n)) for v, (e, n) in own.items()} for name, own in given.items()}
