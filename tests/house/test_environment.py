"""environment.yml and the locks say what pyproject.toml says."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

LOCKS = {
    "requirements.lock": ("discontinuity",),
    "requirements-dev.lock": ("discontinuity", "dev"),
    "requirements-lab.lock": ("discontinuity", "lab"),
    "requirements-docs.lock": ("discontinuity", "docs"),
}


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9-]+", r).group().lower() for r in requirements if not r.startswith("evalkit[")}


def pinned(text: str) -> dict[str, set[str]]:
    """Name of each package in a lock -> hashes of its files."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if "==" in line:
            name = line.split("==")[0].strip()
        found.setdefault(name, set()).update(re.findall(r"sha256:[0-9a-f]{64}", line))
    return found


def test_environment_yml_has_not_drifted(root: Path, project: dict):
    environment = runpy.run_path(str(root / ".ci" / "environment_yml.py"))["environment"]
    assert (root / "environment.yml").read_text(encoding="utf-8") == environment(project)


def test_a_new_dependency_changes_environment_yml(root: Path, project: dict):
    environment = runpy.run_path(str(root / ".ci" / "environment_yml.py"))["environment"]
    longer = {**project, "dependencies": [*project["dependencies"], "zarr>=3"]}
    assert set(environment(longer).splitlines()) - set(environment(project).splitlines()) == {"  - zarr>=3"}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_covers_the_dependencies_with_hashes(root: Path, project: dict, lock: str):
    wanted = names(project["dependencies"])
    for extra in LOCKS[lock]:
        wanted |= names(project["optional-dependencies"][extra])
    found = pinned((root / lock).read_text(encoding="utf-8"))
    assert wanted - found.keys() == set()
    assert [name for name, hashes in found.items() if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address_and_no_path(root: Path, lock: str):
    text = (root / lock).read_text(encoding="utf-8")
    assert re.findall(r"\w+://|file:|--index|--extra-index|--find-links|^[^ ]*/", text, re.MULTILINE) == []


def test_locks_pin_the_same_versions(root: Path):
    pins = [set(re.findall(r"^\S+==\S+", (root / lock).read_text(encoding="utf-8"), re.MULTILINE)) for lock in LOCKS]
    runtime = pins[0]
    assert [runtime - others for others in pins[1:]] == [set()] * (len(LOCKS) - 1)
