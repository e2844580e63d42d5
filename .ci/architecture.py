"""Write the list of modules in ARCHITECTURE.md anew, each with the first line of its docstring."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(?<=^```modules\n).*?(?=^```)", re.MULTILINE | re.DOTALL)
WIDTH = 26


def first_line(file: Path) -> str:
    """Return the first line of a module's docstring, or a message that there is none."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    return text.splitlines()[0] if text else "(no docstring)"


def module_list(package: Path) -> str:
    """Return one line for each module: files of the package first, then folder by folder."""
    lines = [f"{f.name:{WIDTH}}{first_line(f)}" for f in sorted(package.glob("*.py"))]
    for folder in sorted({f.parent for f in package.rglob("*.py")} - {package}):
        lines += ["", f"{folder.relative_to(package).as_posix()}/"]
        lines += [f"  {f.name:{WIDTH - 2}}{first_line(f)}" for f in sorted(folder.glob("*.py"))]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Rewrite the block."""
    document = ROOT / "ARCHITECTURE.md"
    written = BLOCK.sub(lambda _: module_list(ROOT / "evalkit"), document.read_text(encoding="utf-8"))
    document.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
