"""A week's figures as a CSV file that opens well in a spreadsheet, in either language.

Four tables with a blank line between them: the figures, one row for the total and for each area,
platform and language, then the late cases, the times for which accounts were not heard, and what
people corrected.  UTF-8
with a byte-order mark, without which Excel reads *tŷ* as something else; dates and decimals as machines
write them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from moderation.service_areas import Areas
from reports import measures
from reports.figures import Figures, Weekly
from reports.page import SILENT, area_name, capital
from words import Words

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a text begins that a spreadsheet would run."""

Value = str | int | float


def written(report: Weekly, words: Words, areas: Areas) -> bytes:
    """The whole file."""
    file = io.StringIO(newline="")
    out = csv.writer(file)
    for row in (
        *_figures(report, words, areas),
        (),
        *_late_cases(report, words, areas),
        (),
        *_unheard(report, words),
        (),
        *_corrected(report, words),
    ):
        out.writerow([safe(value) if isinstance(value, str) else value for value in row])
    return file.getvalue().encode("utf-8-sig")


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one that looks like it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _figures(report: Weekly, words: Words, areas: Areas) -> Iterator[tuple[Value, ...]]:
    _ = words.gettext
    week = str(report.week)
    yield (_("Week"), _("Counted by"), _("Name"), *(_(each.heading) for each in measures.ALL))
    yield (week, _("Total"), "", *_numbers(report.total))
    for slug, figures in report.by_area.items():
        yield (week, _("Service area"), area_name(slug, words, areas), *_numbers(figures))
    for platform, figures in report.by_platform.items():
        yield (week, _("Platform"), capital(words.name(platform)), *_numbers(figures))
    for language, figures in report.by_language.items():
        yield (week, _("Language"), capital(words.name(language)), *_numbers(figures))


def _numbers(figures: Figures) -> Iterator[Value]:
    for measure in measures.ALL:
        number = measure.of(figures)
        yield "" if number is None else round(number, 1)


def _unheard(report: Weekly, words: Words) -> Iterator[tuple[Value, ...]]:
    _ = words.gettext
    yield (_("Account"), _("What was silent"), _("From"), _("Until"))
    for each in report.silences:
        ended = each.ended.isoformat() if each.ended else ""
        yield (each.account, _(SILENT[each.kind]), each.began.isoformat(), ended)


def _corrected(report: Weekly, words: Words) -> Iterator[tuple[Value, ...]]:
    _ = words.gettext
    yield (_("About"), _("Taken away"), _("Added or changed"))
    for each in report.corrections:
        yield (capital(words.name(each.about)), each.taken_away, each.added)


def _late_cases(report: Weekly, words: Words, areas: Areas) -> Iterator[tuple[Value, ...]]:
    _ = words.gettext
    yield (
        _("Reference"),
        _("Service area"),
        _("Platform"),
        _("Language"),
        _("Received on"),
        _("Answer due on"),
        _("Answered on"),
        _("Working days late"),
    )
    for case in report.late_cases:
        yield (
            case.reference,
            area_name(case.place.area, words, areas),
            capital(words.name(case.place.platform)),
            capital(words.name(case.place.language)),
            case.received.isoformat(),
            case.due.isoformat(),
            case.answered.isoformat() if case.answered else "",
            case.days_late,
        )
