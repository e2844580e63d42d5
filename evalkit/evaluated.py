"""What one page of a batch has evaluated, for the others: frozen values as JSON, kept as long as the batch goes on.

The programme page and the page of an article need the findings of the indicators' own pages. Within a batch they are
computed once; a later batch, `verify` and a notebook in JupyterLab compute anew. Numbers come back to the bit. Nothing
is pickled: only dataclasses of evalkit are made from a file, from their fields. A function among the fields (the
refits of a synthetic comparison, say) is not stored: where it is called, the value is computed anew to have it.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import polars as pl

FOLDER = "EVALKIT_EVALUATED"
"""Environment variable with the folder; the batch sets it for its notebooks."""
PACKAGE = "evalkit."
KIND = "_"
"""Key that tells what stands for a value that JSON does not have."""
Path_ = tuple[str | int, ...]


T = TypeVar("T")


def once(name: str, make: Callable[[], T], given: Mapping[str, Any]) -> T:
    """Return a frozen value of this batch by its name; it is made, and kept for the others, where it is not there.

    ``given`` are fields of the value that every caller has: they are not stored, but put in place.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return make()
    file = Path(folder) / f"{name}.json"
    if file.is_file():
        found: T = thawed(file.read_text(encoding="utf-8"), given, make)
        return found
    value = make()
    _write(file, frozen(value, given))
    return value


def frozen(value: Any, given: Mapping[str, Any]) -> str:
    """Return a dataclass without its given fields as JSON."""
    return json.dumps(_Freezer(given).freeze(value, ()))


def thawed(text: str, given: Mapping[str, Any], make: Callable[[], Any]) -> Any:
    """Return the value that was frozen; `make` gives it anew where one of its functions is called."""
    return _Thawer(given, make).thaw(json.loads(text), ())


class _Freezer:
    """Turns values into what JSON has; an array that occurs twice is stored once, and is one array again later."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given, self._arrays = given, dict[int, str]()

    def freeze(self, value: Any, path: Path_) -> Any:
        if value is None or isinstance(value, bool | str) or type(value) in (int, float):
            return value
        if len(path) == 1 and path[0] in self._given:
            return {KIND: "given"}
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            return {KIND: "scalar", "dtype": value.dtype.str, "value": value.item()}
        if isinstance(value, tuple | list):
            items = [self.freeze(item, (*path, i)) for i, item in enumerate(value)]
            return items if isinstance(value, list) else {KIND: "tuple", "items": items}
        if isinstance(value, Mapping):
            return {
                KIND: "map",
                "items": [[self.freeze(k, path), self.freeze(v, (*path, k))] for k, v in value.items()],
            }
        return self._other(value, path)

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        if id(value) in self._arrays:
            return {KIND: "same", "as": self._arrays[id(value)]}
        name = self._arrays[id(value)] = str(len(self._arrays))
        if value.dtype.hasobject:
            raise TypeError("an array of objects cannot be stored")
        by_columns = value.flags.f_contiguous and not value.flags.c_contiguous
        order: Literal["C", "F"] = "F" if by_columns else "C"  # sums over an array depend on it in the last bit
        data = base64.b64encode(value.tobytes(order)).decode("ascii")
        about = {"dtype": value.dtype.str, "shape": list(value.shape), "order": order}
        return {KIND: "array", "name": name, **about, "data": data}

    def _other(self, value: Any, path: Path_) -> Any:
        if isinstance(value, date):
            return {KIND: type(value).__name__, "text": value.isoformat()}
        if isinstance(value, pl.DataFrame):
            stream = io.BytesIO()
            value.write_ipc(stream)
            return {KIND: "frame", "data": base64.b64encode(stream.getvalue()).decode("ascii")}
        if dataclasses.is_dataclass(value) and type(value).__module__.startswith(PACKAGE):
            names = [f.name for f in dataclasses.fields(value)]
            fields = {name: self.freeze(getattr(value, name), (*path, name)) for name in names}
            return {KIND: "dataclass", "of": [type(value).__module__, type(value).__qualname__], "fields": fields}
        if callable(value):
            return {KIND: "function"}
        raise TypeError(f"{type(value).__name__} at {path} cannot be stored")


class _Thawer:
    """The other way; everything that it makes is named here or a dataclass of evalkit."""

    def __init__(self, given: Mapping[str, Any], make: Callable[[], Any]) -> None:
        self._given, self._make, self._arrays = given, make, dict[str, np.ndarray[Any, Any]]()

    def thaw(self, value: Any, path: Path_) -> Any:
        if isinstance(value, list):
            return [self.thaw(item, (*path, i)) for i, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        how: dict[str, Callable[[dict[str, Any], Path_], Any]] = {
            "given": lambda _, at: self._given[str(at[0])],
            "array": self._array,
            "same": lambda v, _: self._arrays[v["as"]],
            "scalar": lambda v, _: np.dtype(v["dtype"]).type(v["value"]),
            "tuple": lambda v, at: tuple(self.thaw(v["items"], at)),
            "map": lambda v, at: {k: self.thaw(item, (*at, k)) for k, item in self._pairs(v["items"], at)},
            "date": lambda v, _: date.fromisoformat(v["text"]),
            "datetime": lambda v, _: datetime.fromisoformat(v["text"]),
            "frame": lambda v, _: pl.read_ipc(io.BytesIO(base64.b64decode(v["data"]))),
            "dataclass": self._dataclass,
            "function": lambda _, at: self._later(at),
        }
        return how[value[KIND]](value, path)

    def _pairs(self, items: list[list[Any]], path: Path_) -> list[tuple[Any, Any]]:
        return [(self.thaw(key, path), item) for key, item in items]

    def _array(self, value: dict[str, Any], _: Path_) -> np.ndarray[Any, Any]:
        data = np.frombuffer(base64.b64decode(value["data"]), dtype=np.dtype(value["dtype"]))
        found = self._arrays[value["name"]] = data.reshape(value["shape"], order=value["order"]).copy("K")
        return found

    def _dataclass(self, value: dict[str, Any], path: Path_) -> Any:
        module, name = value["of"]
        kind = getattr(import_module(module), name) if module.startswith(PACKAGE) else None
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise TypeError(f"{module}.{name} is no dataclass of evalkit")
        return kind(**{k: self.thaw(v, (*path, k)) for k, v in value["fields"].items()})

    def _later(self, path: Path_) -> Callable[..., Any]:
        def function(*arguments: Any, **named: Any) -> Any:
            value = self._make()
            for step in path:
                value = getattr(value, step) if isinstance(step, str) and hasattr(value, step) else value[step]
            return value(*arguments, **named)

        return function


def _write(file: Path, text: str) -> None:
    """Write a file that is whole or not there; it is not flushed to disk, since it goes with the batch."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as temporary:
        temporary.write(text)
    Path(name).replace(file)
