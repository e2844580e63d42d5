"""The known effects of a simulated programme."""

from __future__ import annotations

import json

from evalkit.intake.files import existing
from evalkit.programme import Programme


def read_truth(programme: Programme) -> dict[str, dict[str, float]] | None:
    """Return the true effects by indicator and term; None for real programmes, which have none."""
    if programme.truth is None:
        return None
    text = existing(programme.folder / programme.truth.file).read_text(encoding="utf-8")
    truth: dict[str, dict[str, float]] = json.loads(text)["indicators"]
    return truth
