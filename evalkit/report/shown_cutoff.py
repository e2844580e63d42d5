"""What may be shown of an estimate at a cut-off: binned means and checks after the rules of disclosure."""

from __future__ import annotations

from typing import Any

from evalkit.diagnostics import CutoffChecks
from evalkit.finding import Finding
from evalkit.report.disclosure import Size, coarse, rounded, rounded_counts, share_of, withheld
from evalkit.report.shown import is_share


def shown_cutoff(finding: Finding) -> dict[str, Any] | None:
    """Return density test, other bandwidths and bins that may be shown; None for other designs."""
    checks = finding.cutoff
    if checks is None:
        return None
    limits = finding.programme.disclosure
    rows = [rounded_counts(r, limits) for r in checks.bandwidths.to_dicts()]
    return {"density_p": checks.density_p, "bandwidths": rows, "bins": shown_bins(finding, checks)}


def shown_bins(finding: Finding, checks: CutoffChecks) -> list[dict[str, Any]]:
    """Return the bins with `held`; a bin of too few, or that gives another away, has neither mean nor count.

    Each side is a line of cells that add to the side's total, which the page shows.
    """
    limits, out = finding.programme.disclosure, []
    for side in ("below", "above"):
        rows = [r for r in checks.bins.to_dicts() if r["side"] == side]
        sizes = [Size(r["n_units"], r["n_villages"], _n_with(r, finding)) for r in rows]
        for row, held in zip(rows, withheld(sizes, limits) if rows else [], strict=True):
            mean = None if held else _mean(row, finding)
            n = None if held else rounded(row["n_units"], limits)
            out.append({"side": side, "score": coarse(row["score"]), "mean": mean, "n_units": n, "held": held})
    return out


def _n_with(row: dict[str, Any], finding: Finding) -> int | None:
    return round(row["mean"] * row["n_units"]) if is_share(finding) and 0 <= row["mean"] <= 1 else None


def _mean(row: dict[str, Any], finding: Finding) -> float | None:
    if is_share(finding):
        return share_of(row["mean"], row["n_units"], finding.programme.disclosure)
    return coarse(row["mean"])
