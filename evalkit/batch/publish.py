"""What may leave a public run: outputs that evalkit made and checked, and reasons of failures without keys of rows.

A notebook can show anything; what it shows beside the report's own blocks cannot be checked, so it is not published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.report.block import CHECKED_MIME
from evalkit.report.page import Failure

ALONE, END = r"(?<![\dA-Za-z.])", r"(?![\dA-Za-z.])"
IDENTIFIERS = {
    "an identity number": re.compile(rf"{ALONE}(?:\d{{17}}[\dXx]|\d{{6}}[ -]\d{{8}}[ -]\d{{3}}[\dXx]){END}"),
    "a bank account": re.compile(rf"{ALONE}(?:\d{{16}}(?:\d{{3}})?|62\d\d(?:[ -]\d{{4}}){{3}}(?:[ -]\d{{3}})?){END}"),
    "a telephone number": re.compile(rf"{ALONE}(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{{4}}){{2}}{END}"),
}
"""Also with gaps, as people write them, and in full-width digits."""
WIDE = str.maketrans("０１２３４５６７８９－　Ｘｘ", "0123456789- Xx")
KEPT_METADATA = ("kernelspec", "language_info")
QUOTED = re.compile(r"\s*'(?:[^'\\]|\\.)*'|\s*\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
"""Values as `repr` writes them, quotes inside escaped."""
KEYS = re.compile(r"\s*\(.*", re.DOTALL)
"""Keys of rows stand in brackets. They may hold brackets themselves, so that all after the first one goes."""
LONG_NUMBER = re.compile(r"\d{6,}")
FEW_ROWS = re.compile(
    r"\b\d+(?= (?:of \d+ )?(?:unit and round )?(?:rows|pairs|units|households|records|values|ids|entries)\b)"
)
FULL = "the full message stands beside the internal pages, in findings/internal/, for whoever may read the data"


def unchecked(notebook: Any) -> list[str]:
    """Return which outputs of an executed notebook were not made by evalkit's report, by cell."""
    return [
        f"cell {n} shows {what}"
        for n, cell in enumerate(notebook.cells, 1)
        for what in _foreign(cell.get("outputs", []))
    ]


def for_publication(notebook: Any, *, outputs: bool) -> Any:
    """Return the notebook without warnings, tracebacks, plain-text copies and metadata of editors; changed in place."""
    kept = {k: v for k, v in notebook.metadata.items() if k in KEPT_METADATA}
    notebook.metadata.clear()
    notebook.metadata.update(kept)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata.clear()
        cell.metadata.update({"tags": tags} if tags else {})
        if cell.cell_type != "code":
            continue
        cell.outputs = [
            _bare(o) for o in cell.outputs if outputs and o.output_type in ("display_data", "execute_result")
        ]
    return notebook


def identifiers_in(texts: Mapping[str, str]) -> list[str]:
    """Return which files hold what looks like an identifier of a person; never the identifier itself."""
    narrow = {ending: text.translate(WIDE) for ending, text in texts.items()}
    return [
        f"{ending} holds {what}" for ending, text in narrow.items() for what, p in IDENTIFIERS.items() if p.search(text)
    ]


def without_quoted(message: str) -> str:
    """Return a message without quoted values: before it is cut at its marks, which a value may hold too."""
    return QUOTED.sub("", message)


def public_failure(name: str, failure: Failure, folder: Path, known: bool, least: int = 10) -> Failure:
    """Return a failure as a public page tells it: no keys of rows, no paths, no messages of other programs.

    Numbers of rows below `least` are not told either.
    """
    if not known:
        return Failure(f"{name}: its message may quote data and is not shown", "", FULL)
    parts = (_without_keys(part, folder, least) for part in (failure.reason, failure.needed, failure.todo))
    return Failure(*parts)


def _foreign(outputs: list[Any]) -> Iterator[str]:
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stdout" and output.text.strip():
                yield "printed text"
        elif output.output_type == "error":
            yield "an error"
        elif CHECKED_MIME not in output.data and "evalkit" not in output.get("metadata", {}):
            yield ", ".join(sorted(output.data))


def _bare(output: Any) -> Any:
    """Drop the plain-text copy of a block: it repeats the page and hides from whoever looks for what is shown."""
    if "text/html" in output.data:
        output.data.pop("text/plain", None)
    return output


def _without_keys(text: str, folder: Path, least: int) -> str:
    for place in (folder, folder.parent):
        text = text.replace(f"{place}/", "").replace(str(place), place.name)
    bare = KEYS.sub("", without_quoted(text))
    counted = FEW_ROWS.sub(lambda n: n[0] if int(n[0]) >= least else f"fewer than {least}", bare)
    return LONG_NUMBER.sub("…", counted).strip()
