"""Identifiers of persons: found in headers and cells, and treated before anything else sees them."""

from evalkit.intake.identifiers.detect import HEADERS, Seen, detect
from evalkit.intake.identifiers.door import ACTIONS, at_the_door, ids_at_the_door, is_treated

__all__ = ["ACTIONS", "HEADERS", "Seen", "at_the_door", "detect", "ids_at_the_door", "is_treated"]
