"""Reported claims: an article's figures, what arithmetic says of them, what must not be compared, what is missing."""

from evalkit.claims.amount import Amount
from evalkit.claims.arithmetic import Result
from evalkit.claims.audit import Audit, audit
from evalkit.claims.model import Claim, Relation, Reported
from evalkit.claims.read import CLAIMS_FILE, has_claims, read_claims

__all__ = [
    "CLAIMS_FILE",
    "Amount",
    "Audit",
    "Claim",
    "Relation",
    "Reported",
    "Result",
    "audit",
    "has_claims",
    "read_claims",
]
