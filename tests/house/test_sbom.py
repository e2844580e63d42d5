"""The bill of materials lists what the lock pins, each with its hashes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path


def test_the_bill_has_every_pin_of_the_lock_with_its_hashes(root: Path):
    command = [sys.executable, str(root / ".ci/sbom.py")]
    bill = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    pins = {m.lower().replace("_", "-") for m in re.findall(r"^([\w.-]+==[^\s;\\]+)", lock, re.M)}
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert {f"{c['name']}=={c['version']}" for c in bill["components"]} == pins
    hashes = {h["content"] for c in bill["components"] for h in c["hashes"]}
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    assert all(c["hashes"] for c in bill["components"])
