"""Bad input: one table of what is wrong and the message that says so. Exit 1, no traceback, nothing written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from evalkit.cli import main

ROWS = [
    (f"h{v}{h}", f"v{v}", t, 2 if v < 3 else 0, 1.0, float(10 * v + h + t * (1 + v % 2)))
    for v in range(6)
    for h in range(3)
    for t in (1, 2, 3)
]
PANEL = pl.DataFrame(ROWS, schema=["id", "village", "round", "first", "w", "y"], orient="row")
OPTIONS = ["--outcome", "y", "--unit", "id", "--cluster", "village", "--time", "round", "--first-treated", "first"]
Change = Callable[[pl.DataFrame], pl.DataFrame]


def _first(frame: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    """Set a column's value in the first row."""
    return frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )


def _run(tmp_path: Path, frame: pl.DataFrame, *options: str) -> Result:
    file = tmp_path / "panel.parquet"
    frame.write_parquet(file)
    return CliRunner().invoke(main, ["estimate", str(file), *OPTIONS, *options])


CASES: dict[str, tuple[Change, list[str], str]] = {
    "a household whose first_treated changes": (
        lambda f: _first(f, "first", 3),
        [],
        "first_treated: it changes within 1 units (units h00). Needed: one first treated round a unit.",
    ),
    "one village": (
        lambda f: f.filter(pl.col("village") == "v0"),
        [],
        "regression: 1 of 3 columns cannot be told from the others: treated",
    ),
    "no comparison village": (
        lambda f: f.filter(pl.col("first") == 2),
        [],
        "regression: 1 of 3 columns cannot be told from the others: treated",
    ),
    "one comparison village": (
        lambda f: f.filter((pl.col("first") == 2) | (pl.col("village") == "v5")),
        [],
        "inference: 1 comparison village. Needed: at least 2 pilot and 2 comparison villages.",
    ),
    "one pilot village beside two": (
        lambda f: f.filter(pl.col("village").is_in(["v0", "v4", "v5"])),
        [],
        "inference: 1 pilot village. Needed: at least 2 pilot and 2 comparison villages.",
    ),
    "no pilot household before adoption": (
        lambda f: f.filter((pl.col("first") == 0) | (pl.col("round") > 1)),
        ["--estimator", "event_study"],
        "event study: no pilot household is observed at event_time=-1, the base.",
    ),
    "all-missing outcome": (
        lambda f: f.with_columns(pl.lit(None, pl.Float64).alias("y")),
        [],
        "outcome 'y': all 54 rows are missing. Needed: observed values.",
    ),
    "infinite values": (
        lambda f: _first(f, "y", float("inf")),
        [],
        "outcome 'y': 1 values are infinite or NaN (units h00). Needed: finite numbers or missing.",
    ),
    "doubled rows": (
        lambda f: pl.concat([f, f.head(1)]),
        [],
        "rows: 1 unit and round pairs occur more than once (units h00). Needed: one row a unit and round.",
    ),
    "a household that moves": (
        lambda f: _first(f, "village", "v1"),
        [],
        "clusters: 1 units are in more than one village (units h00). Needed: one village a unit.",
    ),
    "a weight of zero": (
        lambda f: _first(f, "w", 0.0),
        ["--weights", "w"],
        "weights: 1 rows have a weight that is missing, zero or negative (units h00).",
    ),
    "a negative weight": (
        lambda f: _first(f, "w", -1.0),
        ["--weights", "w"],
        "weights: 1 rows have a weight that is missing, zero or negative (units h00).",
    ),
    "a misspelt weight": (
        lambda f: f,
        ["--weights", "v"],
        "columns: there is no column 'v' (there are: id, village, round, first, w and 1 more).",
    ),
    "a misspelt stratum": (
        lambda f: f,
        ["--strata", "vilage"],
        "columns: there is no column 'vilage' (nearest: 'village'). Needed: a column 'vilage'.",
    ),
    "a misspelt covariate": (
        lambda f: f,
        ["--covariates", "w,rond"],
        "columns: there is no column 'rond' (nearest: 'round'). Needed: a column 'rond'.",
    ),
    "a first round of 2.5": (
        lambda f: _first(f.with_columns(pl.col("first").cast(pl.Float64)), "first", 2.5),
        [],
        "column 'first': 1 values are no whole rounds (the first is 2.5 in data row 1).",
    ),
    "rounds of 1.5": (
        lambda f: f.with_columns(pl.col("round") / 2),
        [],
        "column 'round': 36 values are no whole rounds (the first is 0.5 in data row 1).",
    ),
    "always treated": (
        lambda f: f.with_columns(pl.when(pl.col("first") > 0).then(1).otherwise(0).alias("first")),
        [],
        "regression: 1 of 3 columns cannot be told from the others: treated",
    ),
    "first_treated after the last round, by event time": (
        lambda f: f.with_columns(pl.when(pl.col("first") > 0).then(9).otherwise(0).alias("first")),
        ["--estimator", "event_study"],
        "event study: no pilot household is observed at event_time=-1, the base.",
    ),
    "a row without household": (
        lambda f: _first(f, "id", None),
        [],
        "column of the unit: 1 of 54 rows have none. Needed: a unit in every row.",
    ),
    "a missing weight": (
        lambda f: _first(f, "w", None),
        ["--weights", "w"],
        "weights: 1 rows have a weight that is missing, zero or negative (units h00).",
    ),
    "text in a number column": (
        lambda f: _first(f.with_columns(pl.col("y").cast(pl.String)), "y", "n/a"),
        [],
        "column 'y': 1 values are text (the first is 'n/a' in data row 1). Needed: numbers in an outcome.",
    ),
    "numbers written as text": (
        lambda f: f.with_columns(pl.col("y").cast(pl.String)),
        [],
        "column 'y': its numbers are written as text.",
    ),
    "a round without a number": (
        lambda f: f.with_columns(pl.lit("spring").alias("round")),
        [],
        "column 'round': it holds String. Needed: rounds as whole numbers (2017, or 1, 2, 3).",
    ),
    "a row without village": (
        lambda f: _first(f, "village", None),
        [],
        "column of the cluster: 1 of 54 rows have none. Needed: a cluster in every row.",
    ),
    "first_treated after the last round": (
        lambda f: f.with_columns(pl.when(pl.col("first") > 0).then(9).otherwise(0).alias("first")),
        [],
        "regression: 1 of 3 columns cannot be told from the others: treated",
    ),
    "no rows": (lambda f: f.clear(), [], "rows: there are none. Needed: at least one row."),
}


@pytest.mark.parametrize("case", CASES)
def test_message(tmp_path: Path, case: str) -> None:
    change, options, message = CASES[case]
    result = _run(tmp_path, change(PANEL), *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "What to do:" in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["panel.parquet"]


def test_treatment_that_switches_off(tmp_path: Path) -> None:
    frame = PANEL.with_columns(((pl.col("first") == 2) & (pl.col("round") == 2)).cast(pl.Int8).alias("d"))
    file = tmp_path / "panel.parquet"
    frame.write_parquet(file)
    options = [
        o if o not in {"--first-treated", "first"} else {"--first-treated": "--treatment", "first": "d"}[o]
        for o in OPTIONS
    ]
    result = CliRunner().invoke(main, ["estimate", str(file), *options])
    assert result.exit_code == 1
    assert "column 'd': treatment switches off for 9 units (h00, h01, h02, h10, h11 and 4 more)." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.csv", *OPTIONS], 1, "nowhere.csv: there is no such file"),
        (["FILE", *OPTIONS[2:]], 2, "--outcome: it is missing."),
        (
            ["FILE", "--outcome", "y", "--unit", "id", "--time", "round", "--first-treated", "first"],
            2,
            "--cluster: it is missing.",
        ),
        (["FILE", *OPTIONS, "--treatment", "first"], 2, "design: both were given."),
        (["FILE", *OPTIONS[:-2]], 2, "design: neither was given."),
        (["FILE", *OPTIONS, "--estimator", "dit"], 2, "--estimator: 'dit' is unknown (nearest: 'itt')."),
        (["FILE", *OPTIONS, "--inference", "wyld"], 2, "inference: 'wyld' is unknown (nearest: 'wild')."),
        (["FILE", *OPTIONS, "--conf-level", "95"], 2, "95"),
        (
            ["FILE", *OPTIONS[:6], *OPTIONS[8:], "--estimator", "did"],
            2,
            "--time: it is missing, and did follows households over rounds.",
        ),
        (["FILE", *OPTIONS, "--outcom", "y"], 2, "No such option"),
        (["FILE", "--outcome", "income", *OPTIONS[2:]], 1, "columns: there is no column 'income'"),
    ],
)
def test_command_line(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    file = tmp_path / "panel.parquet"
    PANEL.write_parquet(file)
    result = CliRunner().invoke(main, ["estimate", *[str(file) if a == "FILE" else a for a in arguments]])
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_three_mistakes_in_a_programme_are_told_at_once(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "data_raw/moz_savings/programme.toml").read_text(encoding="utf-8")
    broken = (
        text.replace('assignment  = "randomised"', 'assignment  = "drawn"')
        .replace("strata ", "stratum ")
        .replace('kind     = "survey"', 'kind     = "survay"')
    )
    (tmp_path / "programme.toml").write_text(broken, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert "3 mistakes: (1) " in result.stderr
    for part in (
        "design.assignment = 'drawn'",
        "design.stratum is not a known entry (nearest: 'strata')",
        "sources.1.kind = 'survay'",
    ):
        assert part in result.stderr


def test_a_village_treated_in_part_contradicts_the_plan() -> None:
    import evalkit

    frame = PANEL.with_columns(pl.when(pl.col("id") == "h30").then(2).otherwise("first").alias("first"))
    design = evalkit.Design(unit="id", cluster="village", time="round", first_treated="first", assigned_to="cluster")
    with pytest.raises(
        evalkit.DesignError,
        match=r"1 villages have both treated and untreated units, or several adoption rounds \(villages v3\)",
    ):
        evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    with pytest.raises(evalkit.DesignError, match=r"villages v3"):
        evalkit.Panel.from_frame(frame, design=design, outcome="y")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "it cannot be read as .csv (empty CSV)"),
        ("a.csv", b"id,y\n\xff\xff,1\n", "line 2, column 1: byte 0xff is not utf-8."),
        ("a.csv", b"id,y\n1,2,3,4\n", "it cannot be read as .csv ("),
        ("a.parquet", b"not a parquet file", "it cannot be read as .parquet ("),
        ("a.xlsx", b"not a workbook", "it cannot be read as .xlsx ("),
        ("a.dta", b"not Stata", "it cannot be read as .dta ("),
        ("a.sav", b"not SPSS", "it cannot be read as .sav ("),
        ("a.json", b"{}", "files of the kind '.json' are not read."),
        (".", None, "it is a folder. Needed: a data file. What to do: name a file in it."),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    """Read by estimate and by moments: exit 1, one message, the file as it was, no other file beside it."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    out = tmp_path.parent / f"{tmp_path.name}_m.parquet"
    for arguments in (["estimate", str(file), *OPTIONS], ["moments", str(file), *OPTIONS, "--out", str(out)]):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert isinstance(result.exception, SystemExit)
        assert message in result.stderr
        assert "What to do:" in result.stderr
        assert not out.exists()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([content] if content is not None else [])


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--weights", "w"], 2, "--weights: 'w', but the moments were summed with none."),
        (["--cluster", "id"], 2, "--cluster: 'id', but the moments were summed with village."),
        (["--anticipation", "1"], 2, "--anticipation: 1, but the moments were summed with none."),
        (["--outcome", "yy"], 2, "outcome: 'yy' is not in the moments (nearest: 'y')."),
        (["--covariates", "w"], 2, "did: covariates with Moments. Needed: a Panel"),
        (["--inference", "classical"], 1, "classical inference: did has no residual sum of squares here."),
        ([*OPTIONS, "--anticipation", "0"], 0, ""),
    ],
)
def test_options_beside_a_moments_file(tmp_path: Path, options: list[str], code: int, message: str) -> None:
    """What the sums were made with stands; an option that says otherwise is refused, not ignored."""
    PANEL.write_parquet(tmp_path / "panel.parquet")
    file = str(tmp_path / "m.parquet")
    made = CliRunner().invoke(main, ["moments", str(tmp_path / "panel.parquet"), *OPTIONS, "--out", file])
    assert made.exit_code == 0
    result = CliRunner().invoke(main, ["estimate", file, *options])
    assert result.exit_code == code
    assert message in result.stderr


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["moments", "PANEL", *OPTIONS, "--out", "m.csv"], 2, "--out: 'm.csv'. Needed: a name that ends in .parquet."),
        (["moments", "PANEL", *OPTIONS, "--out", "no/m.parquet"], 2, "--out: there is no folder"),
        (["moments", "PANEL", *OPTIONS[2:], "--out", "m.parquet"], 2, "Missing option '--outcome'"),
        (["merge", "PANEL", "PANEL", "--out", "m.parquet"], 1, "it is a parquet file without moments."),
        (["merge", "none.parquet", "--out", "m.parquet"], 1, "none.parquet: there is no such file."),
    ],
)
def test_moments_and_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    PANEL.write_parquet("PANEL.parquet")
    result = CliRunner().invoke(main, [c.replace("PANEL", "PANEL.parquet") for c in command])
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["PANEL.parquet"]


def test_a_round_without_pilot_rows(tmp_path: Path) -> None:
    """It holds nothing about the effect: did answers as without it, and event_study has no term for it."""
    gap = PANEL.filter((pl.col("first") == 0) | (pl.col("round") != 3))
    answers = [json.loads(_run(tmp_path, f, "--json").stdout) for f in (gap, gap.filter(pl.col("round") != 3))]
    assert answers[0]["terms"][0]["estimate"] == pytest.approx(answers[1]["terms"][0]["estimate"], abs=1e-12)
    study = json.loads(_run(tmp_path, gap, "--estimator", "event_study", "--json").stdout)
    terms = {r["term"]: r["estimate"] for r in study["terms"]}
    assert terms.get("event_time=1") is None
    assert terms["event_time=0"] is not None


def test_a_plan_that_the_data_contradict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """A village treated in some of its households, where the plan assigns whole villages."""
    folder = tmp_path / "data_raw" / "moz_savings"
    shutil.copytree(root / "data_raw" / "moz_savings", folder)
    rows = pl.read_parquet(folder / "households.parquet")
    at = pl.int_range(pl.len()) == 0
    arm = pl.col("treatment")
    rows.with_columns(pl.when(at).then(1 - arm).otherwise(arm).alias("treatment")).write_parquet(
        folder / "households.parquet"
    )
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(root)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    out = tmp_path / "findings"
    arguments = ["run", str(folder), "--indicator", "saved_q4", "--workers", "1", "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "design.assigned_to: 1 villages have both treated and untreated units" in result.output
    assert "Traceback" not in result.output
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert not list(out.rglob("*.tmp"))
    page = (out / "moz_savings" / "impact-saved_q4.html").read_text(encoding="utf-8")
    assert "1 villages have both treated and untreated units" in page
    assert not (out / "moz_savings" / "impact-saved_q4.json").exists()


def test_a_parquet_whose_pages_are_damaged(tmp_path: Path) -> None:
    """Its footer is sound, so the damage shows only when the rows are used; found by damaged files at random."""
    path = tmp_path / "panel.parquet"
    PANEL.write_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:200] = b"\xff" * 196
    path.write_bytes(content)
    result = CliRunner().invoke(main, ["estimate", str(path), *OPTIONS])
    assert result.exit_code == 1
    assert "a .parquet file: parquet: " in result.stderr
    assert "Traceback" not in result.stderr
