"""What others build on: public names, signatures, commands, tidy columns, keys of JSON files.

`python -m tests.reference.interface` writes interface.json anew; CONTRIBUTING.md says when that may be done.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

FILE = Path(__file__).with_name("interface.json")
ROOT = Path(__file__).parents[2]
ESTIMATE = "estimate data_raw/moz_savings/households.parquet --outcome bp_v4_d_saved_cumul --cluster associd"
VARIES = {"truth", "robustness", "provenance.inputs", "provenance.versions", "gate.reasons[].values"}
"""Tables whose keys are names of terms, estimators, files, packages or fields of a sentence."""


def names() -> dict[str, str]:
    """Return the signature of each public name, of its public methods too; properties as ``-> type``."""
    import evalkit

    found = {}
    for name in evalkit.__all__:
        value = getattr(evalkit, name)
        if not isinstance(value, type):
            found[name] = str(inspect.signature(value))
        elif issubclass(value, Exception):
            found[name] = f"({', '.join(b.__name__ for b in value.__bases__)})"
        else:
            found |= {name: _made_from(value)} | {f"{name}.{k}": v for k, v in _members(value)}
    return found


def _made_from(value: type) -> str:
    if dataclasses.is_dataclass(value):
        return f"({', '.join(f'{f.name}: {f.type}' for f in dataclasses.fields(value))})"
    fields: Iterable[str] = getattr(value, "model_fields", {})
    return f"({', '.join(fields)})"


def _members(value: type) -> Iterable[tuple[str, str]]:
    fields = {f.name for f in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else set()
    for name, member in sorted(vars(value).items()):
        if name.startswith("_") or name in fields or name.startswith("model_"):
            continue
        if isinstance(member, property):
            yield name, f"-> {inspect.signature(member.fget).return_annotation}"  # type: ignore[arg-type]
        elif isinstance(member, classmethod) or inspect.isfunction(member):
            yield name, str(inspect.signature(getattr(value, name)))


def commands() -> dict[str, list[str]]:
    """Return the arguments and options of each command."""
    from evalkit.cli import main

    return dict(_commands(main, ""))


def _commands(group: click.Group, before: str) -> Iterable[tuple[str, list[str]]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", sorted(o for p in command.params for o in (*p.opts, *p.secondary_opts))


def tidy() -> dict[str, str]:
    """Return the tidy columns and their types, in order."""
    from evalkit.results import TIDY_SCHEMA

    return {name: str(kind) for name, kind in TIDY_SCHEMA.items()}


def keys(values: Iterable[Any]) -> dict[str, str]:
    """Return the keys of several objects together, by path, with what stands there; null where none has a value."""
    found: dict[str, set[str]] = {}
    for value in values:
        for path, kind in _paths(value, ""):
            found.setdefault(path, set()).add(kind)
    return {path: " or ".join(sorted(kinds)) for path, kinds in sorted(found.items())}


def _paths(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict) and path not in VARIES:
        if path:
            yield path, "object"
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield path, "list"
        for inner in value:
            if isinstance(inner, dict):
                yield from _paths(inner, f"{path}[]")
    else:
        yield path, _kind(value)


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null", dict: "object"}
    return kinds[type(value)]


def json_files() -> dict[str, dict[str, str]]:
    """Return the keys of the JSON that a finding and `evalkit estimate --json` give."""
    import evalkit
    from evalkit.report.publishable import publishable

    about = (("moz_savings", "saved_q4"), ("suqian_ecommerce", "disposable_income_pc_yuan"))
    findings = [evalkit.evaluate(evalkit.load(ROOT / "data_raw" / p), indicator=i) for p, i in about]
    return {"A finding": keys(publishable(f) for f in findings), "evalkit estimate --json": keys([estimate_json()])}


def estimate_json() -> Any:
    """Return what `evalkit estimate --json` prints for a small example."""
    from click.testing import CliRunner

    from evalkit.cli import main

    words = ESTIMATE.replace("data_raw", str(ROOT / "data_raw")).split()
    result = CliRunner().invoke(main, [*words, "--treatment", "treatment", "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


def write() -> int:
    """Write interface.json."""
    whole = {"python": names(), "commands": commands(), "tidy": tidy(), "json": json_files()}
    FILE.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(write())
