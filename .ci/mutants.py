"""Mutation testing on a sample: `make mutants` changes one thing at a time and runs the tests that reach it.

The sample is drawn with a seed from all changes possible in moments, estimators, inference and disclosure
(`mutations.py`), in proportion to what can be changed in each file and at least one a file; disclosure is run whole.
A change that no test notices survives and is listed, for a person to look at: either a test is missing, or the change
makes no difference, and `mutants.toml` says why. Runs in clones of the last commit. What was killed in a file that is
still the same is not run again; survivors are. Writes benchmarks/results/mutants.md.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import mutant_page
import reached
from mutations import Place, mutant, places

ROOT = reached.ROOT
WHOLE = "evalkit/report/disclosure.py"
"""Few enough to run every change."""
KNOWN = ROOT / ".cache" / "mutants.jsonl"
FIRST = 25
"""Tests that are tried first, the quickest that reach the line; the others follow where none of them notices."""
ENDED = 100
"""Added to pytest's exit status, so that a process which ended before pytest did is told apart."""
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The warning is about libraries that are imported before pytest starts."""
SLACK, LEAST, WAIT = 10, 30, 40
"""A mutant's tests go on for ever where they take so many times their time, and at least so many seconds of the
processor; where they only wait, so many times that by the clock."""


def sample(root: Path, n: int, seed: int) -> tuple[list[Place], dict[str, int]]:
    """Return what is changed, drawn file by file, and how many changes are possible in each file."""
    found = [root / p for p in reached.PARTS]
    files = sorted(f.relative_to(root) for p in found for f in (p.rglob("*.py") if p.is_dir() else [p]))
    every = {f.as_posix(): list(places(root, f.as_posix())) for f in files}
    total = sum(map(len, every.values()))
    drawn: list[Place] = []
    for file, own in every.items():
        share = len(own) if file == WHOLE else min(len(own), max(1, round(n * len(own) / total)))
        drawn += random.Random(f"{seed} {file}").sample(own, share)
    return drawn, {file: len(own) for file, own in every.items()}


def run(clone: Path, place: Place, tests: list[str], seconds: float) -> str:
    """Return what became of a mutant: killed, slow (its tests do not end), survived, or unreached by any test."""
    if not tests:
        return "unreached"
    file = clone / place.file
    before = file.read_text(encoding="utf-8")
    file.write_text(mutant(clone, place), encoding="utf-8")
    try:
        return as_it_stands(clone, tests, LEAST + SLACK * seconds)
    finally:
        file.write_text(before, encoding="utf-8")


def as_it_stands(clone: Path, tests: list[str], limit: float) -> str:
    """Return what becomes of the code as it stands: survived, killed, or slow."""
    process = multiprocessing.get_context("fork").Process(target=_try, args=(clone, tests, math.ceil(limit)))
    process.start()
    process.join(WAIT * limit)
    if process.is_alive():
        process.kill()
        process.join()
        return "slow"
    return "slow" if process.exitcode == -signal.SIGXCPU else _state(process.exitcode)


def _try(clone: Path, tests: list[str], limit: int) -> None:
    """Run the tests in this process, a fork of one that has imported the libraries; end with pytest's exit status."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + LEAST))
    os.setsid()
    os.chdir(clone)
    os.environ.update(reached.environment(clone))
    sys.dont_write_bytecode = True
    code = 0
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        for part in filter(None, (tests[:FIRST], tests[FIRST:])):
            code = code or int(pytest.main([*OPTIONS, *part]))
    os._exit(ENDED + code)


def _state(status: int | None) -> str:
    """Return what an exit status says; SystemExit where the tests did not run at all, which is no mutant's doing.

    pytest ends with 0 where all passed, 1 or 2 where a test or an import failed, 4 where what all tests share could not
    be imported; a signal is a crash.
    """
    if status == ENDED:
        return "survived"
    if status is None or status < 0 or status - ENDED in (1, 2, 4):
        return "killed"
    raise SystemExit(f"mutants: the tests of a mutant could not be run (status {status})")


def key(root: Path, place: Place) -> str:
    """Return what makes a mutant the same: the file's content, the place in it, the change."""
    content = hashlib.sha256((root / place.file).read_bytes()).hexdigest()
    return hashlib.sha256(f"{content} {place.node} {place.becomes}".encode()).hexdigest()[:24]


def outcomes(drawn: list[Place], jobs: int) -> dict[str, str]:
    """Run what is not known to be killed, in several clones; return what became of each mutant by its key."""
    left = [p for p in drawn if _known().get(key(ROOT, p)) not in ("killed", "slow")]
    print(f"{len(drawn)} mutants, {len(drawn) - len(left)} known to be killed", flush=True)
    tests = reached.read()
    fork = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        clones = [Path(folder) / str(n) for n in range(jobs)]
        workers = [fork.Process(target=_work, args=(c, left[n::jobs], tests)) for n, c in enumerate(clones)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("mutants: a worker ended early; the message is above")
    return _known()


def _known() -> dict[str, str]:
    if not KNOWN.is_file():
        return {}
    return dict(json.loads(line) for line in KNOWN.read_text(encoding="utf-8").splitlines())


def _work(clone: Path, own: list[Place], tests: reached.Reached) -> None:
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    unchanged = [t for p in own[:1] for t in tests.tests_of(p.file, p.lines)][:FIRST]
    if own and as_it_stands(clone, unchanged, LEAST) != "survived":
        raise SystemExit("mutants: tests fail without any change")
    command = os.getppid()
    for place in own:
        if os.getppid() != command:
            return  # the command was ended; what is known is kept
        chosen = tests.tests_of(place.file, place.lines)
        state = run(clone, place, chosen, sum(tests.seconds[t] for t in chosen))
        with KNOWN.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key(clone, place), state]) + "\n")
        where = f"{place.file}:{place.lines[0]} {place.what!r} -> {place.becomes!r}"
        print(f"{state:9} {len(chosen):4} tests {where}", flush=True)


def preload() -> None:
    """Import what the tests import, so that forks find it; nothing is computed, which would leave threads behind."""
    for name in ("numpy", "scipy.stats", "scipy.optimize", "polars", "hypothesis", "pytest", "statsmodels.api"):
        import_module(name)


def main() -> int:
    """Draw, run, write; exit 1 where fewer than the aim are killed in a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout:
        raise SystemExit("mutants: there are changes that are not committed, and the tests of the last commit are run")
    os.environ.update(reached.environment(ROOT))
    preload()
    drawn, possible = sample(ROOT, given.sample, given.seed)
    found = outcomes(drawn, given.jobs)
    results = [{**asdict(p), "state": found[key(ROOT, p)]} for p in drawn]
    return mutant_page.write(results, possible, given.sample, given.seed)


if __name__ == "__main__":
    sys.exit(main())
