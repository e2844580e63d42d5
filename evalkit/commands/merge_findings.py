"""evalkit merge-findings: the parts of a plan that ran apart become one folder."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("merge-findings")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of all pages.")
@click.pass_context
def merge_findings(ctx: click.Context, /, folders: tuple[Path, ...], out: Path) -> None:
    """Merge FOLDERS made by `evalkit run --shard I/N`; refuse where a part is missing, damaged or of other versions."""
    from evalkit.batch.merge import merge_findings as merge

    merged = merge(folders, out)
    click.echo(f"{merged.done} pages, {merged.failed} failed: {merged.index}")
    ctx.exit(1 if merged.failed else 0)
