"""The page of a sample of mutants: how many the tests notice, with intervals, and each that they do not, with why."""

from __future__ import annotations

import math
import platform
import tomllib
from typing import Any

import reached

RESULT = reached.ROOT / "benchmarks" / "results" / "mutants.md"
REASONS = reached.ROOT / ".ci" / "mutants.toml"
AIM = 0.85
Z = 1.959964
HEAD = """\
# Mutants: a sample

`make mutants` (`python .ci/mutants.py --sample {n} --seed {seed}`), Python {python}. **A sample**: {drawn} of the
{possible:,} changes that are possible in what makes and guards numbers, drawn in proportion to what can be changed in
each file; all of them in disclosure. One thing is changed at a time: a comparison, an operator, a number one larger,
`and` for `or`, a condition turned or left out, `min` for `max`. The tests that reach the line are run, then the others
of their files; what none of them notices survives. Intervals are Wilson's, at 95 %.

| part | possible | drawn | noticed | rate | 95 % |
|---|---:|---:|---:|---:|---|
{rows}

{looked}

| file | in | is | became | why it survives |
|---|---|---|---|---|
{survivors}
"""


def wilson(k: int, n: int) -> tuple[float, float]:
    """Return Wilson's interval of a share of k in n (Wilson 1927)."""
    middle, half = (k + Z**2 / 2) / (n + Z**2), Z / (n + Z**2) * math.sqrt(k * (n - k) / n + Z**2 / 4)
    return middle - half, middle + half


def write(results: list[dict[str, Any]], possible: dict[str, int], n: int, seed: int) -> int:
    """Write the page, print it, and return 1 where fewer than the aim are killed in a part."""
    reasons = {(m["file"], m["function"], m["is"], m["became"]): m["why"] for m in _reasons()}
    text = page(results, possible, n, seed, reasons)
    RESULT.write_text(text, encoding="utf-8")
    print(text)
    below = [part for part in reached.PARTS if _rate(_of(results, part)) < AIM]
    print("below the aim: " + ", ".join(below) if below else f"every part reaches {AIM:.0%}")
    return 1 if below else 0


def page(
    results: list[dict[str, Any]], possible: dict[str, int], n: int, seed: int, reasons: dict[tuple[str, ...], str]
) -> str:
    """Return the page."""
    rows = [_row(f"`{p.rstrip('/')}`", _of(results, p), _count(possible, p)) for p in reached.PARTS]
    rows.append(_row("all", results, sum(possible.values())))
    left = [r for r in results if not _is_noticed(r)]
    explained = [r for r in left if _key(r) in reasons]
    looked = f"{len(left)} survive; {len(explained)} of them were looked at, and a test is not missing."
    survivors = [_survivor(r, reasons.get(_key(r), "**to be looked at**")) for r in left]
    return HEAD.format(
        n=n,
        seed=seed,
        python=platform.python_version(),
        drawn=len(results),
        possible=sum(possible.values()),
        rows="\n".join(rows),
        looked=looked,
        survivors="\n".join(survivors),
    )


def _reasons() -> list[dict[str, str]]:
    return tomllib.loads(REASONS.read_text(encoding="utf-8")).get("mutant", []) if REASONS.is_file() else []


def _key(result: dict[str, Any]) -> tuple[str, ...]:
    return result["file"], result["function"], result["what"], result["becomes"]


def _is_noticed(result: dict[str, Any]) -> bool:
    return result["state"] in ("killed", "slow")


def _of(results: list[dict[str, Any]], part: str) -> list[dict[str, Any]]:
    return [r for r in results if r["file"].startswith(part)]


def _rate(results: list[dict[str, Any]]) -> float:
    return sum(map(_is_noticed, results)) / max(1, len(results))


def _count(possible: dict[str, int], part: str) -> int:
    return sum(n for file, n in possible.items() if file.startswith(part))


def _row(name: str, results: list[dict[str, Any]], possible: int) -> str:
    k = sum(map(_is_noticed, results))
    low, high = wilson(k, len(results))
    return f"| {name} | {possible:,} | {len(results)} | {k} | {k / len(results):.1%} | {low:.1%} to {high:.1%} |"


def _survivor(result: dict[str, Any], why: str) -> str:
    cells = [f"`{result[name]}`".replace("|", "\\|").replace("\n", " ") for name in ("what", "becomes")]
    file = result["file"].removeprefix("evalkit/")
    return f"| `{file}` | `{result['function'] or '–'}` | {cells[0]} | {cells[1]} | {why} |"
