"""Print the software bill of materials (CycloneDX 1.5 JSON) of a lock, offline: names, versions and hashes.

With ``--installed``: fail where this Python has a package that the lock does not pin, or in another version.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
OWN = ("evalkit", "pip")
"""The project itself, and what a new virtual environment brings along."""
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(lock: str, version: str) -> dict[str, object]:
    """Return the bill; equal locks give equal bills."""
    root = {"type": "application", "name": "evalkit", "version": version, "bom-ref": f"pkg:pypi/evalkit@{version}"}
    components = [_component(name, number, hashes) for (name, number), hashes in sorted(pins(lock).items())]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
    }


def pins(lock: str) -> dict[tuple[str, str], set[str]]:
    """Return the hashes of each package of a lock, by name and version."""
    found: dict[tuple[str, str], set[str]] = {}
    current: set[str] = set()
    for line in lock.splitlines():
        pinned = PINNED.match(line)
        if pinned:
            current = found.setdefault((_plain(pinned[1]), pinned[2]), set())
        current.update(HASH.findall(line))
    return found


def unpinned(lock: str, there: set[tuple[str, str]]) -> list[str]:
    """Return what is installed and not pinned by the lock in this version, or pinned without a hash."""
    pinned = {package for package, hashes in pins(lock).items() if hashes}
    return [f"{name} {number}" for name, number in sorted(there - pinned) if name not in OWN]


def installed() -> set[tuple[str, str]]:
    """Return names and versions of what this Python has installed."""
    return {(_plain(d.name), d.version) for d in distributions()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _component(name: str, version: str, hashes: set[str]) -> dict[str, object]:
    """Return a component; the lock pins one hash for each file of a release."""
    address = f"pkg:pypi/{name}@{version}"
    listed = [{"alg": "SHA-256", "content": h} for h in sorted(hashes)]
    return {"type": "library", "name": name, "version": version, "purl": address, "bom-ref": address, "hashes": listed}


def main() -> int:
    """Write the bill of the lock named, or of requirements.lock, to standard output."""
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    lock = Path(names[0]) if names else ROOT / "requirements.lock"
    if "--installed" in sys.argv and (strangers := unpinned(lock.read_text(encoding="utf-8"), installed())):
        print(f"installed, and not pinned by {lock.name}: {', '.join(strangers)}", file=sys.stderr)
        return 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print(json.dumps(bill(lock.read_text(encoding="utf-8"), project["version"]), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
