"""evalkit journal: who ran what on which data, every run that a findings folder has seen, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import polars as pl

SHORT = 12
"""Characters of a hash that the table on the terminal shows; the file has them all."""


@click.command()
@click.argument("findings", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--csv",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the whole table as .csv, for an audit; internal, not to be published.",
)
def journal(findings: Path, file: Path | None) -> None:
    """Show every run that FINDINGS has seen: when, who, page, state, and the hashes of data and result."""
    from evalkit.batch.collected import csv_bytes
    from evalkit.batch.journal import FOLDER, NAME, trail
    from evalkit.errors import DataError

    rows = trail(findings)
    if not rows:
        raise DataError(
            str(findings),
            "its journal holds no run",
            f"a folder that evalkit run wrote, with {FOLDER / NAME}",
            "give that folder; a published copy has no journal",
        )
    table = table_of(rows)
    if file is not None:
        file.write_bytes(csv_bytes(table))
        click.echo(f"{file}: {table.height} runs")
        return
    for row in table.iter_rows(named=True):
        hashes = f"data {row['data'][:SHORT]} result {row['result'][:SHORT]}"
        click.echo(f"{row['at']} {row['who']} {row['page']} {row['state']} {row['seconds']:.1f} s {hashes}")


def table_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the trail as a table of text and seconds; `result` is the hash of the page, `data` that of all inputs."""
    import polars as pl

    def line(row: dict[str, Any]) -> dict[str, Any]:
        parameters = "; ".join(f"{k}={v}" for k, v in row["parameters"].items())
        same = {
            k: row.get(k) or "" for k in ("at", "who", "programme", "notebook", "page", "state", "data", "versions")
        }
        return {
            **same,
            "parameters": parameters,
            "seconds": float(row["seconds"]),
            "run": row["id"],
            "result": row["sha256"].get(row["page"], ""),
            "error": row["error"] or "",
        }

    return pl.DataFrame([line(row) for row in rows])
