"""Indicators: income, credit and sales in the field's definitions, built once for all rounds."""

from evalkit.indicators.registry import build, columns_of

__all__ = ["build", "columns_of"]
