"""Branch coverage of the parts that make and guard numbers: `make branches`.

Runs the tests of moments, estimators, inference and disclosure, and writes benchmarks/results/branches.md. The aim is
92 % of statements and branches together, in each part. Minutes, so no part of CI.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import reached
from reached import PARTS, ROOT, TESTS

RESULT = ROOT / "benchmarks" / "results" / "branches.md"
AIM = 92.0
SHOWN = 12
"""Files with the most branches that no test takes."""


def measured() -> dict[str, dict[str, int]]:
    """Run the tests and return by file the counts of coverage's own summary."""
    reached.measure()
    report = reached.FOLDER / "report"
    command = ["coverage", "json", "--quiet", f"--data-file={reached.DATA}", "-o", str(report)]
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=reached.environment(ROOT), check=True)
    found = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {name: values["summary"] for name, values in found.items()}


def share(counts: list[dict[str, int]]) -> float:
    """Return the percentage of statements and branches that tests take, as coverage counts them."""
    taken = sum(c["covered_lines"] + c["covered_branches"] for c in counts)
    return 100 * taken / max(1, sum(c["num_statements"] + c["num_branches"] for c in counts))


def page(files: dict[str, dict[str, int]]) -> str:
    """Return the table of parts, and of the files with the most branches that no test takes."""
    lines = [
        "# Branch coverage of what makes and guards numbers",
        "",
        f"`make branches` (`python .ci/branches.py`), Python {platform.python_version()}, commit {_commit()};",
        f"tests: {', '.join(TESTS)}.",
        f"Statements and branches together, as coverage.py counts them; the aim is {AIM:.0f} % in each part.",
        "",
        "| part | files | branches | not taken | statements and branches taken |",
        "|---|---:|---:|---:|---:|",
    ]
    for part in PARTS:
        own = [c for name, c in files.items() if name.startswith(part)]
        missing = sum(c["missing_branches"] for c in own)
        lines.append(
            f"| `{part}` | {len(own)} | {sum(c['num_branches'] for c in own)} | {missing} | {share(own):.1f} % |"
        )
    worst = sorted(files.items(), key=lambda item: -item[1]["missing_branches"])[:SHOWN]
    lines += ["", "| file | branches | not taken |", "|---|---:|---:|"]
    lines += [
        f"| `{name}` | {c['num_branches']} | {c['missing_branches']} |" for name, c in worst if c["missing_branches"]
    ]
    return "\n".join([*lines, ""])


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Measure, write the page, and exit 1 where a part lies below the aim."""
    files = measured()
    RESULT.write_text(page(files), encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))
    below = [p for p in PARTS if share([c for n, c in files.items() if n.startswith(p)]) < AIM]
    print("below the aim: " + ", ".join(below) if below else "every part reaches the aim")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
