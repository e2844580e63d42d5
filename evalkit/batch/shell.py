"""A notebook's shell in this process: IPython's own, with what a cell shows collected as a notebook stores it.

No kernel is started and no message is sent. What a cell prints, displays, returns or raises becomes the outputs that
a kernel and its client would have stored: streams joined, displays updated by their id, tracebacks as lists of lines.
Output of programs that a cell starts other than by ``!`` or ``%%bash`` is not the shell's: it goes to the run's log.
"""

from __future__ import annotations

import atexit
import builtins
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config


class Recorder:
    """The outputs of the cell that runs, in the form of nbformat; those of earlier cells can still be updated by id."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []
        self._by_id: dict[str, list[Any]] = {}
        self._clear_next = False

    def start_cell(self, outputs: list[Any]) -> None:
        """Collect into this list from now on."""
        self.outputs, self._clear_next = outputs, False

    def add(self, kind: str, display_id: str | None = None, **content: Any) -> None:
        """Add an output; one that can be updated later is remembered by its id."""
        from nbformat import from_dict

        self._clear_if_asked()
        output = from_dict({"output_type": kind, **content})  # type: ignore[no-untyped-call]
        self.outputs.append(output)
        if display_id is not None:
            self._by_id.setdefault(display_id, []).append(output)

    def update(self, display_id: str | None, data: Any, metadata: Any) -> None:
        """Put new content into the outputs shown under an id."""
        for output in self._by_id.get(display_id or "", []):
            output["data"], output["metadata"] = data, metadata

    def stream(self, name: str, text: str) -> None:
        """Add text to a stream; joined to the last output where that is the same stream."""
        self._clear_if_asked()
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self.add("stream", name=name, text=text)

    def clear(self, *, wait: bool) -> None:
        """Forget the cell's outputs, now or when the next one comes."""
        if wait:
            self._clear_next = True
        else:
            self.outputs.clear()

    def _clear_if_asked(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self.outputs.clear()


class Stream(io.TextIOBase):
    """What stands for sys.stdout or sys.stderr while a cell runs."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._name, self._recorder = name, recorder

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As a kernel's streams."""
        return "UTF-8"

    def writable(self) -> bool:
        """Text can be written."""
        return True

    def write(self, text: str) -> int:
        """Record text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._recorder.stream(self._name, text)
        return len(text)


class Publisher(DisplayPublisher):
    """What `display()` gives its data to."""

    recorder = AnyTrait()

    def publish(  # type: ignore[override]
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Record a display, or new content of an earlier one."""
        self._validate_data(data, metadata)  # type: ignore[no-untyped-call]
        content = as_sent({"data": data, "metadata": metadata or {}})
        display_id = (transient or {}).get("display_id")
        if update:
            self.recorder.update(display_id, **content)
        else:
            self.recorder.add("display_data", display_id, **content)

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell has shown."""
        self.recorder.clear(wait=wait)


class ResultHook(DisplayHook):
    """What the value of a cell's last expression is given to."""

    recorder = AnyTrait()

    def start_displayhook(self) -> None:
        """Print nothing around a value."""

    def write_output_prompt(self) -> None:
        """Print nothing: the number stands in the output itself."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Record the value's forms."""
        content = as_sent({"data": format_dict, "metadata": md_dict or {}})
        self.recorder.add("execute_result", execution_count=self.prompt_count, **content)

    def finish_displayhook(self) -> None:
        """Print nothing around a value."""
        self._is_active = False


class NotebookShell(InteractiveShell):
    """IPython's shell without terminal, history file or profile folder."""

    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Publisher)
    recorder = AnyTrait()

    def init_ipython_dir(self, ipython_dir: Any) -> None:
        """Leave the user's IPython folder alone: a page must not depend on it."""

    def init_profile_dir(self, profile_dir: Any) -> None:
        """Leave the user's profile alone."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException | None, stb: list[str]) -> None:
        content = as_sent({"ename": etype.__name__, "evalue": str(evalue), "traceback": stb})
        self.recorder.add("error", **content)
        self._last_traceback = stb


@contextmanager
def notebook_shell() -> Iterator[NotebookShell]:
    """Yield a fresh shell; streams, `input`, ``sys.path`` and ``__main__`` are this process's own again afterwards."""
    recorder = Recorder()
    kept = sys.stdout, sys.stderr, builtins.input, sys.displayhook, sys.modules["__main__"], sys.path[:]
    config = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})
    shell = NotebookShell.instance(config=config, recorder=recorder)
    cast(Publisher, shell.display_pub).recorder = cast(ResultHook, shell.displayhook).recorder = recorder
    try:
        sys.stdout, sys.stderr = (cast(Any, Stream(name, recorder)) for name in ("stdout", "stderr"))
        builtins.input = _no_input
        sys.path.insert(0, "")
        yield shell
    finally:
        sys.stdout, sys.stderr, builtins.input, sys.displayhook, sys.modules["__main__"], sys.path[:] = kept
        atexit.unregister(shell.atexit_operations)
        shell.user_ns.clear()  # IPython's own way of ending collects garbage, which costs more than most notebooks
        NotebookShell.clear_instance()


def as_sent(content: dict[str, Any]) -> Any:
    """Return content as it is after a kernel's message: tuples become lists, dates become text."""
    from jupyter_client.session import json_packer, json_unpacker

    return json_unpacker(json_packer(content))


def _no_input(prompt: object = "") -> str:
    raise EOFError(f"input({prompt!r}) was called, but nobody can answer while a batch runs")
