"""Files beside the tables, damaged in ways that raised an exception of a library: each is refused with a message."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.damaged.readers import entries, path_for, read
from benchmarks.damaged.seeds import CROSSWALK, seeds
from evalkit.errors import EvalkitError
from evalkit.moments.store import KEY

NINES = b"9" * 5000


def moments_with(**changes: object) -> bytes:
    """Return a moments file whose header says something else."""
    raw = io.BytesIO(seeds("moments")[0])
    header = json.loads(pl.read_parquet_metadata(raw)[KEY]) | changes
    out = io.BytesIO()
    pl.read_parquet(raw).write_parquet(out, metadata={KEY: json.dumps(header)})
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        ("programme", b"schema_version = " + NINES, "not valid TOML"),
        ("programme", b"a = " + b"[" * 5000, "not valid TOML"),
        ("claims", b"x = " + NINES, "not valid TOML"),
        ("claims", b"\xff", "not valid TOML in UTF-8"),
        ("lock", b"[" * 100_000, "cannot be read"),
        ("truth", b'{"indicators"', "known effects"),
        ("truth", b"[]", "known effects"),
        ("sums", b"\xff\xfe", "cannot be read as sums"),
        ("published", b"indicator,variant,estimate,std_error,digits,table\na,b,x,1,2,3\n", "published numbers"),
        ("published", b"indicator\na,b,c\n", "published numbers"),
        ("crosswalk", b"column\na,b,c\n", "cannot be read as a crosswalk"),
        ("crosswalk", CROSSWALK.replace("2014", "201²").encode(), "'201²' is no round"),
        ("corrections", b"PK\x03\x04 not a package", "cannot be read as a workbook"),
        ("moments", seeds("moments")[0][:-20], "not a parquet file"),
        ("moments", moments_with(periods=3), "cannot be read as moments"),
        ("moments", moments_with(design={"village": "v"}), "cannot be read as moments"),
        ("moments", moments_with(parts=[{}]), "cannot be read as moments"),
        ("ledger.csv", "户编号,村编号,销售额(元),日期,备注\n1,A,5,2016-01-01,线上,6\n".encode(), "line 2 has 6 cells"),
    ],
)
def test_a_damaged_file_is_refused_with_a_message(tmp_path: Path, kind: str, raw: bytes, message: str) -> None:
    path = path_for(kind, tmp_path)
    path.write_bytes(raw)
    with pytest.raises(EvalkitError, match=message):
        read(kind, path, entries())
