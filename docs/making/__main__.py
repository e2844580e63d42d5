"""Build the site: `python -m docs.making --out site`. Needs the extra `docs`; asks no network, now or later."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from docs.making.stage import ROOT, ROOT_PAGE, stage

HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Stage the sources, run Sphinx with every warning an error, and lead index.html to the first page."""
    from sphinx.cmd.build import main as sphinx

    parser = argparse.ArgumentParser(prog="python -m docs.making", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="folder of the site (default: site)")
    out = parser.parse_args(arguments).out.resolve()
    work = ROOT / ".cache" / "docs"
    sources = stage(work / "source")
    shutil.rmtree(out, ignore_errors=True)
    options = ["-b", "html", "-q", "-W", "--keep-going", "-c", str(HERE), "-d", str(work / "doctrees")]
    status = sphinx([*options, str(sources), str(out)])
    if status:
        return int(status)
    leads = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={ROOT_PAGE}.html">'
    (out / "index.html").write_text(f'{leads}<a href="{ROOT_PAGE}.html">evalkit</a>\n', encoding="utf-8")
    print(f"{sum(1 for _ in out.rglob('*.html'))} pages: {out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
