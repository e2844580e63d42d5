"""The kernel of a run: this interpreter itself, whatever kernels are registered on the machine."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from evalkit.batch.machine import cores
from evalkit.following import QUIET

LANGUAGE = "python"
NAME = "python3"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class ThisInterpreter(AsyncKernelManager):
    """Starts ipykernel with the interpreter that runs the batch; no kernel needs to be registered."""

    @default("transport")
    def _default_transport(self) -> str:
        return "tcp" if os.name == "nt" else "ipc"

    @default("ip")
    def _default_ip(self) -> str:
        """Return a socket name of this kernel's own: the default is shared by kernels that start in one folder."""
        return "" if os.name == "nt" else str(Path(tempfile.gettempdir()) / f"evalkit-{uuid.uuid4().hex[:12]}")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command line of the kernel."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"]
        return KernelSpec(argv=argv, display_name="Python 3 (evalkit)", language=LANGUAGE)


def environment(workers: int) -> dict[str, str]:
    """Return what runs inherit: one BLAS thread each, a share of the cores for polars, the plotly renderer."""
    return {
        **dict.fromkeys(ONE_THREAD, "1"),
        "POLARS_MAX_THREADS": str(max(1, cores() // workers)),
        QUIET: "1",
        "PLOTLY_RENDERER": "plotly_mimetype",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
