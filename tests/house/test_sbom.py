"""The bill of materials lists what the lock pins, each with its hashes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


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


def _sbom(root: Path) -> ModuleType:
    spec = spec_from_file_location("sbom", root / ".ci/sbom.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_package_that_no_lock_pins_is_named(root: Path):
    sbom = _sbom(root)
    lock = "a-b==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\nc==2.0\n"
    assert sbom.unpinned(lock, {("a-b", "1.0"), ("evalkit", "9"), ("pip", "26")}) == []
    assert sbom.unpinned(lock, {("a-b", "1.1"), ("c", "2.0"), ("x", "3")}) == ["a-b 1.1", "c 2.0", "x 3"]


def test_all_locks_pin_every_package_by_hash(root: Path):
    sbom = _sbom(root)
    for lock in sorted(root.glob("requirements*.lock")):
        pins = sbom.pins(lock.read_text(encoding="utf-8"))
        assert len(pins) > 50
        assert [package for package, hashes in pins.items() if not hashes] == []


def test_ci_makes_the_bill_of_what_is_installed(root: Path):
    assert ".ci/sbom.py requirements-dev.lock --installed" in (root / ".ci/run").read_text(encoding="utf-8")
