"""`make release VERSION=0.2.0` sets the version, dates the changes, builds, commits and tags; it sends nothing.

The wheel, the source archive, the bill of materials and their SHA-256 stand in dist/ afterwards.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OPEN = "## Unreleased\n"
PLACES = {
    "pyproject.toml": r'(?m)^version = "(.+)"$',
    "evalkit/__init__.py": r'(?m)^__version__ = "(.+)"$',
    "CITATION.cff": r"(?m)^version: (.+)$",
}
"""Where the version stands."""


class NotReleasedError(Exception):
    """What stands in the way."""


def check(version: str, changes: str, now: str, *, is_clean: bool) -> None:
    """Refuse a release that is none: no newer number, nothing changed, or work that is not committed."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise NotReleasedError(f"VERSION={version!r} is no version such as 0.2.0")
    if tuple(map(int, version.split("."))) <= tuple(map(int, now.split("."))):
        raise NotReleasedError(f"{version} is not newer than {now}")
    if not is_clean:
        raise NotReleasedError("there is work that is not committed; commit it or put it aside")
    head, _, rest = changes.partition(OPEN)
    if not head or not rest.split("\n## ")[0].strip():
        raise NotReleasedError("CHANGELOG.md says nothing under Unreleased")


def dated(changes: str, version: str, day: str) -> str:
    """Return the changes with today's release above the last one, and an open heading for what comes."""
    return changes.replace(OPEN, f"{OPEN}\n## {version} ({day})\n", 1)


def with_version(name: str, text: str, version: str, day: str) -> str:
    """Return the text of a file with the version set; CITATION.cff has the day too."""
    found = re.search(PLACES[name], text)
    if found is None:
        raise NotReleasedError(f"{name} has no version where one should stand")
    text = text[: found.start(1)] + version + text[found.end(1) :]
    return re.sub(r"(?m)^date-released: .+$", f"date-released: {day}", text)


def version_now() -> str:
    """Return the version that pyproject.toml states."""
    found = re.search(PLACES["pyproject.toml"], (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return found.group(1) if found else ""


def build(dist: Path) -> None:
    """Build wheel and source archive without a network, and write the bill of materials and all checksums."""
    dist.mkdir(exist_ok=True)
    code = f"from setuptools import build_meta as b; b.build_wheel({str(dist)!r}); b.build_sdist({str(dist)!r})"
    _run(sys.executable, "-c", code)
    bill = _run(sys.executable, str(ROOT / ".ci" / "sbom.py"))
    (dist / "sbom.json").write_text(bill, encoding="utf-8")
    files = sorted(p for p in dist.iterdir() if p.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files]
    (dist / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main(version: str) -> int:
    """Release, or say what stands in the way."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    log = ROOT / "CHANGELOG.md"
    try:
        clean = not _run("git", "status", "--porcelain").strip()
        check(version, log.read_text(encoding="utf-8"), version_now(), is_clean=clean)
        for name in PLACES:
            file = ROOT / name
            file.write_text(with_version(name, file.read_text(encoding="utf-8"), version, day), encoding="utf-8")
    except NotReleasedError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    log.write_text(dated(log.read_text(encoding="utf-8"), version, day), encoding="utf-8")
    build(ROOT / "dist")
    _run("git", "commit", "--quiet", "--all", "--message", f"Release {version}")
    _run("git", "tag", "--annotate", f"v{version}", "--message", f"evalkit {version}")
    print(f"release: {version} is committed, tagged v{version} and built in dist/. Nothing was sent anywhere")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
