"""Draws that are done, kept in .cache/, so that a study that was ended goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalkit import cache, simulate
from evalkit.simulate.registry import numbers

Row = dict[str, Any]
Key = tuple[bool, int]
"""Whether the draw is without what is broken, and its seed."""


class Kept:
    """The rows of draws by `Key`, a line of JSON each, in a file for this code, scenario and plan.

    Any change of these begins a new file: no table holds draws of two kinds.
    """

    def __init__(self, root: Path, name: str, *more: Any) -> None:
        plan = (root / "data_raw" / name / "programme.toml").read_text(encoding="utf-8")
        mark = cache.hash_of(cache.code_hash(), numbers(simulate.registry.known(name)), plan, more)
        self.file = root / ".cache" / "recovery" / f"{name}-{mark}.jsonl"
        self.rows: dict[Key, list[Row]] = dict(self._read())

    def _read(self) -> Iterator[tuple[Key, list[Row]]]:
        """Yield what is there; a last line without its end was being written when the study was ended."""
        lines = self.file.read_text(encoding="utf-8").split("\n")[:-1] if self.file.is_file() else []
        for text in lines:
            holds, seed, rows = json.loads(text)
            yield (holds, seed), rows

    def add(self, key: Key, rows: list[Row]) -> None:
        """Keep the rows of a draw; they are in the file when this returns."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([*key, rows]) + "\n")
        self.rows[key] = rows
