"""Build the wheel, install it into an environment of its own, and use it in an empty folder, far from the project.

Dependencies are those of this Python's environment; nothing is fetched. Exit 1 where something fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEW = """schema_version = 1
[programme]
id = "away"
name = { zh = "别处", en = "Away" }
provenance = "simulated"
[design]
unit = "household_id"
cluster = "village_id"
time = "year"
first_treated = "start"
assignment = "chosen"
[[sources]]
kind = "survey"
file = "rows.csv"
key = ["household_id", "year"]
codebook = "codebook.csv"
[[indicators]]
name = "income_yuan"
label = { zh = "收入", en = "Income" }
domain = "income"
unit = "yuan/year"
family = "income"
role = "primary"
estimator = "did"
"""
CODEBOOK = """raw_header,name,kind,unit
户,household_id,id,
村,village_id,id,
年,year,number,
始,start,number,
收入,income_yuan,number,yuan/year
"""


def main() -> int:
    """Build, install, use."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = _built(folder)
        python = _environment(folder / "venv", wheel)
        work = folder / "empty"
        _programme(work / "data_raw" / "away")
        tell = "import evalkit, pathlib; print(pathlib.Path(evalkit.__file__).parent)"
        where = _run(work, python, "-c", tell).strip()
        if not where.startswith(str(folder / "venv")):
            print(f"check_wheel: evalkit comes from {where}", file=sys.stderr)
            return 1
        for words in ("check away", "run away --lang zh", "journal findings"):
            print(_run(work, python, "-m", "evalkit", *words.split()).splitlines()[-1])
        _run(work, python, "-m", "evalkit.simulate", "suqian_post", "--out", "drawn")
        print(f"{wheel.name} works in an empty folder")
    return 0


def _built(folder: Path) -> Path:
    code = f"from setuptools import build_meta as b; b.build_wheel({str(folder)!r})"
    _run(ROOT, sys.executable, "-c", code)
    return next(folder.glob("*.whl"))


def _environment(venv: Path, wheel: Path) -> str:
    """Make an environment that sees this one's packages, but its own evalkit first."""
    _run(ROOT, sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = str(venv / "bin" / "python")
    _run(
        ROOT,
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    )
    site = next(venv.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return python


def _programme(folder: Path) -> None:
    folder.mkdir(parents=True)
    rows = [
        f"h{v}_{h},v{v},{year},{2021 if v < 6 else ''},{1000 + 7 * (h * v % 11) + 90 * (year - 2020) * (v % 3)}"
        for v, h, year in product(range(14), range(12), (2020, 2021))
    ]
    (folder / "rows.csv").write_text("户,村,年,始,收入\n" + "\n".join(rows) + "\n", encoding="gb18030")
    (folder / "codebook.csv").write_text(CODEBOOK, encoding="utf-8")
    (folder / "programme.toml").write_text(NEW, encoding="utf-8")


def _run(folder: Path, *command: str) -> str:
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "EVALKIT_DATA", "EVALKIT_CACHE"}}
    kept["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))  # nbconvert's own templates are there
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"check_wheel: {' '.join(command[1:4])}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
