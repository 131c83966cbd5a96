"""Saved searches, begun and ended: each by a named person, for a purpose, until a day of review, on record."""

from __future__ import annotations

from datetime import date, datetime

from moderation import surveillance
from moderation.deadlines import london_date
from moderation.record import Actor
from store import accounts, audit, searches
from store.database import Session
from store.searches import SavedSearchRow
from vocabulary import GwylioError, Reason


class SearchRefused(GwylioError):
    """The search may not be made; `reason` says why, for a reader in either language."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


def begin(
    session: Session,
    slug: str,
    *,
    name: str,
    query: str,
    purpose: str,
    review_on: date,
    body: tuple[str, str],
    actor: Actor,
    now: datetime,
) -> SavedSearchRow:
    """Search with one account's token from now on.  `body` is the body's name in both languages.

    Raises:
        SearchRefused: it would follow a person, or lacks a purpose or a day of review.
        accounts.UnknownAccount, searches.SearchExists.
    """
    account = accounts.by_slug(session, slug)
    names = surveillance.names_of([*body, *(each.display_name for each in accounts.everyone(session))])
    refused = surveillance.refusal(query, names) or surveillance.review_refusal(review_on, london_date(now))
    if not refused and not (purpose.strip() and name.strip()):
        refused = Reason("a search needs a name and a purpose, in words that a reader of the record understands")
    if refused:
        raise SearchRefused(refused)
    row = searches.add(
        session,
        account,
        name=name.strip(),
        query=query.strip(),
        purpose=purpose.strip(),
        asked_by=actor.name,
        review_on=review_on,
        now=now,
    )
    audit.append(
        session,
        actor=actor.name,
        action="search.begin",
        subject=f"search:{row.id}",
        now=now,
        after={"account": slug, "name": row.name, "review_on": str(review_on)},
    )
    return row


def end(session: Session, slug: str, name: str, *, actor: Actor, now: datetime) -> None:
    """Search no more; what was found stays.

    Raises:
        accounts.UnknownAccount, searches.UnknownSearch.
    """
    account = accounts.by_slug(session, slug)
    row = searches.end(session, account, name, now=now)
    accounts.forget_stream(session, account.id, searches.stream_of(name))
    audit.append(session, actor=actor.name, action="search.end", subject=f"search:{row.id}", now=now)
