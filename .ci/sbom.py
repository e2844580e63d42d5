"""Print the software bill of materials (CycloneDX 1.5 JSON) of a lock, offline: names, versions and hashes."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(lock: str, version: str) -> dict[str, object]:
    """Return the bill; equal locks give equal bills."""
    found: dict[tuple[str, str], set[str]] = {}
    current: set[str] = set()
    for line in lock.splitlines():
        pinned = PINNED.match(line)
        if pinned:
            current = found.setdefault((pinned[1].lower().replace("_", "-"), pinned[2]), set())
        current.update(HASH.findall(line))
    root = {"type": "application", "name": "evalkit", "version": version, "bom-ref": f"pkg:pypi/evalkit@{version}"}
    components = [_component(name, number, hashes) for (name, number), hashes in sorted(found.items())]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
    }


def _component(name: str, version: str, hashes: set[str]) -> dict[str, object]:
    """Return a component; the lock pins one hash for each file of a release."""
    address = f"pkg:pypi/{name}@{version}"
    listed = [{"alg": "SHA-256", "content": h} for h in sorted(hashes)]
    return {"type": "library", "name": name, "version": version, "purl": address, "bom-ref": address, "hashes": listed}


def main() -> int:
    """Write the bill of the lock named, or of requirements.lock, to standard output."""
    lock = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "requirements.lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print(json.dumps(bill(lock.read_text(encoding="utf-8"), project["version"]), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
