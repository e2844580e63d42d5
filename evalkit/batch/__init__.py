"""Batch: plans runs of notebooks over programmes, executes them, writes pages, the list and the manifest."""

from evalkit.batch.plan import Plan, Request, make_plan, shard_of
from evalkit.batch.run import Result, Settings, run_batch

__all__ = ["Plan", "Request", "Result", "Settings", "make_plan", "run_batch", "shard_of"]
