"""Which tests reach which line: one run of the tests under coverage.py, with a context for each test.

Also a plugin of pytest (`-p reached`) that tells coverage which test is running, and notes how long each took.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".cache" / "reached"
DATA, MEASURED = FOLDER / "all", FOLDER / "trees"
TIMES = "EVALKIT_SECONDS"
"""Where the plugin writes how long each test took."""
PARTS = ("evalkit/moments/", "evalkit/estimators/", "evalkit/inference/", "evalkit/report/disclosure.py")
TESTS = (
    *(f"tests/report/test_disclosure{which}.py" for which in ("_rules", "", "_mutations")),
    *("tests/inference", "tests/estimators", "tests/moments", "tests/reference"),
    *(f"tests/diagnostics/test_{which}.py" for which in ("specification_curve", "honest_did")),
)
SECONDS: dict[str, float] = {}
"""Of each test, set-up and all; filled by the plugin."""


def environment(root: Path) -> dict[str, str]:
    """Return the environment of the tests: evalkit of this folder, Hypothesis without chance, one thread each."""
    cases = os.environ.get("EVALKIT_CASES", str(ROOT.parent / "shared" / "cases"))
    threads = dict.fromkeys(("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    path = os.pathsep.join([str(root), str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **threads, "CI": "true", "EVALKIT_CASES": cases, "PYTHONPATH": path}


def trees() -> str:
    """Return what git calls the code and the tests of the last commit."""
    command = ["git", "rev-parse", "HEAD:evalkit", "HEAD:tests"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def measure() -> None:
    """Run the tests of PARTS under coverage, folder by folder, into FOLDER; CalledProcessError where one fails.

    What was measured with the same code and tests is kept, so that a run that was ended goes on.
    """
    if not MEASURED.is_file() or MEASURED.read_text(encoding="utf-8") != trees():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        MEASURED.write_text(trees(), encoding="utf-8")
    for target in TESTS:
        piece = FOLDER / target.replace("/", "-")
        if not Path(f"{piece}.json").is_file():
            print(f"coverage: {target}", flush=True)
            _measure(target, piece)
    pieces = [str(p) for p in sorted(FOLDER.glob("*.coverage"))]
    command = ["-m", "coverage", "combine", "--quiet", "--keep", f"--data-file={DATA}", *pieces]
    subprocess.run([sys.executable, *command], cwd=ROOT, env=environment(ROOT), check=True)


def _measure(target: str, piece: Path) -> None:
    include = ",".join(f"{p}*" if p.endswith("/") else p for p in PARTS)
    data = Path(f"{piece}.coverage")
    data.unlink(missing_ok=True)
    command = ["-m", "coverage", "run", "--branch", f"--include={include}", f"--data-file={data}"]
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "reached", target]
    times = {TIMES: f"{piece}.json"}
    subprocess.run([sys.executable, *command, *tests], cwd=ROOT, env=environment(ROOT) | times, check=True)


@dataclass(frozen=True)
class Reached:
    """Tests by file and line, and the seconds of each test."""

    lines: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def tests_of(self, file: str, lines: tuple[int, int]) -> list[str]:
        """Return the tests to run for a change in these lines, the quickest first; then the others of their files.

        What is carried out on import alone (a constant, the default of an argument) is the matter of all tests that
        reach the file, whichever test imported it: such lines are reached by nothing that does not reach the file's
        first. Other tests of a file follow because a fixture, or what a test keeps, may have been made by the first
        that asked for it.
        """
        known = self.lines.get(file, {})
        here = {t for n in range(lines[0], lines[1] + 1) for t in known.get(n, set())}
        is_import_only = bool(here) and here <= known[min(known)]
        near = ({t for tests in known.values() for t in tests} if is_import_only else here) - {""}
        files = {t.partition("::")[0] for t in near}
        rest = {t for t in self.seconds if t.partition("::")[0] in files} - near
        return [*sorted(near, key=self._order), *sorted(rest, key=self._order)]

    def _order(self, test: str) -> tuple[float, str]:
        return self.seconds[test], test


def read() -> Reached:
    """Return which tests reach which line; they are run where that is not known."""
    from coverage import CoverageData

    measure()
    data = CoverageData(str(DATA))
    data.read()
    lines = {
        Path(file).relative_to(ROOT).as_posix(): {n: set(c) for n, c in data.contexts_by_lineno(file).items()}
        for file in data.measured_files()
    }
    seconds: dict[str, float] = {}
    for piece in FOLDER.glob("*.json"):
        seconds |= json.loads(piece.read_text(encoding="utf-8"))
    return Reached(lines, seconds)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Tell coverage which test is running."""
    from coverage import Coverage

    measuring = Coverage.current()
    if measuring is not None:
        measuring.switch_context(item.nodeid)
    yield
    if measuring is not None:
        measuring.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how long a test took."""
    SECONDS[report.nodeid] = SECONDS.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write down how long each took, where all passed."""
    if exitstatus == 0 and TIMES in os.environ:
        Path(os.environ[TIMES]).write_text(json.dumps(SECONDS, indent=0, sort_keys=True), encoding="utf-8")
