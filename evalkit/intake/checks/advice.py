"""What a field supervisor does about each check, in Chinese and English."""

ADVICE = {
    "negative_part": (
        "核对正负号：工资不会为负；净收入为负须确认当年确有亏损",
        "check the sign: wages are never negative; a negative net income must be a real loss of that year",
    ),
    "part_above_whole": (
        "回访核对两项数值：部分不应大于整体",
        "call back and check both values: a part cannot exceed the whole",
    ),
    "log_of_zero": (
        "零没有对数：log(1+y)、asinh 的结果随单位改变。改用 ppml（比例变化），或把“有没有”与“有的有多少”分开作指标",
        "zero has no logarithm, and effects on log(1 + y) or asinh depend on the unit: use ppml (a proportional "
        "effect), or two indicators, whether there is any and how much (Chen & Roth 2024)",
    ),
    "size_jump": (
        "核对家庭人口：是否漏记、分户或误访了另一户",
        "check the household roster: members left out, a split household, or another household",
    ),
    "unit_slip": (
        "与上一轮相差约一万倍等：核对是否把元与万元、亩与公顷、斤与公斤、月与年弄混",
        "differs from the round before by a unit's factor: check yuan and 10,000 yuan, mu and hectare, jin and kg, "
        "month and year",
    ),
    "unit_slip_round": (
        "整轮数值相差一个单位倍数：核对该轮问卷与代码本的单位",
        "a whole round differs by a unit's factor: check the unit in that round's questionnaire and codebook",
    ),
    "unit_slip_village": (
        "整村数值相差一个单位倍数：核对该村填写的单位",
        "a whole village differs by a unit's factor: check the unit that was written down there",
    ),
    "unit_slip_enumerator": (
        "该调查员的数值相差一个单位倍数：问清其填写的单位",
        "an enumerator's values differ by a unit's factor: ask which unit was written down",
    ),
    "outlier": (
        "对照问卷或回访核实；属实则保留，不要改动原始数据",
        "check against the questionnaire or call back; keep it if it is true, never overwrite the raw data",
    ),
    "duplicate_ids": (
        "查明是重复访问还是编号写错，写入更正单",
        "find out whether it is a second interview or a wrong number, and enter it in the correction log",
    ),
    "identical_answers": (
        "两户答案完全相同：回访其中一户",
        "two households with all answers alike: call one of them back",
    ),
    "straight_line": (
        "整组题选同一答案：回访或与调查员核对",
        "one answer to a whole block: call back, or ask the enumerator",
    ),
    "duration": (
        "访谈过短或过长：核对起止时间，必要时回访",
        "too short or too long: check start and end, call back if needed",
    ),
    "enumerator_heaping": (
        "整数偏多：提醒调查员追问具体数额",
        "too many round numbers: ask the enumerator to probe for exact amounts",
    ),
    "enumerator_straight_line": ("整组同答偏多：陪访一次", "blocks answered alike too often: accompany an interview"),
    "enumerator_duration": ("访谈普遍偏短：陪访一次", "interviews mostly too short: accompany an interview"),
    "enumerator_unknown": (
        "“不知道”或拒答偏多：补充培训，核对问法",
        "too many don't-know and refused: train again, check how questions are asked",
    ),
    "backcheck": (
        "两次访问的回答不一致：问清原因；属初访差错的写入更正单",
        "the two visits differ: ask why, and enter mistakes of the first visit in the correction log",
    ),
    "backcheck_unmatched": (
        "复访记录对不上任何一次访谈：核对编号和轮次",
        "the second visit fits no interview: check its number and round",
    ),
    "enumerator_backcheck": (
        "复访差错偏多：约谈该调查员，扩大复访，必要时重访其全部住户",
        "too many answers changed on the second visit: talk to the enumerator, back-check more, re-interview if needed",
    ),
}
