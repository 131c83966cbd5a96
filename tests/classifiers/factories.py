"""Readings that say only what matters to the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from classifiers.language import open_language
from classifiers.weighing import Scales, open_scales
from vocabulary import Author, Comment, Earlier, Reading

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@cache
def scales() -> Scales:
    """The encoder that ships, opened once for every test."""
    return open_scales(open_language())


def a_reading(text: str, native_id: str = "1") -> Reading:
    return Reading(Comment(account="sir-y-bannau", native_id=native_id, text=text, posted_at=NOON))


def a_history(*rows: tuple[float, str, str, bool]) -> Reading:
    """The last row as a reading, the rest as its author's history.

    A row is days before NOON, the thread, the text, and whether we had replied to them before it.
    """

    def comment(days: float, thread: str, text: str) -> Comment:
        at = NOON - timedelta(days=days)
        return Comment(
            account="sir-y-bannau",
            native_id=f"{days}",
            text=text,
            posted_at=at,
            author=Author("a1"),
            thread=thread,
        )

    *before, (days, thread, text, replied) = rows
    past = tuple(Earlier(comment(d, th, tx), replied_before=r) for d, th, tx, r in reversed(before))
    return Reading(comment(days, thread, text), past, replied_before=replied)
