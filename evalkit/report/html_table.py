"""One way to write a table: a caption, heads, rows of texts, and a note for every dash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.report.block import text
from evalkit.report.numbers import DASH


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of plain texts; the first column names the row, the others are numbers unless listed in `words`.

    Beside a figure a `folded` table opens on a click. A `compact` one has short cells and fits a telephone: its columns
    may be narrow, and its numbers break over lines.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    note: str = ""
    words: Sequence[int] = ()
    folded: bool = False
    compact: bool = False

    def html(self) -> str:
        """Return the table; it scrolls inside its own box on a narrow screen."""
        caption = f"<caption>{text(self.caption)}</caption>" if self.caption else ""
        head = "".join(f'<th scope="col"{self._kind(i)}>{text(h)}</th>' for i, h in enumerate(self.head))
        body = "".join(self._row(row) for row in self.rows)
        note = f'<p class="note">{text(self.note)}</p>' if self.note else ""
        label = text(self.caption or ", ".join(h for h in self.head if h))
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        kind = "table compact" if self.compact else "table"
        return f'<div class="{kind}" tabindex="0" role="region" aria-label="{label}">{table}</div>{note}'

    @property
    def has_dash(self) -> bool:
        """Whether a number is missing, so that the reader is owed a reason."""
        return any(cell == DASH for row in self.rows for cell in row)

    def _row(self, row: Sequence[str]) -> str:
        first, *rest = row
        cells = "".join(f"<td{self._kind(i)}>{text(c)}</td>" for i, c in enumerate(rest, 1))
        return f'<tr><th scope="row">{text(first)}</th>{cells}</tr>'

    def _kind(self, column: int) -> str:
        return "" if column == 0 or column in self.words else ' class="number"'
