"""What programme.toml says of a ledger: a source with a row for each sale, event of a loan, parcel or request."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LedgerKind = Literal["orders", "loans", "parcels", "requests"]
NEEDED = ("ledger", "who", "date")


class CountOnce(BaseModel):
    """How a sale that two sides book (a member and the co-op) is counted once.

    Rows with one value of `by` are one sale. Where any of them has `first` in the column `kind`, those rows count and
    the rows of other kinds are left out; several rows of the first kind (members who share a delivery) all count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str
    kind: str
    first: str


class LedgerFields(BaseModel):
    """The entries of [[sources]] that only a ledger has; names of columns are canonical names of its codebook."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    ledger: LedgerKind | None = None
    who: str | None = None
    date: str | None = None
    complete: tuple[int, int] | None = None
    dates: tuple[datetime.date, datetime.date] | None = None
    entered: str | None = None
    late_days: int = Field(default=90, ge=0)
    late: Literal["keep", "leave_out"] = "keep"
    reverses: str | None = None
    count_once: CountOnce | None = None
    words: dict[str, tuple[str, ...]] = {}
    prefix: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*_)?$")

    @model_validator(mode="after")
    def _whole(self) -> LedgerFields:
        """Refuse a ledger that lacks what it needs, and entries of a ledger in a source of another kind."""
        if self.kind != "ledger":
            odd = sorted(n for n in LedgerFields.model_fields if n != "kind" and n in self.model_fields_set)
            if odd:
                raise ValueError(f"[[sources]] of the kind {self.kind!r} has {', '.join(odd)}, which a ledger has")
            return self
        absent = [n for n in NEEDED if getattr(self, n) is None]
        if absent:
            raise ValueError(f"[[sources]] of the kind 'ledger' needs {', '.join(absent)}")
        for name in ("complete", "dates"):
            pair = getattr(self, name)
            if pair is not None and pair[0] > pair[1]:
                raise ValueError(f"{name} = {[str(p) for p in pair]} ends before it begins")
        return self
