"""Counting every deadline again after a new holiday, beside the plain SQL that writes the same dates.

    python -m bench.recount [--cases 200000]

Cases are put in by the thousand, without comments' texts; what is measured is `pipeline.recompute_due` over
all of them, each moving by a day, with its event, and one row of the trail for each page.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

import opening
import pipeline
from bench.ingest import START
from bench.queue_page import an_installation
from moderation.calendar import GOV_UK, WALES, Holiday
from pipeline import Installation
from store import accounts
from store.cases import CaseRow, RoundRow
from store.comments import CommentRow
from store.database import Session
from vocabulary import Origin, Platform, Presence, ReplyLanguage, Severity, State

AT_ONCE = 5_000


def fill(here: Installation, number: int) -> None:
    """So many open cases that arrived on the days before START."""

    def account(session: Session) -> int:
        row = accounts.add(
            session,
            slug="cyngor-fb",
            platform=Platform.FACEBOOK,
            native_id="1",
            display_name="Cyngor",
            service_area="waste",
            now=START,
        )
        return row.id

    account_id = here.store.write(account)
    for first in range(1, number + 1, AT_ONCE):
        ids = range(first, min(number + 1, first + AT_ONCE))

        def rows(session: Session, ids: range = ids) -> None:
            session.execute(insert(CommentRow), [_comment(n, account_id) for n in ids])
            session.execute(insert(CaseRow), [_case(n, account_id) for n in ids])
            session.execute(insert(RoundRow), [_round(n) for n in ids])

        here.store.write(rows)


def _comment(number: int, account_id: int) -> dict[str, Any]:
    return {
        "id": number, "account_id": account_id, "native_id": f"c{number}", "author_id": None, "thread": "",
        "in_reply_to": "", "url": "", "posted_at": START, "collected_at": START, "presence": Presence.PRESENT,
        "first_seen": START, "last_seen": START, "latest": 1, "language": "en", "origin": Origin.ADDRESSED,
    }  # fmt: skip


def _case(number: int, account_id: int) -> dict[str, Any]:
    return {
        "id": number, "reference": f"GW-2026-{number:07}", "account_id": account_id, "thread": "", "version": 1,
        "state": State.RECEIVED, "service_area": "waste", "language": "en", "reply_in": ReplyLanguage.EN,
        "answer_owed": True, "severity": Severity.NONE, "restricted": False, "escalated_to": "", "due": DUE, "round": 1,
        "because": [], "policy_version": "bench", "outcome": "", "opened_at": START,
    }  # fmt: skip


def _round(number: int) -> dict[str, Any]:
    return {
        "case_id": number, "number": 1, "comment_id": number, "received_at": START - timedelta(hours=number % 90),
        "answer_owed": True, "ack_due": DUE, "due": DUE, "first_due": DUE, "due_because": "", "beyond_known": False,
    }  # fmt: skip


DUE = date(2000, 1, 3)
"""So that every case moves."""


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--cases", type=int, default=200_000)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder, opening.installation(an_installation(Path(folder))) as here:
        fill(here, asked.cases)
        started = time.perf_counter()
        known = [Holiday(START.date() + timedelta(days=3), WALES, "A day", "Diwrnod", GOV_UK)]
        pipeline.refresh_holidays(here, now=START, known=known)
        ours = time.perf_counter() - started
        with here.store.read() as session:
            moved = session.scalar(text("SELECT COUNT(*) FROM round WHERE due > '2000-01-03'"))
        started = time.perf_counter()

        def plain(session: Session) -> None:
            session.execute(text("UPDATE round SET due = '2026-12-01', due_because = 'plain'"))
            session.execute(text("UPDATE cases SET due = '2026-12-01', version = version + 1"))

        here.store.write(plain)
        bare = time.perf_counter() - started
    print(f"cases that moved: {moved:,}")
    print(f"counted again, with an event each: {moved / ours:,.0f} a second; plain SQL: {moved / bare:,.0f} a second")
    print(f"ratio: {bare / ours:.2f}")


if __name__ == "__main__":
    main()
