"""Articles of the five programmes, read from their claims.toml, and small ones written by a test."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.claims import Audit, audit, read_claims

PROGRAMMES = ("suqian_post", "shangyu_trinity", "ningxia_post", "suqian_ecommerce", "weinan_teams")
HEAD = 'schema_version = 1\n[article]\nname = { zh = "一篇报道", en = "a report" }\nsource = "a.txt"\n'
HEAD += '[units]\nshop = { zh = "个网店", en = "shops" }\ncoop = { zh = "家合作社", en = "cooperatives" }\n'


@pytest.fixture(scope="session")
def audits(root: Path) -> dict[str, Audit]:
    return {name: audit(read_claims(root / "data_raw" / name)) for name in PROGRAMMES}


@pytest.fixture(scope="session")
def sources(root: Path) -> Path:
    """Return the folder with the articles; they are not part of the project."""
    folder = Path(os.environ.get("EVALKIT_SOURCES", root.parent / "shared" / "sources"))
    if not folder.is_dir():
        folder = root.parent.parent / "shared" / "sources"
    if not folder.is_dir():
        pytest.skip("no articles: set EVALKIT_SOURCES to the folder that holds them")
    return folder


@pytest.fixture
def article(tmp_path: Path) -> Callable[..., Path]:
    """Write an article of claims (id, said, value, unit, further entries) and relations (text)."""

    def write(*claims: tuple[str, str, object, str, str], relations: str = "") -> Path:
        parts = [
            f'[[claims]]\nid = "{name}"\nabout = {{ zh = "某数", en = "a figure" }}\nsaid = "{said}"\nvalue = {value}\n'
            f'unit = "{unit}"\nconcept = "x"\nkind = "outcome"\nline = 1\n{more}\n'
            for name, said, value, unit, more in claims
        ]
        (tmp_path / "claims.toml").write_text(HEAD + "".join(parts) + relations, encoding="utf-8")
        return tmp_path

    return write


def relation(name: str, kind: str, of: list[str], more: str = "") -> str:
    listed = ", ".join(f'"{n}"' for n in of)
    return (
        f'[[relations]]\nid = "{name}"\nabout = {{ zh = "算", en = "sum" }}\nkind = "{kind}"\nof = [{listed}]\n{more}\n'
    )
