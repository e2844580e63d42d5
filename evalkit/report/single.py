"""One file for e-mail: a page with its stylesheet, scripts and figures inside, which needs no other file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from evalkit.errors import DataError

POLICY = re.compile(r'<meta (?=[^>]*http-equiv="Content-Security-Policy")[^>]*>')
STYLE = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="[^"]*assets/([\w.-]+)"[^>]*>')
SCRIPT = re.compile(r'<script [^>]*src="[^"]*assets/([\w.-]+)"[^>]*></script>')
HOME = re.compile(r"<nav>\s*<a href=.*?</a>", re.DOTALL)
DOWNLOADS = re.compile(r"<footer>\s*<p>(?:(?!</p>).)*<a [^>]*download.*?</p>", re.DOTALL)


def self_contained(html: str, assets: Mapping[str, bytes]) -> str:
    """Return a page without links to other files.

    Stylesheet and scripts stand inside; the content policy allows these scripts by their hashes and no other, and no
    network. The way back to the list and the downloads, which are other files, are left out.

    Raises
    ------
    DataError
        The page is not one of this version's.
    """
    names = [*STYLE.findall(html), *SCRIPT.findall(html)]
    if not POLICY.search(html) or not names or set(names) - set(assets):
        raise DataError(
            "self-contained page",
            "another version made it",
            "a page of this version",
            "run it again with --fresh",
        )
    scripts = {name: _safe(assets[name].decode("utf-8")) for name in SCRIPT.findall(html)}
    page = POLICY.sub(lambda _: _policy(scripts.values()), without_ways_out(html), count=1)
    page = STYLE.sub(lambda m: f"<style>{assets[m[1]].decode('utf-8')}</style>", page)
    return SCRIPT.sub(lambda m: f"<script>{scripts[m[1]]}</script>", page)


def without_ways_out(html: str) -> str:
    """Return a page without the way back to the list and without downloads: they are other files."""
    return DOWNLOADS.sub("<footer>", HOME.sub("<nav><span></span>", html, count=1), count=1)


def _policy(scripts: Iterable[str]) -> str:
    sources = " ".join(f"'sha256-{_digest(s)}'" for s in scripts)
    rules = f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}; form-action \'none\'">'


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _safe(script: str) -> str:
    """Return a script that cannot end the element it stands in."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
