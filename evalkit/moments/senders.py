"""Who sent which part: corrections take the place of what an office sent before; nobody is counted by two offices."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from evalkit.errors import DataError, listed
from evalkit.intake.identifiers.pseudonym import pseudonym
from evalkit.moments.value import Moments, Part, Sender

KIND = "household"
"""What the keyed hash is told that it hashes."""


@dataclass(frozen=True, slots=True)
class Received:
    """What is left to add up after corrections, and a sentence for each file that was replaced."""

    moments: tuple[Moments, ...]
    replaced: tuple[str, ...]


def mark_of(household: str, key: bytes) -> int:
    """Return the mark of a household: the 64 bits of its pseudonym (`intake.identifiers.pseudonym`)."""
    return int(pseudonym(household, KIND, key), 16)


def signed(
    moments: Moments,
    office: str,
    evalkit: str,
    *,
    revision: int = 1,
    households: Iterable[str] = (),
    key: bytes | None = None,
) -> Moments:
    """Return moments of one pass over rows that say which office shares them.

    Parameters
    ----------
    evalkit : str
        The version that sums.
    revision : int
        1 for what an office sends first, 2 for its first correction, and so on.
    households : iterable of str
        Their ids; with `key` they become marks, by which the centre sees whether two offices counted one household.
    """
    if len(moments.parts) != 1:
        raise DataError(
            "moments --share", f"they have {len(moments.parts)} parts", "one pass over rows", "sum the rows at once"
        )
    marks = () if key is None else tuple(sorted({mark_of(h, key) for h in households}))
    key_mark = "" if key is None else hmac.new(key, b"mark", hashlib.sha256).hexdigest()[:8]
    sender = Sender(office, revision, evalkit, key_mark, marks)
    return replace(moments, parts=(replace(moments.parts[0], sender=sender),))


def latest(moments: Sequence[Moments]) -> Received:
    """Leave out what an office has corrected since, and say so.

    Raises
    ------
    DataError
        Two different files of an office have one revision; what was corrected is already in a sum; or files were made
        by different versions of evalkit.
    """
    sent = [(m, part, sender) for m in moments for part, sender in _sent(m.parts)]
    _refuse_other_versions([sender for _, _, sender in sent])
    newest: dict[str, tuple[Moments, Part, Sender]] = {}
    for one in sent:
        office = one[2].office
        newest[office] = _newer(newest[office], one) if office in newest else one
    old = [one for one in sent if newest[one[2].office][0] is not one[0]]
    left_out = {id(m) for m, _, _ in old}
    told = [_replaced(part, sender, *newest[sender.office][1:]) for _, part, sender in old]
    return Received(tuple(m for m in moments if id(m) not in left_out), tuple(told))


def _replaced(old: Part, was: Sender, new: Part, now: Sender) -> str:
    return (
        f"{now.office}: revision {now.revision} (part {new.id}) takes the place of "
        f"revision {was.revision} (part {old.id}), which is left out"
    )


def refuse_common_households(parts: Sequence[Part]) -> None:
    """Refuse parts of which two hold the same household; only parts with marks can be looked at.

    Raises
    ------
    DataError
        With both offices and the marks; or marks were made with different keys and cannot be compared.
    """
    marked = [sender for _, sender in _sent(parts) if sender.marks]
    for mine, theirs in combinations(marked, 2):
        if mine.key_mark != theirs.key_mark:
            raise DataError(
                "merge",
                f"{mine.office} and {theirs.office} marked their households with different keys "
                f"({mine.key_mark} and {theirs.key_mark})",
                "one key in all offices",
                "give both the same key file, and let one share again",
            )
        common = sorted(set(mine.marks) & set(theirs.marks))
        if common:
            raise DataError(
                "merge",
                f"{len(common)} households are counted by both {mine.office} and {theirs.office} "
                f"(marks {listed(f'{m:016x}' for m in common)})",
                "each household in one office's file",
                "each office finds them by their marks in its list of households; one leaves them out and shares again "
                "with the next --revision",
            )


def are_marked(parts: Sequence[Part]) -> bool:
    """Whether all parts hold marks of their households."""
    return all(p.sender is not None and p.sender.marks for p in parts)


def called(parts: Sequence[Part]) -> str:
    """Return what some parts are called in a sentence: their offices, or their ids."""
    names = [f"{p.sender.office}, revision {p.sender.revision}" if p.sender else f"part {p.id}" for p in parts]
    return listed(names)


def _newer(a: tuple[Moments, Part, Sender], b: tuple[Moments, Part, Sender]) -> tuple[Moments, Part, Sender]:
    (mine, one, was), (theirs, two, now) = a, b
    if len(mine.parts) > 1 or len(theirs.parts) > 1:
        raise DataError(
            "merge",
            f"{was.office} stands in a sum of several offices and in another file",
            "the files of the offices: what is in a sum cannot be taken out",
            "merge again from the files that the offices sent",
        )
    if was.revision == now.revision and one.id != two.id:
        raise DataError(
            "merge",
            f"{was.office} sent two different files that are both revision {was.revision} "
            f"(parts {one.id} and {two.id})",
            "a revision number that tells which is right, or two offices with names of their own",
            "let the office share the right one again with the next --revision, or each with its own --office",
        )
    if one.id == two.id:
        raise DataError(
            "merge", f"part {one.id} of {was.office} is given more than once", "each part once", "leave the copies out"
        )
    return a if was.revision > now.revision else b


def _refuse_other_versions(senders: Sequence[Sender]) -> None:
    versions = {s.office: s.evalkit for s in senders}
    if len({s.evalkit for s in senders}) > 1:
        raise DataError(
            "merge",
            f"the files were made by different versions: {listed(f'{o} by evalkit {v}' for o, v in versions.items())}",
            "one version of evalkit in all offices",
            "install the same version there, and let these offices share again",
        )


def _sent(parts: Sequence[Part]) -> list[tuple[Part, Sender]]:
    return [(p, p.sender) for p in parts if p.sender is not None]


def sender_of(moments: Moments) -> Sender:
    """Return who shared moments of one part.

    Raises
    ------
    DataError
        Nobody has, or they are a sum of several parts.
    """
    sent = _sent(moments.parts)
    if len(moments.parts) != 1 or not sent:
        raise DataError(
            "moments", "they were not shared by one office", "a file of `moments --share`", "share the rows first"
        )
    return sent[0][1]
