"""Fail where a run of findings/ failed, a page is missing or empty, or (with --reused) something was computed again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

SMALLEST_PAGE = 2_000


def problems(folder: Path, *, reused: bool) -> list[str]:
    """Return what is wrong with a findings folder, one line each."""
    files = [f for f in (folder / "run.json", folder / "internal/run.json") if f.is_file()]
    runs = [run for f in files for run in json.loads(f.read_text(encoding="utf-8"))["runs"]]
    found = [] if runs else ["run.json lists no runs"]
    wanted = {"reused"} if reused else {"done"}
    for run in runs:
        name = f"{run['programme']}/{run['notebook']} {run['parameters']}"
        page = folder / run["page"]
        if run["state"] not in wanted:
            found.append(f"{name}: state {run['state']}: {run.get('error')}")
        if not page.is_file() or page.stat().st_size < SMALLEST_PAGE:
            found.append(f"{name}: page {run['page']} is missing or empty")
    if not (folder / "index.html").is_file():
        found.append("index.html is missing")
    return found


def main() -> int:
    """Print the problems and return the exit status."""
    folder = Path(sys.argv[1])
    found = problems(folder, reused="--reused" in sys.argv)
    pages = len(list(folder.rglob("*.html")))
    print("\n".join(found) if found else f"{pages} pages, no run failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
