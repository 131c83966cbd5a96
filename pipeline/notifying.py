"""Colleagues told: what each has to hear becomes one message, and leaves once, by e-mail or on a Teams channel.

Every message is preceded by a row that says it is about to leave.  A way that is shut (the mail server
does not answer) keeps its other messages for the next round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from moderation import late_duties, notices, telling
from moderation.calendar import Calendar
from moderation.telling import Intent, Reach, Scribe
from moderation.working_days import working_days
from pipeline.channels import Channel, Kept, Letter, NoAnswer, NotTaken, OutOfReach
from pipeline.installation import Installation
from pipeline.mail import Post
from pipeline.teams import Webhooks
from settings import Settings
from store import jobs
from store import notices as outbox
from store.database import Session
from store.notices import TEAMS, USER
from vocabulary import Clock

log = structlog.get_logger("gwylio.notices")

MOST_AT_ONCE = 500
"""Messages that leave in one round, so that a round is over before the next."""
MAIL = USER


@dataclass(slots=True)
class Notified:
    """What one round did, in messages."""

    made: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0


def notify(here: Installation, *, now: datetime) -> Notified:
    """Write to everybody who has something to hear: what is lost is brought before a person, the rest leaves, once."""
    done = Notified()
    done.uncertain += here.store.write(partial(telling.recover, now=now))
    with here.store.read() as session:
        open_now = here.policy.hours.are_on(now, _answer_days(session, here))
        recipients, reach = outbox.recipients_waiting(session), reach_of(session, here.settings)
    scribe = scribe_of(here)
    for recipient in recipients:
        done.made += here.store.write(
            partial(_gather, recipient=recipient, reach=reach, scribe=scribe, open_now=open_now, now=now)
        )
    _send(here, reach, done, open_now=open_now, now=now)
    return done


def senior_digest(here: Installation, *, now: datetime) -> int:
    """Make the day's digest for senior management once its hour has come, once; how many messages were made."""
    with here.store.read() as session:
        day = notices.digest_is_due(here.policy, _answer_days(session, here), now)
        if day is None or session.get(jobs.RunOnceRow, _digest_key(day.isoformat())) is not None:
            return 0

        reach = reach_of(session, here.settings)

    def act(session: Session) -> int:
        if not jobs.claim(session, _digest_key(day.isoformat()), now=now):
            return 0
        return telling.make_digest(session, day, reach, scribe_of(here), now=now)

    made = here.store.write(act)
    if made:
        _send(here, reach, Notified(), open_now=True, now=now)
    return made


def register_digest(here: Installation, *, now: datetime) -> int:
    """Tell what is late in the account register, once in the day or week of the pack; how many messages were made."""
    with here.store.read() as session:
        calendar = _answer_days(session, here)
        period = notices.register_digest_is_due(here.policy, calendar, now)
        if period is None or session.get(jobs.RunOnceRow, _register_key(period)) is not None:
            return 0
        reach = reach_of(session, here.settings)

    def act(session: Session) -> int:
        if not jobs.claim(session, _register_key(period), now=now):
            return 0
        return late_duties.make_digest(session, period, reach, scribe_of(here), calendar, now=now)

    made = here.store.write(act)
    if made:
        _send(here, reach, Notified(), open_now=True, now=now)
    return made


def reach_of(session: Session, settings: Settings) -> Reach:
    """Who can be reached in this installation, and how."""
    return Reach(outbox.colleagues(session), frozenset(settings.teams_places), by_mail=settings.writes_to_people)


def scribe_of(here: Installation) -> Scribe:
    return Scribe(here.areas, here.policy, here.settings.public_url)


def channels(settings: Settings) -> Mapping[str, Channel]:
    """The ways of this installation, by the beginning of the recipients that they reach."""
    if not settings.send_notices:
        return {MAIL: Kept(), TEAMS: Kept()}
    found: dict[str, Channel] = {}
    if settings.mail.host:
        found[MAIL] = Post(settings.mail)
    if settings.teams:
        found[TEAMS] = Webhooks(tuple(settings.teams.values()))
    return found


def _gather(session: Session, *, recipient: str, reach: Reach, scribe: Scribe, open_now: bool, now: datetime) -> bool:
    return telling.gather(session, recipient, reach, scribe, open_now=open_now, now=now) is not None


def _send(here: Installation, reach: Reach, done: Notified, *, open_now: bool, now: datetime) -> None:
    ways = channels(here.settings)
    shut = {MAIL, TEAMS} - ways.keys()
    webhooks = here.settings.teams_places
    for _ in range(MOST_AT_ONCE):
        intent = here.store.write(
            lambda session: telling.claim(
                session, reach, webhooks=webhooks, by_day=open_now, passing_over=shut, now=now
            )
        )
        if intent is None:
            return
        way = next(beginning for beginning in ways if intent.recipient.startswith(beginning))
        if not _hand_over(here, ways[way], intent, done, now=now):
            shut.add(way)


def _hand_over(here: Installation, way: Channel, intent: Intent, done: Notified, *, now: datetime) -> bool:
    """Do what the intent announces; whether the way is open for the next."""
    try:
        way.send(Letter(intent.to, intent.said, intent.key, now))
    except NoAnswer as error:
        what = error.what
        log.warning("message may not have arrived", notice=intent.notice_id, error=what)
        here.store.write(lambda session: telling.uncertain(session, intent.notice_id, what, now=now))
        done.uncertain += 1
        return False
    except NotTaken as error:
        what, for_good = error.what, error.for_good
        log.warning("message not sent", notice=intent.notice_id, error=what)
        here.store.write(lambda session: telling.fail(session, intent.notice_id, what, for_good=for_good, now=now))
        done.failed += 1
        return not isinstance(error, OutOfReach)
    here.store.write(lambda session: telling.confirm(session, intent.notice_id, now=now))
    done.sent += 1
    return True


def _answer_days(session: Session, here: Installation) -> Calendar:
    return working_days(session, here.policy)[Clock.ANSWER]


def _register_key(period: str) -> str:
    return f"register digest:{period}"


def _digest_key(day: str) -> str:
    return f"senior digest:{day}"
