"""The list of pages: what is no longer planned leaves it, and does not stop it."""

from __future__ import annotations

from pathlib import Path

from evalkit.batch.listing import write_index
from evalkit.batch.manifest import Row


def _row(indicator: str) -> Row:
    page = f"moz_savings/impact-{indicator}.html"
    parameters = {"programme": "moz_savings", "indicator": indicator}
    rest = {"internal": False, "state": "failed", "error": "no column bears this name", "summary": {}}
    return {
        "id": page,
        "programme": "moz_savings",
        "notebook": "impact",
        "parameters": parameters,
        "page": page,
        **rest,
    }


def test_a_renamed_indicator_leaves_the_list(root: Path, tmp_path: Path) -> None:
    """A misspelled indicator that failed, then corrected: its row is still in the journal."""
    folders = {"moz_savings": root / "data_raw" / "moz_savings"}
    html = write_index(tmp_path, [_row("saved_q44"), _row("saved_q4")], folders, "both").read_text(encoding="utf-8")
    assert "impact-saved_q4.html" in html
    assert "saved_q44" not in html
