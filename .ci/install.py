"""Install a lock with pip, hashes checked, and say how far it is. Run by the Makefile with the Python of .venv.

Where there is a folder wheelhouse/ (`make wheelhouse` fills it), packages come from it alone and no index is asked.
Else pip takes them from where it is told to: PIP_INDEX_URL, pip.conf; no address stands here.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
PINNED = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
WHEELHOUSE = Path(__file__).parent.parent / "wheelhouse"


def missing(lock: Path) -> int:
    """Return how many packages of the lock are not there yet; those for other systems count too."""
    there = {f"{d.name.lower().replace('_', '-')}=={d.version}" for d in distributions()}
    return len({line.split()[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line[:80]} - there)


def from_where(wheelhouse: Path) -> list[str]:
    """Return pip's options that let it look into the wheelhouse only; none where there is no wheelhouse."""
    return ["--no-index", "--find-links", str(wheelhouse)] if any(wheelhouse.glob("*.whl")) else []


def fetched(line: str) -> str | None:
    """Return the package that a line of pip's log begins to fetch, be it from an index or a folder."""
    words = line.split()
    if line.startswith("Collecting "):
        return words[1].replace("==", " ")
    if line.startswith("Processing "):
        return " ".join(Path(words[1]).name.split("-")[:2])
    return None


def install(lock: Path) -> int:
    """Run pip, print one line for each package, and return pip's exit status."""
    place = from_where(WHEELHOUSE)
    whence = "from wheelhouse/" if place else "the first time they are downloaded"
    print(f"set-up: at most {missing(lock)} packages of {lock.name}; {whence}", flush=True)
    n_fetched, log = 0, []
    command = [sys.executable, *PIP, *place, *PINNED, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            log.append(line)
            if package := fetched(line):
                n_fetched += 1
                print(f"  {n_fetched:3} {package}", flush=True)
            elif line.startswith("Installing"):
                print(f"set-up: unpacking {n_fetched} packages into .venv, up to a minute or two", flush=True)
    if pip.returncode:
        print("".join(log), "set-up: pip could not install the packages; its last lines say why", file=sys.stderr)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))
