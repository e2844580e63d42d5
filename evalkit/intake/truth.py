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
