"""The pages of the command line, of Python and of the files that evalkit writes, from the code itself."""

from __future__ import annotations

import json
from typing import Any

import click

from docs.making.stage import ROOT

FROZEN = ROOT / "tests" / "reference" / "interface.json"


def commands() -> str:
    """Return the page of all commands and their options, from the parser."""
    from evalkit.cli import main

    status = "Exit status: 0 done; 1 the data or the design do not allow it; 2 wrong usage."
    head = f"# Command line\n\nMade from the parser. {status}\n"
    return "\n".join([head, *(_command(name, c, "evalkit") for name, c in sorted(main.commands.items()))])


def _command(name: str, command: click.Command, parent: str) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join([parent, name, *command.collect_usage_pieces(context)])
    parts = [f"## {parent} {name}", "", f"    {usage}", "", command.help or "", ""]
    rows = [row for p in command.params if (row := _option(p, context))]
    if rows:
        parts += ["| option | |", "|---|---|", *rows, ""]
    if isinstance(command, click.Group):
        parts += [_command(n, c, f"{parent} {name}") for n, c in sorted(command.commands.items())]
    return "\n".join(parts)


def _option(parameter: click.Parameter, context: click.Context) -> str | None:
    record = parameter.get_help_record(context)
    if record is None:
        return None
    names, text = (part.replace("|", "\\|").replace("\n", " ") for part in record)
    return f"| `{names}` | {text} |"


def python() -> str:
    """Return the page of all public names, for autodoc to fill in."""
    import evalkit

    parts = ["# Python\n\nEverything that `import evalkit` offers; from the docstrings.\n"]
    for name in evalkit.__all__:
        is_class = isinstance(getattr(evalkit, name), type)
        kind, members = ("autoclass", "   :members:\n") if is_class else ("autofunction", "")
        parts += [f"## {name}", "", "```{eval-rst}", f".. {kind}:: evalkit.{name}\n{members}", "```", ""]
    return "\n".join(parts)


def files() -> str:
    """Return the page of tidy columns and of the keys of the JSON files, from what a test holds fixed."""
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    parts = [
        "# Files and tables",
        "",
        "A test holds these names and kinds (`tests/report/test_public_interface.py`); what may change and how: "
        "[CONTRIBUTING.md](../../CONTRIBUTING.md).",
        "",
        "## Tidy columns",
        "",
        "`tidy()` of Estimate, Inference and Finding begins with these; an undefined number is null.",
        "",
        *_rows(frozen["tidy"]),
    ]
    for title, keys in frozen["json"].items():
        parts += [f"## {title}", "", *_rows(keys)]
    return "\n".join(parts)


def _rows(names: dict[str, Any]) -> list[str]:
    return ["| name | kind |", "|---|---|", *(f"| `{name}` | {kind} |" for name, kind in names.items()), ""]
