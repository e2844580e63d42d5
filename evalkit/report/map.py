"""The map of villages: offline, from the programme's own file; on public pages no village stands at its exact place."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.diagnostics import VillageMap
from evalkit.intake import Outline
from evalkit.programme import Programme
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import ARM_STYLE
from evalkit.report.figures import GRAY, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import whole
from evalkit.report.wording import Language, words_of

GRID_DEG = 0.05
"""Side of the squares that stand for villages on public pages, about five kilometres."""
BESIDE = 0.2
"""Pilot and comparison marks of one square stand so much of a side left and right of its middle."""
HEIGHT, MOST = 420, 640
Place = tuple[float, float]
"""Longitude and latitude, in degrees."""


def village_map(programme: Programme, found: VillageMap | None) -> Block | FigureBlock:
    """Return pilot and comparison villages on a map with the outlines around them; empty without [map]."""
    if found is None or found.points.height == 0:
        return Block("")
    return figure_block(lambda lang: _figure(programme, found, lang))


def shown_places(programme: Programme, found: VillageMap) -> dict[str, list[Place]]:
    """Return where the marks of each arm stand: on public pages one for each square of the grid that has a village.

    A village at 118.337° east, 33.951° north lies in the square with the middle 118.325° and 33.975°.
    """
    out = {}
    for arm, (shift, _) in zip(ARM_STYLE, ((-BESIDE, 0), (BESIDE, 0)), strict=True):
        own = [(r["longitude_deg"], r["latitude_deg"]) for r in found.points.to_dicts() if r["arm"] == arm]
        if programme.disclosure.audience != "internal":
            squares = sorted({(math.floor(x / GRID_DEG), math.floor(y / GRID_DEG)) for x, y in own})
            own = [(round((i + 0.5 + shift) * GRID_DEG, 4), round((j + 0.5) * GRID_DEG, 4)) for i, j in squares]
        out[arm] = own
    return out


def _figure(programme: Programme, found: VillageMap, lang: Language) -> Drawn:
    words, places = words_of(programme, lang), shown_places(programme, found)
    series = [s for o in found.outlines for ring in o.rings for s in _ring(o.name, ring)]
    for arm, (color, symbol, _) in ARM_STYLE.items():
        if places[arm]:
            x, y = zip(*places[arm], strict=True)
            series.append(Series(words.rows[arm], x, y, color, symbol, mode="markers"))
    every = [p for s in series for p in zip(s.x, s.y, strict=True)]
    wide, high = (max(p[i] for p in every) - min(p[i] for p in every) for i in (0, 1))
    ratio = 1 / math.cos(math.radians(sum(p[1] for p in every) / len(every)))
    tall = int(min(MOST, HEIGHT * max(1.0, high * ratio / wide))) if wide > 0 else HEIGHT
    rows = area_counts(found)
    title, table = _title(programme, rows, lang), _table(programme, found, rows, lang)
    alt = title + ("。" if lang == "zh" else ". ") + words.label("map_subtitle")
    key = "map_subtitle" if programme.disclosure.audience == "internal" else "map_subtitle_coarse"
    return Drawn(title, words.label(key), alt, plot(series, Axes("", "", height=tall, map_ratio=ratio)), table)


def _ring(name: str, ring: Sequence[Place]) -> list[Series]:
    """Return an outline as an area and its edge."""
    x, y = zip(*ring, ring[0], strict=True)
    area = Series(name, x, y, mode="lines", filled=True, legend=False)
    return [area, Series(name, x, y, GRAY, mode="lines", width=1.2, legend=False)]


def area_counts(found: VillageMap) -> list[tuple[str, int, int]]:
    """Return name, pilot and comparison villages of each named outline, in the file's order, and last of the rest."""
    counts = {o.name: {"pilot": 0, "comparison": 0} for o in found.outlines if o.name}
    rest = {"pilot": 0, "comparison": 0}
    for row in found.points.to_dicts():
        at = (row["longitude_deg"], row["latitude_deg"])
        inside = next((o.name for o in found.outlines if o.name and holds(o, at)), None)
        (rest if inside is None else counts[inside])[row["arm"]] += 1
    rows = [(name, n["pilot"], n["comparison"]) for name, n in counts.items()]
    return [*rows, ("", rest["pilot"], rest["comparison"])] if any(rest.values()) else rows


def holds(outline: Outline, at: Place) -> bool:
    """Whether a place lies within an outline: a ray to the east crosses its edges an odd number of times."""
    x, y = at
    crossed = 0
    for ring in outline.rings:
        for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
            crossed += (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay)
    return crossed % 2 == 1


def _title(programme: Programme, rows: Sequence[tuple[str, int, int]], lang: Language) -> str:
    words = words_of(programme, lang)
    title = words.label("map_title", pilot=sum(r[1] for r in rows), comparison=sum(r[2] for r in rows))
    named = [words.label("map_area", area=r[0], pilot=r[1], comparison=r[2]) for r in rows if r[0]]
    joint, colon = ("；", "：") if lang == "zh" else ("; ", ": ")
    return f"{title}{colon}{joint.join(named)}" if named else title


def _table(programme: Programme, found: VillageMap, rows: Sequence[tuple[str, int, int]], lang: Language) -> Grid:
    words = words_of(programme, lang)
    body = [[name or words.label("map_elsewhere"), *(whole(n, lang) for n in counts)] for name, *counts in rows]
    head = [words.label("map_place"), words.rows["pilot"], words.rows["comparison"]]
    missing = words.label("map_missing", n=found.n_without_place) if found.n_without_place else ""
    return Grid(head, body, note=missing)
