"""Tables as a workbook (XLSX): one sheet for each, words as words and numbers as numbers, nothing that a spreadsheet would compute."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable

import xlsxwriter

from portal.components import say_filter
from portal.office.figure_tables import Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_NAME = 31
NARROW, WIDE = 10, 50
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_AS_TYPED = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}


def workbook(tables: Iterable[Table]) -> bytes:
    """The file. What begins with =, +, - or @ stays text (OWASP: CSV injection)."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TYPED) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        taken: set[str] = set()
        for table in tables:
            sheet = book.add_worksheet(_sheet_name(say_filter(table.title), taken))
            rows: list[list[str | int]] = [
                [say_filter(name) for name in table.heads],
                *([cell.value for cell in row] for row in table.rows),
            ]
            for place, row in enumerate(rows):
                for number, value in enumerate(row):
                    _write(sheet, place, number, value, head if place == 0 else None)
            sheet.freeze_panes(1, 1)
            for number in range(len(table.heads)):
                widest = max(_width(str(row[number])) for row in rows)
                sheet.set_column(number, number, min(max(widest + 2, NARROW), WIDE))
    return content.getvalue()


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: str | int, style: object) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, value, style)


def _sheet_name(title: str, taken: set[str]) -> str:
    """The title as a sheet may be called: 31 characters, none of ``[]:*?/\\``, each name once."""
    name = _NOT_IN_NAMES.sub(" ", title)[:LONGEST_NAME].strip("' ")
    while name.lower() in taken:
        name = f"{name[: LONGEST_NAME - 2]} 2"
    taken.add(name.lower())
    return name


def _width(text: str) -> int:
    """How many columns a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
