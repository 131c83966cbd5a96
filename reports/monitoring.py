"""The monitoring officer's monthly list: who looked at one person again and again, and what was taken down.

It names the staff who looked, and nobody else: an author is a number on a platform, a case is its
reference.  Repeated looking comes first.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from reports.csv_file import safe
from reports.files import write_whole
from reports.month import Month
from settings import Settings
from store import audit, conduct, jobs, openings, people
from store.database import Session, Store
from store.openings import Opening
from vocabulary import Opened, Platform
from words import LANGUAGES, Words
from words.names import N_

TAKEN_DOWN: Final = {
    "case.hidden": N_("hidden on the platform"),
    "case.unhidden": N_("shown again on the platform"),
    "case.deleted": N_("deleted"),
}
"""The acts on the audit trail by which a comment was taken down, or put back, and what they are called."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One member of staff and one page: when they opened it, oldest first, and what for where they said."""

    who: str
    what: Opened
    author_id: int | None
    platform: Platform | None
    reference: str
    moments: tuple[datetime, ...]
    purposes: tuple[str, ...]

    @property
    def times(self) -> int:
        return len(self.moments)


@dataclass(frozen=True, slots=True)
class TakenDown:
    """One act by which a comment was taken down or put back, as the trail has it."""

    at: datetime
    who: str
    action: str
    subject: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The list of one month.  `made_at` is when it was made for good; None while the month, or its making, goes on."""

    month: Month
    looked: tuple[Looked, ...]
    taken_down: tuple[TakenDown, ...]
    made_at: datetime | None

    @property
    def at_authors(self) -> tuple[Looked, ...]:
        return tuple(each for each in self.looked if each.what is Opened.AUTHOR)

    @property
    def at_restricted(self) -> tuple[Looked, ...]:
        return tuple(each for each in self.looked if each.what is not Opened.AUTHOR)


def monitoring(session: Session, month: Month) -> Monitoring:
    """The list of a month from the rows as they stand."""
    rows = audit.between(session, month.start, month.end, TAKEN_DOWN)
    names = people.full_names(session, {row.actor for row in rows})
    references = conduct.references(session, [number for row in rows if (number := _case_in(row.subject)) is not None])
    made = session.get(jobs.RunOnceRow, _key(month))
    return Monitoring(
        month,
        tuple(_by_page(openings.between(session, month.start, month.end))),
        tuple(
            TakenDown(
                row.at,
                names.get(row.actor, row.actor),
                row.action,
                references.get(_case_in(row.subject) or 0, row.subject),
            )
            for row in rows
        ),
        made.at if made else None,
    )


def publish_last_month(store: Store, settings: Settings, *, now: datetime) -> tuple[Path, ...]:
    """Write the list of the month before `now` in the folder of reports, once, and record that it was made.

    `monitoring-2026-11.cy.csv` and `.en.csv`.  The files come first and the run-once key after them: a crash
    between writes the same files again.
    """
    month = Month.before(now)
    with store.read() as session:
        made = monitoring(session, month)
    if made.made_at is not None:
        return ()
    settings.reports_dir.mkdir(parents=True, exist_ok=True)
    files: dict[Path, str] = {}
    for language in LANGUAGES:
        path, content = settings.reports_dir / f"monitoring-{month}.{language}.csv", written(made, Words(language))
        write_whole(path, content)
        files[path] = hashlib.sha256(content).hexdigest()

    def act(session: Session) -> None:
        if jobs.claim(session, _key(month), now=now):
            audit.append(
                session,
                actor=audit.SYSTEM,
                action="report.monitoring",
                subject=f"report:{_key(month)}",
                now=now,
                after={"sha256": {path.name: digest for path, digest in files.items()}},
            )

    store.write(act)
    return tuple(files)


def written(report: Monitoring, words: Words) -> bytes:
    """The list as a CSV file that opens well in a spreadsheet: who opened what, then what was taken down."""
    file = io.StringIO(newline="")
    out = csv.writer(file)
    for row in (*_looked(report, words), (), *_taken_down(report, words)):
        out.writerow([safe(value) if isinstance(value, str) else value for value in row])
    return file.getvalue().encode("utf-8-sig")


def page_of(looked: Looked, words: Words) -> str:
    """What was opened, as the list says it."""
    if looked.what is Opened.AUTHOR and looked.platform is not None:
        return words.gettext(
            "Author {number} on {platform}", number=looked.author_id, platform=words.name(looked.platform)
        )
    return f"{looked.reference} ({words.name(looked.what)})"


def said_of(action: str, words: Words) -> str:
    """What an act of taking down is called."""
    return words.gettext(TAKEN_DOWN[action])


def _looked(report: Monitoring, words: Words) -> Iterator[tuple[str | int, ...]]:
    _ = words.gettext
    yield (_("Month"), _("Who opened it"), _("What was opened"), _("Times"), _("First"), _("Last"), _("Purposes"))
    for each in report.looked:
        first, last = each.moments[0].isoformat(), each.moments[-1].isoformat()
        yield (str(report.month), each.who, page_of(each, words), each.times, first, last, " | ".join(each.purposes))


def _taken_down(report: Monitoring, words: Words) -> Iterator[tuple[str | int, ...]]:
    _ = words.gettext
    yield (_("Month"), _("When"), _("Who did it"), _("What was done"), _("Reference"))
    for each in report.taken_down:
        yield (str(report.month), each.at.isoformat(), each.who, said_of(each.action, words), each.subject)


def _by_page(opened: Sequence[Opening]) -> list[Looked]:
    """Openings put together by person and page; whoever looked most often comes first."""
    together: dict[tuple[int, Opened, int | None, str], list[Opening]] = {}
    for each in opened:
        together.setdefault((each.user_id, each.what, each.author_id, each.reference), []).append(each)
    looked = [
        Looked(
            found[0].who,
            found[0].what,
            found[0].author_id,
            found[0].platform,
            found[0].reference,
            tuple(each.at for each in found),
            tuple(each.purpose for each in found if each.purpose),
        )
        for found in together.values()
    ]
    return sorted(looked, key=lambda each: (-each.times, each.moments[0]))


def _case_in(subject: str) -> int | None:
    kind, _, number = subject.partition(":")
    return int(number) if kind == "case" and number.isdigit() else None


def _key(month: Month) -> str:
    return f"monitoring:{month}"
