"""What a page is asked in the browser: axe-core's rules, and whether labels of figures stand out from their ground."""

from __future__ import annotations

from pathlib import Path

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})).violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .map(v => [v.id, v.nodes.slice(0, 3).map(n => n.target.join(' '))])"""
FAINT = """() => {
    const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number);
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const ratio = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
    return [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).flatMap(plot => {
        const own = getComputedStyle(plot).backgroundColor;
        const ground = own === 'rgba(0, 0, 0, 0)' ? getComputedStyle(document.body).backgroundColor : own;
        return [...plot.querySelectorAll('svg text')].filter(t => t.textContent && t.getBoundingClientRect().width)
            .map(t => [t.textContent, ratio(getComputedStyle(t).fill, ground)]).filter(([, found]) => found < 4.5);
    });
}"""
"""Labels of figures, which axe-core does not look at, that stand out by less than 4.5 to 1."""
