"""What an office reads before it sends a shared file: what is in it, what is not, and what it can be used for."""

from __future__ import annotations

from evalkit.moments.senders import sender_of
from evalkit.moments.share import EXACT, WHY_NOT, Shared
from evalkit.moments.value import SCHEMA_VERSION, Moments


def summary(moments: Moments, kept: Shared, name: str, digest: str) -> str:
    """Return the summary of a shared file in Chinese and English; `digest` is the SHA-256 of the file `name`."""
    part, sender = moments.parts[0], sender_of(moments)
    lines = [
        f"报送文件：{name}",
        f"报送单位：{sender.office}，第 {sender.revision} 版",
        f"SHA-256：{digest}",
        f"汇总格式：第 {SCHEMA_VERSION} 版（evalkit {sender.evalkit}）",
        "",
        f"本文件只有按村汇总的数，没有任何一户的记录。由 {part.n_rows} 行、{len(moments.clusters)} 个村汇总而成。",
        _marks_zh(len(sender.marks), sender.key_mark),
        f"汇总的指标：{'、'.join(n for n in moments.outcomes)}",
        f"轮次：{'、'.join(str(p) for p in moments.periods)}",
        f"村：{'、'.join(moments.clusters)}",
        *([f"户数过少、未列入的村：{'、'.join(kept.left_out)}"] if kept.left_out else []),
        f"汇总后仍可精确计算：{'、'.join(kept.estimators)}；其余方法会拒绝，并说明原因。",
        "",
        f"File: {name}",
        f"Office: {sender.office}, revision {sender.revision}",
        f"SHA-256: {digest}",
        f"Schema of moments: {SCHEMA_VERSION} (evalkit {sender.evalkit})",
        "",
        f"This file holds sums by village, and no household's record: {part.n_rows} rows of "
        f"{len(moments.clusters)} villages.",
        _marks_en(len(sender.marks), sender.key_mark),
        f"Indicators: {', '.join(moments.outcomes)}",
        f"Rounds: {', '.join(str(p) for p in moments.periods)}",
        f"Villages: {', '.join(moments.clusters)}",
        *([f"Left out, too few households: {', '.join(kept.left_out)}"] if kept.left_out else []),
        f"Exact from this file: {', '.join(kept.estimators)}, with {', '.join(kept.inferences)}.",
        *([f"Refused from this file: all others; {WHY_NOT}."] if kept.estimators == EXACT else []),
    ]
    return "\n".join([*lines, ""])


def _marks_zh(n: int, key_mark: str) -> str:
    if not n:
        return "未设密钥，不含农户标记：同一户若被两个单位重复统计，汇总时看不出来。"
    return f"含 {n} 个农户标记（用密钥 {key_mark} 算出，没有密钥不能还原），仅用于核对同一户是否被重复统计。"


def _marks_en(n: int, key_mark: str) -> str:
    if not n:
        return "No key was set, so it has no marks of households: one that two offices count cannot be seen."
    return f"It has {n} marks of households (by key {key_mark}), only to see whether two offices counted the same one."
