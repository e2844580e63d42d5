"""The page of all entries of programme.toml, from the models that check them; docs/programme.md says what they mean."""

from __future__ import annotations

import json
from typing import Any

HEAD = """# Entries of programme.toml

Made from the models in `evalkit/programme.py` and `evalkit/plan_tables.py` that check the file. What an entry means,
with examples: [programme.toml and the codebook](../programme.md). An entry that is not listed here is refused, and the
message names the nearest. Undecided entries of a draft (`DECIDE`) are refused as well.
"""
WORDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "object": "table"}
TEXT = "Text"
"""A text in both languages; shown as such wherever it stands."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of programme.toml, without the folder that it stands in."""
    from evalkit.programme import Programme

    found = Programme.model_json_schema(by_alias=True)
    del found["properties"]["folder"]
    found["required"].remove("folder")
    return found


def page() -> str:
    """Return one table of entries for each table of the file."""
    found = schema()
    parts = [_table("At the top of the file", found, found["$defs"])]
    tables = _tables(found)
    parts += [_table(f"[{name}]", model, found["$defs"]) for name, model in tables]
    shown = [model for _, model in tables]
    inner = {name: m for name, m in found["$defs"].items() if m.get("type") == "object" and m not in shown}
    parts += [_table(f"table {name}", m, found["$defs"]) for name, m in inner.items() if name != TEXT]
    as_json = json.dumps(found, ensure_ascii=False, indent=1)
    return "\n".join([HEAD, *parts, "## As JSON schema", "", "```json", as_json, "```", ""])


def _tables(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the tables of the file by their names in it; lists of tables in double brackets."""
    tables = []
    for name, entry in found["properties"].items():
        reference = _reference(entry)
        if reference is not None:
            is_list = entry.get("type") == "array"
            tables.append((f"[{name}]" if is_list else name, found["$defs"][reference]))
    return tables


def _reference(entry: dict[str, Any]) -> str | None:
    for part in (entry, entry.get("items", {}), *entry.get("anyOf", [])):
        if "$ref" in part:
            return str(part["$ref"]).rsplit("/", 1)[-1]
    return None


def _table(title: str, model: dict[str, Any], defs: dict[str, Any]) -> str:
    rows = ["| entry | kind | if left out |", "|---|---|---|"]
    required = set(model.get("required", []))
    for name, entry in model["properties"].items():
        without = "refused" if name in required else _default(entry)
        rows.append(f"| `{name}` | {kind(entry, defs)} | {without} |")
    return "\n".join([f"## {title}", "", *rows, ""])


def _default(entry: dict[str, Any]) -> str:
    value = entry.get("default")
    return "" if value in (None, "", [], {}) or isinstance(value, dict) else f"`{json.dumps(value)}`"


def kind(entry: dict[str, Any], defs: dict[str, Any]) -> str:
    """Return in words what an entry may be."""
    if "enum" in entry or "const" in entry:
        return ", ".join(f"`{v}`" for v in entry.get("enum", [entry.get("const")]))
    if "anyOf" in entry:
        return " or ".join(dict.fromkeys(kind(e, defs) for e in entry["anyOf"] if e.get("type") != "null"))
    if "$ref" in entry:
        return _named(str(entry["$ref"]).rsplit("/", 1)[-1], defs)
    if entry.get("type") == "array":
        inner = entry.get("items")
        return f"list of {kind(inner, defs)}" if inner else "list"
    return WORDS[entry["type"]] + _limits(entry)


def _named(name: str, defs: dict[str, Any]) -> str:
    return "`{ zh, en }`" if name == TEXT else f"table {name}" if defs[name].get("type") == "object" else name


def _limits(entry: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {entry[key]:g}" for key, sign in signs.items() if key in entry]
    if "pattern" in entry:
        limits.append("small letters, digits, `_`")
    return f" ({', '.join(limits)})" if limits else ""
