"""Files that every simulated office hands over in the same form: the rural price index and the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path


def price_index(years: Sequence[int], inflation: float) -> dict[int, float]:
    """Return the index by year under constant inflation (a share a year); 100 in the first year."""
    return {year: 100 * (1 + inflation) ** i for i, year in enumerate(years)}


def write_prices(region: str, index: Mapping[int, float], out: Path) -> Path:
    """Write `cpi_rural.csv`: a region's index by year, 100 in the first, with two decimals."""
    lines = [f"{region},{year},{value:.2f}" for year, value in index.items()]
    path = out / "cpi_rural.csv"
    path.write_text("\n".join(["region,year,index", *lines]) + "\n", encoding="utf-8")
    return path


def write_truth(truth: Mapping[str, object], out: Path) -> Path:
    """Write `truth.json`: what was built in, by indicator."""
    path = out / "truth.json"
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
