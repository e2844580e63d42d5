"""Write docs/findings_page.png, the picture in the README, from findings/: `.venv/bin/python .ci/screenshot.py`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "findings/suqian_ecommerce/impact-disposable_income_pc_yuan.html"


def main() -> int:
    """Take the first screen of an impact page; exit 1 where there is no browser or no page."""
    browser = shutil.which("chromium")
    if browser is None or not PAGE.is_file():
        print("needed: the package chromium, and `make findings` before", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1000, "height": 1130}, offline=True)
        page.goto(f"{PAGE.as_uri()}?lang=en")
        page.wait_for_timeout(500)
        page.screenshot(path=str(ROOT / "docs/findings_page.png"))
        chromium.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
