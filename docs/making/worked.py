"""Worked numbers: the lines of code of a method's page, run on a programme in data_raw/, with what they give."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

import polars as pl

from docs.making.stage import ROOT

SHOWN = ("term", "estimate", "std_error", "df", "p_value", "conf_low", "conf_high")
MOST_ROWS = 12


def worked(data: str, code: str) -> str:
    """Run `code` on the panel of ``programme:indicator`` and return it as Markdown, with its result and the truth."""
    name, indicator = data.split(":")
    result, is_simulated = run(data, code)
    head = "\n".join(
        [
            "import evalkit",
            "",
            f'programme = evalkit.load("data_raw/{name}")',
            f'panel = evalkit.Panel.from_programme(programme, "{indicator}")',
            *(["moments = evalkit.Moments.from_panel(panel)"] if "moments" in code else []),
        ]
    )
    kind = "simulated data" if is_simulated else "real data"
    parts = [f"`{name}`, {kind}.", "", f"```python\n{head}\n{code}\n```", "", *_shown(result)]
    return "\n".join([*parts, *_truth(name, indicator)])


def run(data: str, code: str) -> tuple[Any, bool]:
    """Return the value of the last line of `code`, and whether the programme is simulated."""
    import evalkit

    programme, panel, moments = _inputs(data)
    names = {"evalkit": evalkit, "programme": programme, "panel": panel, "moments": moments}
    tree = ast.parse(code)
    last = tree.body.pop()
    exec(compile(tree, data, "exec"), names)
    return eval(compile(ast.Expression(last.value), data, "eval"), names), programme.is_simulated  # type: ignore[attr-defined]


@lru_cache(maxsize=8)
def _inputs(data: str) -> tuple[Any, Any, Any]:
    import evalkit

    name, indicator = data.split(":")
    programme = evalkit.load(ROOT / "data_raw" / name)
    panel = evalkit.Panel.from_programme(programme, indicator)
    return programme, panel, evalkit.Moments.from_panel(panel)


def _shown(result: Any) -> list[str]:
    if isinstance(result, list):
        return [f"gives `{[None if v is None else round(v, 4) for v in result]}`.", ""]
    frame = result if isinstance(result, pl.DataFrame) else result.tidy()
    columns = [c for c in SHOWN if c in frame.columns] + [c for c in frame.columns if c == "p_adjusted"]
    columns = frame.columns if isinstance(result, pl.DataFrame) else columns
    rows = frame.head(MOST_ROWS).select(columns).rows()
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [f"| {' | '.join(_cell(v) for v in row)} |" for row in rows]
    left = frame.height - MOST_ROWS
    return [*lines, "", *([f"and {left} rows more.", ""] if left > 0 else []), *_why(result)]


def _why(result: Any) -> list[str]:
    return [f"Interval: {result.reason}.", ""] if getattr(result, "reason", "") else []


def _truth(name: str, indicator: str) -> list[str]:
    import evalkit
    from evalkit.intake.truth import read_truth

    truth = (read_truth(evalkit.load(ROOT / "data_raw" / name)) or {}).get(indicator, {})
    known = [f"`{term}` {value:,.4g}" for term, value in truth.items()][:MOST_ROWS]
    return [f"Built in, so known, of the indicator itself in its unit: {', '.join(known)}.", ""] if known else []


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
