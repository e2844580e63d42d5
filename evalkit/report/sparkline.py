"""The small picture of a row in the list: where a result and its interval lie, seen from zero."""

from __future__ import annotations

Interval = tuple[float, float, float]
"""Estimate, lower and upper end."""
WIDTH, HEIGHT, MARGIN = 96, 20, 5


def sparkline(interval: Interval | None) -> str:
    """Return an inline SVG: zero in the middle, a bar from end to end, a point at the estimate; or nothing.

    Rows have their own scale: the end farther from zero touches the margin. It shows the side and the width relative
    to the distance from zero, never sizes to compare between rows. It tells nothing that the sentence beside it does
    not say, so a screen reader passes it over.
    """
    if interval is None:
        return ""
    reach = max(abs(value) for value in interval) or 1.0
    middle, half = WIDTH / 2, WIDTH / 2 - MARGIN
    at, low, high = (f"{middle + value / reach * half:.1f}" for value in interval)
    y = HEIGHT / 2
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<line class="zero" x1="{middle}" x2="{middle}" y1="1" y2="{HEIGHT - 1}"/>'
        f'<line class="range" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/><circle cx="{at}" cy="{y}" r="3.5"/></svg>'
    )
