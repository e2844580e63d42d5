"""evalkit moments and evalkit merge: sufficient statistics to files, and their sum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalkit.commands.options import design_of, design_options


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    required=True,
    metavar="Y",
    help="Column of an outcome; may be given several times.",
)
@design_options
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The moments file to write (.parquet).",
)
@click.option(
    "--share", "shared", is_flag=True, help="Fold attendance patterns, so that the file may leave the office."
)
@click.option(
    "--min-households",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="With --share: fewest households of a village in a round.",
)
@click.option("--drop-small", is_flag=True, help="With --share: leave villages with fewer out, and name them.")
def moments(files: tuple[Path, ...], outcomes: tuple[str, ...], out: Path, **options: Any) -> None:
    """Sum the rows of FILES by village; a household's rows must all be in FILES."""
    import polars as pl

    from evalkit.intake.anyfile import read_any
    from evalkit.moments import Moments

    design = design_of(options)
    rows = pl.concat([read_any(f) for f in sorted(files)], how="vertical")
    found = Moments.from_frame(rows, design=design, outcomes=outcomes)
    if options["shared"]:
        from evalkit.moments.share import share

        kept = share(found, min_households=options["min_households"], drop_small=options["drop_small"])
        found = kept.moments
        click.echo(str(kept))
    click.echo(f"{found!r}: {found.write(_parquet(out))}")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The moments file to write (.parquet).",
)
def merge(files: tuple[Path, ...], out: Path) -> None:
    """Add the moments FILES of different villages."""
    from evalkit.moments import Moments

    parts = [Moments.read(f) for f in files]
    found = parts[0].merge(*parts[1:])
    click.echo(f"{found!r}: {found.write(_parquet(out))}")


def _parquet(out: Path) -> Path:
    from evalkit.errors import UsageError

    if out.suffix != ".parquet":
        raise UsageError("--out", f"{out.name!r}", "a name that ends in .parquet", "add the ending")
    if not out.resolve().parent.is_dir():
        raise UsageError("--out", f"there is no folder {out.parent}", "a folder that is there", "make it first")
    return out
