"""Identifiers of persons: found in headers and cells, and treated before anything else sees them."""

from evalkit.intake.identifiers.detect import HEADERS, Seen, detect
from evalkit.intake.identifiers.door import ACTIONS, at_the_door

__all__ = ["ACTIONS", "HEADERS", "Seen", "at_the_door", "detect"]
