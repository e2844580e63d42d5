"""Makes old_workbook.xls with xlwt (not a dependency): `python tests/intake/make_old_xls.py`."""

from pathlib import Path

import xlwt

book = xlwt.Workbook()
sheet = book.add_sheet("住户")
for r, row in enumerate(
    [["某县住户调查"], ["户编号", "村编号", "销售额(元)"], ["001", "A", 12000], ["002", "B", "500"]]
):
    for c, value in enumerate(row):
        sheet.write(r, c, value)
book.save(str(Path(__file__).with_name("old_workbook.xls")))
