"""The register as a file: the fields of the national publication in their order, as CSV or as a sheet, safe from formulas."""

from __future__ import annotations

import io

from xlsxwriter import Workbook

from licensing.documents.packing import csv_of, safe_cell
from licensing.errors import Invalid
from licensing.register.queries import Search, all_permits, count
from licensing.register.rules import FIELDS
from licensing.words import say

MOST_ROWS = 50_000
WIDTHS = (10, 30, 34, 8, 12, 12, 12, 60, 24, 24)


def as_csv(wanted: Search) -> bytes:
    """Everything that fits as CSV (RFC 4180, UTF-8). Raises ``Invalid`` (``too-many-rows``) above 50,000 permits."""
    _check_size(wanted)
    return csv_of(FIELDS, (permit.fields() for permit in all_permits(wanted)))


def as_xlsx(wanted: Search) -> bytes:
    """Everything that fits as a workbook of one sheet, every cell a text. Raises like :func:`as_csv`."""
    _check_size(wanted)
    stream = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(stream, options) as book:
        sheet, head = book.add_worksheet("行政许可"), book.add_format({"bold": True, "bottom": 1})
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, FIELDS, head)
        for line, permit in enumerate(all_permits(wanted), start=1):
            for column, text in enumerate(permit.fields()):
                sheet.write_string(line, column, safe_cell(text))
    return stream.getvalue()


def _check_size(wanted: Search) -> None:
    if count(wanted, MOST_ROWS) > MOST_ROWS:
        raise Invalid(
            say("More than %(most)s permits fit, which is more than one file may hold.", most=MOST_ROWS),
            next_step=say("Narrow the search, for example to one year, and download it in parts."),
            code="too-many-rows",
        )
