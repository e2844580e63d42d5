"""Words of ledgers: which cell means which event, channel or state; what no list knows is rejected, never guessed."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.errors import PlanError, nearest
from evalkit.programme import Source

Words = Mapping[str, tuple[str, ...]]
WORDS: dict[str, dict[str, Words]] = {
    "orders": {
        "channel": {
            "online": ("线上", "网店", "网络", "电商"),
            "offline": ("线下", "实体", "门店", "批发"),
            "live": ("直播", "直播带货", "live-stream"),
        },
        "status": {
            "sold": ("交易成功", "已完成", "完成", "已收货", "已发货", "销售"),
            "returned": ("退货", "退款", "退款成功", "已退货", "已退款"),
            "cancelled": ("取消", "已取消", "交易关闭", "作废"),
        },
    },
    "loans": {
        "event": {
            "granted": ("授信", "批准"),
            "disbursed": ("发放", "放款", "用信"),
            "repaid": ("还款", "归还", "收回"),
            "overdue": ("逾期",),
            "cured": ("恢复正常", "逾期结清"),
            "written_off": ("核销",),
        }
    },
    "parcels": {"direction": {"sent": ("寄出", "寄件", "揽收", "发件"), "received": ("派件", "投递", "签收", "收件")}},
    "requests": {},
}
"""By ledger and column: each code with the cells that mean it, beside the code itself."""


def words_of(source: Source) -> dict[str, dict[str, str]]:
    """Return, by column, the code of each cell: the lists above with the words that programme.toml adds.

    Raises
    ------
    PlanError
        programme.toml gives words for a code that this ledger does not have, or one word to two codes.
    """
    columns = WORDS[str(source.ledger)]
    codes = [code for column in columns.values() for code in column]
    for code in source.words:
        if code not in codes:
            raise PlanError(
                f"[[sources]] {source.place}, words",
                f"{code!r} is no word of the ledger {source.ledger!r} ({nearest(code, codes)})",
                f"one of {', '.join(codes)}" if codes else "no words",
                "correct it",
            )
    return {name: _cells(source, name, column) for name, column in columns.items()}


def _cells(source: Source, name: str, column: Words) -> dict[str, str]:
    """Return the code of each cell of one column; a word that programme.toml gives to a code leaves its old one."""
    stated = {word: code for code in column for word in source.words.get(code, ())}
    doubled = sorted(w for w in stated if sum(w in source.words.get(c, ()) for c in column) > 1)
    if doubled:
        raise PlanError(
            f"[[sources]] {source.place}, words",
            f"{doubled[0]!r} stands for two codes of {name!r}",
            "one code a word",
            "take it out of one list",
        )
    usual = {word: code for code, words in column.items() for word in (code, *words)}
    return {**usual, **stated}
