"""Write environment.yml from pyproject.toml (runtime, simulate and lab), or say with --check whether it has drifted."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAD = "# Generated from pyproject.toml by .ci/environment_yml.py; a test fails where the two differ.\n"


def environment(project: dict[str, object]) -> str:
    """Return the text of environment.yml."""
    extras: dict[str, list[str]] = project["optional-dependencies"]  # type: ignore[assignment]
    packages = sorted([*project["dependencies"], *extras["discontinuity"], *extras["lab"]])  # type: ignore[misc]
    lines = ["name: evalkit", "channels:", "  - conda-forge", "dependencies:"]
    lines += [f"  - python{project['requires-python']}", "  - pip", *[f"  - {p}" for p in packages]]
    lines += ["  - pip:", "      - --editable ."]
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or compare it."""
    wanted = environment(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    file = ROOT / "environment.yml"
    if "--check" in sys.argv:
        same = file.is_file() and file.read_text(encoding="utf-8") == wanted
        print(
            "environment.yml is up to date"
            if same
            else "environment.yml has drifted: run python .ci/environment_yml.py"
        )
        return 0 if same else 1
    file.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
