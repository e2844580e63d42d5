"""Field checks, as DIME and IPA run them during a survey: named rules that point to rows and never change them."""

from evalkit.intake.checks.rule import PROBLEM_SCHEMA, Check, Found, Level
from evalkit.intake.checks.run import field_checks

__all__ = ["PROBLEM_SCHEMA", "Check", "Found", "Level", "field_checks"]
