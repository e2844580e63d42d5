"""Draw: which villages become pilots, by lot; anybody can draw again and must find the same."""

from evalkit.draw.lots import Drawn, Lot, draw_villages
from evalkit.draw.record import ASSIGNMENT, RECORD, keep, problems, read_record, record_of

__all__ = ["ASSIGNMENT", "RECORD", "Drawn", "Lot", "draw_villages", "keep", "problems", "read_record", "record_of"]
