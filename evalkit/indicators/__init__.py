"""Indicators: income, credit and sales in the field's definitions, built once for all rounds."""

from evalkit.indicators.registry import build

__all__ = ["build"]
