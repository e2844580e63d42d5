"""A raw folder in which every text somebody could type is hostile: names, ids, labels, units, files, claims, notes."""

# ruff: noqa: E501
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

HOSTILE = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    '" onmouseover="alert(1)', "' onfocus='alert(1)' autofocus='", "<iframe src=javascript:alert(1)>", "<!--", "-->", "]]>",
    "<style>*{display:none}</style>", "<base href=//evil.example/>", '<meta http-equiv="refresh" content="0;url=//evil.example">',
    "<a href='javascript:alert(1)'>x</a>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "&lt;script&gt;",
    "&#60;script&#62;", "\\u003cscript\\u003e", "{{7*7}}", "{% raw %}", "{{ config }}", "${7*7}", "#{7*7}", "%(x)s", "{0}", "{label}",
    '"); import os #', "'); __import__('os').system('x') #", '""" + open("/etc/passwd").read() + """', "\\", "\\\"", "\n%system id\n",
    "../../x", "..\\..\\x", "/etc/passwd", "C:\\x", "con", ".htaccess", "a\x00b", "=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)",
    '=HYPERLINK("http://evil.example","x")', "\t=1+1", "\r=1+1", "$(touch x)", "`touch x`", "; rm -rf x", "|| x", "%0d%0aSet-Cookie:x",
    "\u202egnp.exe", "\u200b", "\ufeff", "李\u2028王", "𝔘𝔫𝔦", "宿迁市<b>村</b>", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
)  # fmt: skip
WRITABLE = tuple(t.replace("\x00", "") for t in HOSTILE)
"""Without the character that no text file, no argument and no name of a file may hold."""
TYPED = tuple(t for t in WRITABLE if t != "\ufeff")
"""Without the mark of a text file's beginning, which a CSV file with it in its midst is refused for."""
YEARS = (2012, 2013, 2014)
FILE_NAMES = {
    2012: "households_2012<img src=x onerror=alert(1)>.parquet",
    2013: "households_2013\n\u202e'\"; touch x #.parquet",
    2014: "households_2014=cmd|'C calc'!A0{{7*7}}.parquet",
}
PER_VILLAGE = 10
INDICATORS = {"sales_yuan": "yuan/year", "used": "share", "odd": "<img src=x onerror=alert(1)>/year"}


def village(k: int) -> str:
    """Return the name of village k; the first half start in 2014."""
    return f"{WRITABLE[k]} {k}"


def write_hostile(folder: Path) -> Path:
    """Write the folder of the programme ``hostile``."""
    folder.mkdir(parents=True)
    for year, name in FILE_NAMES.items():
        _households(year).write_parquet(folder / name)
    (folder / "programme.toml").write_text(_programme(), encoding="utf-8")
    (folder / "claims.toml").write_text(_claims(), encoding="utf-8")
    _codebook().write_csv(folder / "codebook.csv")
    return folder


def _households(year: int) -> pl.DataFrame:
    rng = np.random.default_rng(year)
    k, h = np.divmod(np.arange(len(WRITABLE) * PER_VILLAGE), PER_VILLAGE)
    treated = (k % 2 == 0) & (year >= 2014)
    frame = pl.DataFrame(
        {
            "id": [f"{WRITABLE[v]}-{v}-{i}" for v, i in zip(k, h, strict=True)],
            "village": [village(v) for v in k],
            "start": [2014 if v % 2 == 0 else None for v in k],
            "name": [WRITABLE[(v + i) % len(WRITABLE)] for v, i in zip(k, h, strict=True)],
            "asked": [WRITABLE[i] for i in h],
            "sales": [f"{x:.0f}" for x in rng.normal(5000, 900, len(k)) + 900 * treated],
            "used": [str(int(x)) for x in rng.random(len(k)) < 0.4 + 0.2 * treated],
            "wage": ["-500" if i == 3 else "7000" for i in h],
            "odd": [f"{x:.1f}" for x in rng.normal(50, 9, len(k))],
            **{f"{text}?": [text] * len(k) for text in WRITABLE},
        }
    )
    few = pl.int_range(frame.height) < len(WRITABLE)
    words = pl.Series([WRITABLE[i % len(WRITABLE)] for i in range(frame.height)])
    return frame.with_columns(pl.when(few & (year == 2013)).then(words).otherwise("sales").alias("sales"))


def _codebook() -> pl.DataFrame:
    rows = [
        ("id", "household_id", "id", "household"),
        ("village", "village_id", "id", ""),
        ("start", "start", "integer", ""),
        ("name", "head_name", "text", "name:keep"),
        ("asked", "enumerator", "category", ""),
        ("sales", "sales_yuan", "number", ""),
        ("wage", "wage_income_yuan", "number", ""),
        ("used", "used", "flag", ""),
        ("odd", "odd", "number", ""),
    ]
    return pl.DataFrame(
        [
            (*r, "yuan" if r[1].endswith("_yuan") else "", *(TYPED[(i + n) % len(TYPED)] for n in (0, 9, 18)))
            for i, r in enumerate(rows)
        ],
        schema=["raw_header", "name", "kind", "identifier", "unit", "label_zh", "label_en", "note"],
        orient="row",
    )


def _q(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(i: int) -> str:
    return f"{{ zh = {_q(WRITABLE[i % len(WRITABLE)])}, en = {_q(WRITABLE[(i + 7) % len(WRITABLE)])} }}"


def _programme() -> str:
    every = _q(" ".join(WRITABLE))
    parts = [
        f'schema_version = 1\n[programme]\nid = "hostile"\nname = {{ zh = {every}, en = {every} }}',
        f'provenance = "simulated"\nlicence = {every}\nattribution = {every}',
        '[design]\nunit = "household_id"\ncluster = "village_id"\ntime = "year"\nfirst_treated = "start"',
        'assignment = "chosen"\n[[sources]]\nkind = "survey"\nfile = "households_{year}*.parquet"',
        'key = ["household_id", "year"]\ncodebook = "codebook.csv"',
        '[quality]\nenumerator = "enumerator"',
    ]
    for i, (name, unit) in enumerate(INDICATORS.items()):
        own = " ".join(WRITABLE[i :: len(INDICATORS)])
        label = f"{{ zh = {_q(own)}, en = {_q(own)} }}"
        parts.append(f'[[indicators]]\nname = "{name}"\nlabel = {label}\ndomain = "other"\nunit = {_q(unit)}')
        parts.append(f'family = {_q(WRITABLE[i])}\nestimator = "did"\nrobustness = ["group_time"]')
    parts += [f"[[costs]]\nitem = {_q(text)}\namount_yuan = 1000\nyear = 2014" for text in WRITABLE]
    parts.append(f'[[funnel]]\ncolumn = "used"\nlabel = {_text(3)}')
    return "\n".join(parts) + "\n"


def _claims() -> str:
    parts = [
        f"schema_version = 1\n[article]\nname = {_text(0)}\nsource = {_q(WRITABLE[2])}\n[units]\nshop = {_text(5)}"
    ]
    for i in range(len(WRITABLE)):
        texts = "\n".join(f"{key} = {_text(i + n)}" for n, key in enumerate(("about", "place", "of", "base", "note")))
        parts.append(
            f'[[claims]]\nid = "c{i}"\nsaid = {_q(f"{WRITABLE[i]} 14家" if not _has_digit(WRITABLE[i]) else "14家")}\n'
            f'value = 14\nunit = "shops"\nconcept = "shops"\nkind = "outcome"\nline = 1\nindicator = "sales_yuan"\n{texts}'
        )
    parts.append(f'[[relations]]\nid = "r"\nabout = {_text(1)}\nkind = "sum"\nof = ["c0", "c1"]\nnote = {_text(2)}')
    return "\n".join(parts) + "\n"


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)
