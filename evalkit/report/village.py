"""The internal page of one village: its means beside those of pilot and comparison villages; description only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.diagnostics.village import VillageProfile
from evalkit.programme import IndicatorPlan, Programme
from evalkit.report.block import Block, FigureBlock, both, heading, paragraph
from evalkit.report.disclosure import Size, held_text, withheld
from evalkit.report.figures import COMPARISON, INK, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, Unit, alike, alike_money, level, unit_of, whole
from evalkit.report.origin import summarise
from evalkit.report.rounds import is_monthly, round_in_words, round_label, round_places
from evalkit.report.wording import LANGUAGES, Language, say, words_of

Rows = Mapping[int, Mapping[str, Mapping[str, Any]]]
"""The means of a village and of the arms: by round, then arm."""
STYLES = {
    "village": (INK, "diamond", "solid", "this_village"),
    "pilot": (PILOT, "circle", "dot", "all_pilot"),
    "comparison": (COMPARISON, "square", "dash", "all_comparison"),
}


def village_headline(programme: Programme, village: str, profiles: Sequence[VillageProfile]) -> Block:
    """Return the page's first sentence."""
    start = profiles[0].first_treated if profiles else None

    def kind(lang: Language) -> str:
        if start is None:
            return say(programme, lang, "village_kind_comparison")
        key = "month" if is_monthly(programme) else "pilot" if start > 1900 else "round"
        return say(programme, lang, f"village_kind_{key}", start=round_in_words(start, programme, lang))

    lines = {
        lang: say(programme, lang, "village_headline", village=village, kind=kind(lang), n=len(profiles))
        for lang in LANGUAGES
    }
    return summarise(lines) + Block(paragraph(lambda lang: say(programme, lang, "village_note")))


def village_table(programme: Programme, profiles: Sequence[VillageProfile]) -> Block:
    """Return the latest means of all indicators: this village, pilot villages, comparison villages."""
    title = heading(lambda lang: say(programme, lang, "village_title", village=profiles[0].village if profiles else ""))
    return Block(title + both(lambda lang: _table(programme, profiles, lang).html()))


def _table(programme: Programme, profiles: Sequence[VillageProfile], lang: Language) -> Grid:
    words = words_of(programme, lang)
    latest_of = [by_time[max(by_time)] for by_time in map(_by_time, profiles)]
    plans = [programme.indicator(p.indicator) for p in profiles]
    money = alike_money(
        (unit_of(p.unit), [r["mean"] for r in latest.values()]) for p, latest in zip(plans, latest_of, strict=True)
    )
    rows = []
    for plan, by_arm in zip(plans, latest_of, strict=True):
        cells = [_cell(by_arm.get(arm), programme, money(unit_of(plan.unit)), lang) for arm in STYLES]
        rows.append([getattr(plan.label, lang), *(c[0] for c in cells), cells[0][1]])
    head = [words.label("indicator"), *(words.label(s[3]) for s in STYLES.values()), words.label("households")]
    return Grid(head, rows)


def _cell(row: Mapping[str, Any] | None, programme: Programme, unit: Unit, lang: Language) -> tuple[str, str]:
    """Return mean and households of a cell; one that rests on too few households is withheld on this page too."""
    if row is None:
        return DASH, DASH
    held = withheld([Size(row["n_units"], None)], programme.disclosure)[0]
    if held:
        hidden = held_text(held, programme.disclosure, words_of(programme, lang))
        return hidden, hidden
    return level(row["mean"], unit, lang), whole(row["n_units"], lang)


def village_figures(programme: Programme, profiles: Sequence[VillageProfile]) -> list[FigureBlock]:
    """Return one figure for each indicator with rounds: the village beside both arms."""
    followed = [p for p in profiles if p.means["time"].n_unique() > 1]
    return [_figure(programme, p) for p in followed]


def _figure(programme: Programme, profile: VillageProfile) -> FigureBlock:
    rows = _by_time(profile)
    return figure_block(lambda lang: _drawn(programme, profile, rows, lang))


def _by_time(profile: VillageProfile) -> Rows:
    """Return the rows of the means by round, then arm."""
    rows: dict[int, dict[str, dict[str, Any]]] = {}
    for row in sorted(profile.means.to_dicts(), key=lambda row: row["time"]):
        rows.setdefault(row["time"], {})[row["arm"]] = row
    return rows


def _drawn(programme: Programme, profile: VillageProfile, rows: Rows, lang: Language) -> Drawn:
    words, plan = words_of(programme, lang), programme.indicator(profile.indicator)
    unit, least = unit_of(plan.unit), programme.disclosure.min_households
    series = []
    for arm, (color, symbol, dash, key) in STYLES.items():
        shown = [by_arm[arm] for by_arm in rows.values() if arm in by_arm and by_arm[arm]["n_units"] >= least]
        if shown:
            times, means = round_places([r["time"] for r in shown], programme), [r["mean"] for r in shown]
            series.append(Series(words.label(key), times, means, color, symbol, dash))
    monthly = is_monthly(programme)
    axes = Axes(
        words.label("month" if monthly else "time"),
        words.label("mean"),
        percent_y=unit.kind == "share",
        whole_x=not monthly,
        months=monthly,
    )
    title = words.label("means_only", label=getattr(plan.label, lang))
    return Drawn(
        title,
        words.label("village_title", village=profile.village),
        title,
        plot(series, axes),
        _table_by_time(programme, plan, rows, lang),
    )


def _table_by_time(programme: Programme, plan: IndicatorPlan, rows: Rows, lang: Language) -> Grid:
    words, body = words_of(programme, lang), []
    unit = alike(unit_of(plan.unit), [row["mean"] for by_arm in rows.values() for row in by_arm.values()])
    for time, by_arm in rows.items():
        cells = [_cell(by_arm.get(arm), programme, unit, lang) for arm in STYLES]
        body.append([round_label(time, programme), *(c[0] for c in cells), cells[0][1]])
    return Grid(
        [
            words.label("month" if is_monthly(programme) else "time"),
            *(words.label(s[3]) for s in STYLES.values()),
            words.label("households"),
        ],
        body,
    )
