"""The passage of records from raw files to rows that are used, by arm and round, drawn from the log of intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.flow import SampleFlow
from evalkit.intake import Intake
from evalkit.programme import Disclosure, Programme
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.disclosure import Held, Size, held_text, rounded, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import whole
from evalkit.report.rounds import round_label
from evalkit.report.sample import step_name
from evalkit.report.shown import shown_flow
from evalkit.report.tables import rounded_note
from evalkit.report.wording import WORDS, Language, Words, say, words_of

ARMS = ("pilot", "comparison", "unclear")


@dataclass(frozen=True, slots=True)
class Step:
    """What may be shown of one step: records left, records dropped, those left by arm; None = too few to say.

    ``held`` says why no arm is shown where one of them is too small.
    """

    code: str
    n_rows: int
    n_dropped: int | None
    arms: Mapping[str, int | None]
    held: Held | None


@dataclass(frozen=True, slots=True)
class Cell:
    """What may be shown of one round and arm: records read, dropped in each later step, and kept."""

    time: int | None
    arm: str
    n_raw: int
    dropped: tuple[int | None, ...]
    n_kept: int
    held: Held | None


def quality_flow(programme: Programme, intake: Intake) -> Block:
    """Return the figure of records left after each step, by arm, with its table."""
    steps = shown_passage(intake.passage, programme.disclosure)
    title = heading(lambda lang: say(programme, lang, "flow"))
    return Block(title + both(lambda lang: _figure(programme, steps, lang)))


def quality_rounds(programme: Programme, intake: Intake) -> Block:
    """Return the passage of each round and arm, folded up; empty where there is one round."""
    if intake.passage["time"].drop_nulls().n_unique() < 2:
        return Block("")
    cells = shown_rounds(intake.passage, programme.disclosure)
    codes = intake.passage.sort("step")["code"].unique(maintain_order=True).to_list()
    summary = both(lambda lang: text(say(programme, lang, "passage_rounds")), "span")
    table = both(lambda lang: _rounds(programme, cells, codes, lang).html())
    return Block(f"<details><summary>{summary}</summary>{table}</details>")


def quality_ledgers(programme: Programme, intake: Intake) -> Block:
    """Return the steps of each ledger from its raw entries to those that count; empty where there is none."""
    if not intake.ledgers:
        return Block("")
    title = heading(lambda lang: say(programme, lang, "ledger_flow"))
    tables = both(lambda lang: "".join(_ledger(n, f, programme, lang).html() for n, f in intake.ledgers))
    return Block(title + tables + paragraph(lambda lang: say(programme, lang, "ledger_note")))


def shown_passage(passage: pl.DataFrame, limits: Disclosure) -> list[Step]:
    """Return each step's records as they may be shown.

    On public pages counts are rounded, and what was dropped is the difference of rounded counts, so that rows left and
    dropped add up to the rows left before.
    """
    sums = passage.group_by("step", "code", "arm").agg(
        pl.col("n_rows", "n_rows_dropped").sum(), pl.col("n_villages").max()
    )
    steps: list[Step] = []
    for (_, code), rows in sums.sort("step").group_by("step", "code", maintain_order=True):
        left = rounded(int(rows["n_rows"].sum()), limits)
        gone = _dropped(int(rows["n_rows_dropped"].sum()), steps[-1].n_rows if steps else left, left, limits)
        arms = {r["arm"]: Size(r["n_rows"], r["n_villages"]) for r in rows.to_dicts()}
        held = _held(arms, limits)
        shown = {a: _count(arms[a].n_units, limits) for a in ARMS if a in arms and (a == "unclear" or not held)}
        steps.append(Step(str(code), left, gone, shown, held))
    return steps


def shown_rounds(passage: pl.DataFrame, limits: Disclosure) -> list[Cell]:
    """Return the passage of each round and arm that has records, as it may be shown."""
    cells = []
    for (time,), part in passage.sort("time", "step", nulls_last=True).group_by("time", maintain_order=True):
        by_arm = {a: rows for a in ARMS if (rows := part.filter(pl.col("arm") == a)).height and rows["n_rows"][0]}
        held = _held({a: Size(r["n_rows"][-1], r["n_villages"][-1]) for a, r in by_arm.items()}, limits)
        for arm, rows in by_arm.items():
            left = [rounded(n, limits) for n in rows["n_rows"]]
            gone = [
                _dropped(n, before, after, limits)
                for n, before, after in zip(rows["n_rows_dropped"][1:], left, left[1:], strict=False)
            ]
            why = held if arm != "unclear" else too_small(Size(rows["n_rows"][0], None), limits)
            cells.append(Cell(time if time is None else int(str(time)), arm, left[0], tuple(gone), left[-1], why))
    return cells


def _held(arms: Mapping[str, Size], limits: Disclosure) -> Held | None:
    """Say why arms are withheld: one of them is too small, and the other would give it away."""
    return next((held for a, s in arms.items() if a != "unclear" and (held := too_small(s, limits))), None)


def _count(n: int, limits: Disclosure) -> int | None:
    return None if 0 < n < limits.min_households else rounded(n, limits)


def _dropped(n: int, before: int, after: int, limits: Disclosure) -> int | None:
    """Return how many were dropped, as the counts shown tell it; None where they are too few to say."""
    if 0 < n < limits.min_households:
        return None
    return max(before - after, 0) if n else 0


def _figure(programme: Programme, steps: Sequence[Step], lang: Language) -> str:
    """Return the bars, a line a step, which need no script and keep their words on a narrow screen; and the table."""
    words, largest = words_of(programme, lang), max(s.n_rows for s in steps) or 1
    first, last = (whole(steps[i].n_rows, lang) for i in (0, -1))
    title = words.label("passage_title", n_raw=first, n_kept=last)
    stop, semicolon = ("。", "；") if lang == "zh" else (". ", "; ")
    told = semicolon.join(f"{step_name(s.code, words)} {whole(s.n_rows, lang)}" for s in steps)
    lines = "".join(f"<li><span>{text(step_name(s.code, words))}</span>{_bar(s, largest)}</li>" for s in steps)
    arms = [a for a in ARMS if any(s.arms.get(a) for s in steps)]
    legend = "".join(f'<li><i class="{a}"></i>{text(_arm(a, words))}</li>' for a in arms)
    return (
        f"<figure><figcaption><b>{text(title)}</b><span>{text(words.label('passage_subtitle'))}</span></figcaption>"
        f'<ul class="legend" aria-hidden="true">{legend}</ul>'
        f'<div role="img" aria-label="{text(title + stop + told)}"><ol class="passage">{lines}</ol></div>'
        f"{_table(programme, steps, lang).html()}</figure>"
    )


def _bar(step: Step, largest: int) -> str:
    """Return a step's bar: one piece an arm; one piece in all where arms are withheld."""
    pieces = {a: step.arms.get(a) or 0 for a in ARMS} if not step.held else {"all": step.n_rows}
    drawn = (f'<i class="{a}" data-n="{n}" style="width:{100 * n / largest:.2f}%"></i>' for a, n in pieces.items() if n)
    return f"<div>{''.join(drawn)}</div>"


def _table(programme: Programme, steps: Sequence[Step], lang: Language) -> Grid:
    words, limits = words_of(programme, lang), programme.disclosure
    arms = [a for a in ARMS if any((s.held and a != "unclear") or s.arms.get(a, 0) != 0 for s in steps)]
    rows = [
        [
            step_name(s.code, words),
            _text(s.n_dropped, limits, lang),
            whole(s.n_rows, lang),
            *(_arm_text(s, a, programme, lang) for a in arms),
        ]
        for s in steps
    ]
    head = [*(words.label(k) for k in ("step", "rows_dropped", "passage_left")), *(_arm(a, words) for a in arms)]
    notes = [words.label("passage_note"), *([words.label("passage_unclear")] if "unclear" in arms else [])]
    return Grid(head, rows, note=(" " if lang == "en" else "").join([*notes, rounded_note(programme, lang)]))


def _arm_text(step: Step, arm: str, programme: Programme, lang: Language) -> str:
    if step.held and arm != "unclear":
        return held_text(step.held, programme.disclosure, words_of(programme, lang))
    return _text(step.arms.get(arm, 0), programme.disclosure, lang)


def _text(n: int | None, limits: Disclosure, lang: Language) -> str:
    return WORDS[lang].label("less_than", n=limits.min_households) if n is None else whole(n, lang)


def _rounds(programme: Programme, cells: Sequence[Cell], codes: Sequence[str], lang: Language) -> Grid:
    """Return a line a round and arm; a step in which nothing is dropped anywhere has no column."""
    words, limits = words_of(programme, lang), programme.disclosure
    told = [i for i in range(len(codes) - 1) if any(c.dropped[i] != 0 for c in cells)]
    body = []
    for c in cells:
        label = words.label("round_unknown") if c.time is None else round_label(c.time, programme)
        numbers = [whole(c.n_raw, lang), *(_text(c.dropped[i], limits, lang) for i in told), whole(c.n_kept, lang)]
        shown = [held_text(c.held, limits, words)] * len(numbers) if c.held else numbers
        body.append([label, _arm(c.arm, words), *shown])
    steps = [step_name(codes[0], words), *(step_name(codes[i + 1], words) for i in told), words.label("passage_kept")]
    note = rounded_note(programme, lang)
    return Grid([words.label("round_name"), words.label("arm"), *steps], body, note=note, words=(1,))


def _ledger(name: str, flow: SampleFlow, programme: Programme, lang: Language) -> Grid:
    words, limits = words_of(programme, lang), programme.disclosure
    rows = [
        [
            step_name(s["code"], words),
            _text(None if s["few_dropped"] else s["n_rows_dropped"], limits, lang),
            whole(s["n_rows"], lang),
        ]
        for s in shown_flow(flow.steps, limits)
    ]
    kind = words.labels.get(f"ledger_{name}", name.replace("_", " "))
    return Grid([words.label(k) for k in ("step", "rows_dropped", "passage_left")], rows, caption=kind)


def _arm(arm: str, words: Words) -> str:
    return words.label("arm_unclear") if arm == "unclear" else words.rows[arm]
