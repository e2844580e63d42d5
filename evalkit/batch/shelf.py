"""The programmes of the data folder by name, for notebooks: programmes() completes names in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from evalkit.batch.places import data_folder, find_programme, programme_ids
from evalkit.programme import Programme, load


@dataclass(frozen=True, slots=True, repr=False)
class Programmes(Mapping[str, Programme]):
    """The programmes of one folder; each is read when it is asked for. ``programmes["`` and Tab completes names."""

    folder: Path

    def __getitem__(self, name: str) -> Programme:
        """Read one programme; raise PlanError with the nearest name where there is none."""
        return load(self.folder / name) if name in self.names else find_programme(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def names(self) -> list[str]:
        """Their names, sorted."""
        return programme_ids(self.folder)

    def _ipython_key_completions_(self) -> list[str]:
        return self.names

    def __repr__(self) -> str:
        return f"Programmes({', '.join(self.names)})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(p.id)}</td><td>{escape(p.about.name.zh)}</td><td>{escape(p.about.name.en)}</td>"
            f"<td>{p.about.provenance}</td><td>{len(p.indicators)}</td></tr>"
            for p in self.values()
        )
        head = "<tr><th>name</th><th>项目</th><th>programme</th><th>data</th><th>indicators</th></tr>"
        return f"<table>{head}{rows}</table>"


def programmes() -> Programmes:
    """Return the programmes of data_raw/, here or in a folder above, or of the folder in $EVALKIT_DATA."""
    return Programmes(data_folder())
