"""evalkit pdf: the public pages of a findings folder, printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.report.wording import Language


@click.command()
@click.argument("findings", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of what is printed."
)
def pdf(findings: Path, lang: Language) -> None:
    """Print each public page of FINDINGS into FINDINGS/pdf/, by Chromium, without a network; internal ones never."""
    from evalkit.batch.pdf import FOLDER, write_pdfs

    made = [is_new for _, is_new in write_pdfs(findings, lang)]
    click.echo(f"{sum(made)} printed, {len(made) - sum(made)} unchanged: {findings / FOLDER}")
