"""What a run's page is called, and where it stands in the findings folder."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import cast

from evalkit import __version__
from evalkit.batch.plan import REPLICATION, Run
from evalkit.programme import Programme
from evalkit.report.page import Opening, Page
from evalkit.report.wording import LANGUAGES, WORDS, Language


def page_of(run: Run, programme: Programme, *, has_json: bool, has_notebook: bool, has_workbook: bool = False) -> Page:
    """Return the frame of a run's page: titles, banners, the way to the list and to shared files."""
    path = PurePosixPath(run.page)
    root = "../" * (len(path.parts) - 1)
    return Page(
        title=title_of(run, programme),
        kicker={x: _kicker(run, programme, x) for x in LANGUAGES},
        root=root,
        home="" if run.internal else f"{root}index.html",
        stem=path.stem,
        version=__version__,
        simulated=programme.is_simulated,
        internal=run.internal,
        lang=cast(Opening, run.lang),
        has_json=has_json,
        has_workbook=has_workbook,
        has_notebook=has_notebook,
    )


def title_of(run: Run, programme: Programme) -> dict[Language, str]:
    """Return the title: the indicator, the village, or what the notebook is about."""
    if "indicator" in run.parameters:
        label = programme.indicator(run.parameters["indicator"]).label
        return {"zh": label.zh, "en": label.en}
    if "village" in run.parameters:
        return {x: str(run.parameters["village"]) for x in LANGUAGES}
    return {x: notebook_name(run.notebook, x) for x in LANGUAGES}


def notebook_name(notebook: str, lang: Language) -> str:
    """Return what a notebook is about; one without wording keeps its own name."""
    key = "replication" if notebook.startswith(REPLICATION) else notebook
    return WORDS[lang].notebooks.get(key, notebook.replace("_", " "))


def _kicker(run: Run, programme: Programme, lang: Language) -> str:
    name = getattr(programme.about.name, lang)
    own_title = not {"indicator", "village"} & set(run.parameters)
    return name if own_title else f"{name} · {notebook_name(run.notebook, lang)}"
