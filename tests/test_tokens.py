"""A token is renewed before it dies, once, whoever else is at it; and what cannot be renewed is spoken of in time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import opening
import pipeline
import scheduler
from collectors.base import AuthExpired, Budget, Transient
from pipeline import Installation, tokens
from pipeline.tokens import Health, NoApp, Standing, complaint
from settings import Settings
from simulator.faults import Fault, Kind
from store import accounts, credentials, searches
from store.accounts import WHOLE_ACCOUNT, AccountRow, StreamRow
from store.comments import CommentRow
from store.database import Session, Store, Unreachable
from tests import token_driver
from tests.consents import NINE, Village, slug_of, village
from vocabulary import Platform

P = Platform
X = slug_of(P.X)
TOKEN = "/2/oauth2/token"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as made:
        yield made


def keep(
    dyffryn: Village, platform: Platform, token: str, *, expires: datetime | None = None, renews: bool = False
) -> None:
    def act(session: Session) -> None:
        account = accounts.by_slug(session, slug_of(platform))
        key = dyffryn.here.keys.credentials
        credentials.keep(session, account, token, key=key, actor="nia", now=dyffryn.now, expires=expires, renews=renews)

    dyffryn.here.store.write(act)


def standing(dyffryn: Village, platform: Platform) -> Standing:
    found = {how.account.slug: how for how in tokens.standings(dyffryn.here, now=dyffryn.now)}
    return found[slug_of(platform)]


# --- in time


LIVES = [(P.X, 100), (P.YOUTUBE, 50), (P.TIKTOK, 20 * 60), (P.LINKEDIN, 50 * 24 * 60), (P.THREADS, 50 * 24 * 60)]


@pytest.mark.parametrize(("platform", "minutes"), LIVES)
def test_a_token_is_renewed_when_little_of_its_life_is_left_and_not_before(
    dyffryn: Village, platform: Platform, minutes: int
) -> None:
    dyffryn.consent(platform)
    before = dyffryn.credential(platform)
    dyffryn.wait(minutes=minutes - 1)
    tokens.tend(dyffryn.here, slug_of(platform), now=dyffryn.now)
    assert dyffryn.credential(platform) == before

    dyffryn.wait(minutes=2)
    tokens.tend(dyffryn.here, slug_of(platform), now=dyffryn.now)

    assert dyffryn.credential(platform) != before
    row = dyffryn.row(platform)
    assert row.credential_since == dyffryn.now
    assert row.credential_expires is not None
    assert row.credential_expires > dyffryn.now + timedelta(minutes=minutes)
    assert (row.credential_renews, row.renewing_until) == (True, None)
    assert dyffryn.opens(platform)
    acts = [(act, facts["renews"]) for act, slug, facts in dyffryn.trail() if slug == slug_of(platform)]
    assert acts == [("credential.keep", True), ("credential.renew", True)]


def test_a_token_lives_for_days_on_the_schedule_alone(dyffryn: Village) -> None:
    """X's two hours, over and over; each refresh token is good once."""
    dyffryn.consent(P.X)
    for _ in range(2 * 24 * 12):
        dyffryn.wait(minutes=5)
        tokens.tend(dyffryn.here, X, now=dyffryn.now)
        assert dyffryn.opens(P.X)

    answered = dyffryn.asked(TOKEN)
    assert set(answered) == {200}
    assert len(answered) == 1 + 2 * 24 * 60 // 100


def test_the_job_is_in_the_table_and_comes_before_collecting() -> None:
    names = [job.name for job in scheduler.JOBS]
    assert names.index("tokens") < names.index("collect")


def test_a_round_renews_what_is_about_to_die_before_it_reads(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    mention(dyffryn, 1)
    dyffryn.wait(hours=3)

    told = pipeline.collect(dyffryn.here, X, now=dyffryn.now)

    assert (told.new, told.troubles) == (1, [])
    assert dyffryn.asked(TOKEN) == [200, 200]


def test_what_does_not_run_out_is_never_asked_about(dyffryn: Village) -> None:
    for platform in (P.FACEBOOK, P.MASTODON, P.VIMEO):
        dyffryn.consent(platform)
    asked = len(dyffryn.simulator.requests)
    dyffryn.wait(days=3_000)
    for platform in (P.FACEBOOK, P.MASTODON, P.VIMEO):
        tokens.tend(dyffryn.here, slug_of(platform), now=dyffryn.now)
        assert dyffryn.opens(platform)
    assert len(dyffryn.simulator.requests) == asked


# --- in the middle of a run


def mention(dyffryn: Village, many: int) -> list[str]:
    return [
        dyffryn.world.mention(X, f"@dyffrynx Pryd? {number}", "7001", "Mair", dyffryn.now - timedelta(minutes=number))
        for number in range(many)
    ]


def collected(dyffryn: Village) -> set[str]:
    with dyffryn.here.store.read() as session:
        return set(session.scalars(select(CommentRow.native_id)))


def collect(dyffryn: Village, budget: Budget | None = None) -> pipeline.Collected:
    return pipeline.collect(dyffryn.here, X, now=dyffryn.now, budget=budget)


def test_a_token_that_runs_out_in_the_middle_of_a_run_is_renewed_and_the_run_goes_on(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    written = mention(dyffryn, 350)
    dyffryn.wait(minutes=1)
    assert collect(dyffryn, Budget(pages=2)).incomplete
    assert len(collected(dyffryn)) < 350
    place = dyffryn.streams(P.X)["mentions"].page_token
    assert place

    dyffryn.wait(hours=4)  # nobody was there to renew it
    assert dyffryn.opens(P.X) is None
    told = collect(dyffryn)

    assert told.troubles == []
    assert collected(dyffryn) == set(written)
    assert not dyffryn.streams(P.X)["mentions"].incomplete


def test_a_token_that_the_platform_ends_early_is_renewed_and_the_run_goes_on(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    written = mention(dyffryn, 350)
    dyffryn.wait(minutes=40)
    dyffryn.simulator.faults.add(Fault(Kind.EXPIRED, path="*/mentions", nth=3))
    broken = collect(dyffryn)
    assert broken.troubles
    assert 0 < len(collected(dyffryn)) < 350
    assert dyffryn.asked(TOKEN) == [200, 200], "it was renewed at once"
    assert standing(dyffryn, P.X).health is Health.WELL

    dyffryn.wait(minutes=10)
    assert collect(dyffryn).troubles == []
    assert collected(dyffryn) == set(written)


def test_a_token_that_is_new_is_not_renewed_because_it_is_refused(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=1)
    dyffryn.simulator.faults.add(Fault(Kind.EXPIRED, path="*/mentions", times=100))
    for _ in range(5):
        dyffryn.wait(minutes=1)
        collect(dyffryn)
    assert dyffryn.asked(TOKEN) == [200]
    assert standing(dyffryn, P.X).health is Health.DEAD


def test_a_token_that_was_replaced_before_the_old_one_was_refused_is_left_alone(dyffryn: Village) -> None:
    """A round began with the old one; the schedule renewed it meanwhile."""
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=101)
    began_with, now = dyffryn.row(P.X), dyffryn.now
    tokens.tend(dyffryn.here, X, now=dyffryn.wait(minutes=1))
    assert dyffryn.asked(TOKEN) == [200, 200]

    assert not tokens.after_refusal(dyffryn.here, began_with, now=now)
    assert dyffryn.asked(TOKEN) == [200, 200]
    assert tokens.renew(dyffryn.here, X, now=dyffryn.now, refused=dyffryn.row(P.X).credential)


# --- one at a time


class Fails:
    """A store in which some writes, counted from 1, end so."""

    def __init__(self, store: Store, error: BaseException, *which: int) -> None:
        self.store, self.error, self.which, self.read, self.written = store, error, which, store.read, 0

    def write(self, act: Any) -> Any:
        self.written += 1
        if self.written in self.which:
            raise self.error
        return self.store.write(act)


def fails(dyffryn: Village, error: BaseException, *which: int) -> Installation:
    return replace(dyffryn.here, store=Fails(dyffryn.here.store, error, *which))  # type: ignore[arg-type]


def test_a_lease_counts_from_when_it_is_taken_and_not_from_when_the_round_began(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=40)
    account, began = dyffryn.row(P.X), dyffryn.now
    dyffryn.wait(minutes=10)
    ends = replace(fails(dyffryn, SystemExit("killed"), 2), clock=lambda: dyffryn.now)
    with pytest.raises(SystemExit):
        tokens.after_refusal(ends, account, now=began)

    assert dyffryn.row(P.X).renewing_until == dyffryn.now + tokens.LEASE
    assert not tokens.renew(dyffryn.here, X, now=dyffryn.now, refused=account.credential)
    assert dyffryn.asked(TOKEN) == [200, 200], "nobody else asks while it may still be at work"


AWAY = Unreachable("", (), Exception("away"))


def test_a_database_that_is_away_for_a_moment_does_not_cost_the_new_token(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    before = dyffryn.credential(P.X)
    dyffryn.wait(minutes=105)
    assert tokens.renew(fails(dyffryn, AWAY, 2, 3), X, now=dyffryn.now)
    assert dyffryn.credential(P.X) != before
    assert dyffryn.asked(TOKEN) == [200, 200]
    assert dyffryn.opens(P.X)


def test_a_database_that_stays_away_is_not_waited_for(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=105)
    with pytest.raises(Unreachable):
        tokens.renew(fails(dyffryn, AWAY, 2, 3, 4, 5), X, now=dyffryn.now)
    assert sum(tokens.PAUSES_S) <= 2


def test_of_many_at_once_one_renews(dyffryn: Village, tmp_path: Path) -> None:
    """Each has a database connection of its own, as a process of its own would."""
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=105)
    dyffryn.simulator.faults.add(Fault(Kind.SLOW, path=TOKEN, seconds=0.2, times=100))
    with ExitStack() as stack, ThreadPoolExecutor(6) as pool:
        others = [stack.enter_context(opening.installation(dyffryn.here.settings)) for _ in range(3)]
        start = threading.Barrier(6)

        def renew(number: int) -> bool:
            start.wait()
            return tokens.renew(others[number % 3], X, now=dyffryn.now)

        won = list(pool.map(renew, range(6)))

    assert sorted(won) == [False] * 5 + [True]
    assert dyffryn.asked(TOKEN) == [200, 200]
    assert dyffryn.opens(P.X)


def drivers(dyffryn: Village, folder: Path, many: int, *more: str) -> Sequence[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.token_driver", str(folder), dyffryn.simulator.base_url]
    started = [
        subprocess.Popen(
            [*command, dyffryn.now.isoformat(), X, *more],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(many)
    ]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    return started


def go(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate("go\n", timeout=60)
    return out.strip()


def test_of_two_processes_one_renews(dyffryn: Village, tmp_path: Path) -> None:
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=105)
    dyffryn.simulator.faults.add(Fault(Kind.SLOW, path=TOKEN, seconds=0.5, times=100))
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(go, drivers(dyffryn, tmp_path, 2)))

    assert sorted(told) == ["False", "True"]
    assert dyffryn.asked(TOKEN) == [200, 200]
    assert dyffryn.opens(P.X)


def test_a_process_that_ends_between_the_answer_and_the_store_costs_a_consent_and_says_so(
    dyffryn: Village, tmp_path: Path
) -> None:
    dyffryn.consent(P.X)
    before = dyffryn.credential(P.X)
    dyffryn.wait(minutes=105)
    [process] = drivers(dyffryn, tmp_path, 1, "dies")
    assert (go(process), process.returncode) == ("", token_driver.GONE)

    assert dyffryn.asked(TOKEN) == [200, 200], "the platform has answered"
    assert dyffryn.credential(P.X) == before, "and nobody knows"
    assert dyffryn.row(P.X).renewing_until == dyffryn.now + tokens.LEASE
    assert not tokens.renew(dyffryn.here, X, now=dyffryn.now), "while the lease runs nobody asks"
    assert dyffryn.asked(TOKEN) == [200, 200]
    assert collect(dyffryn).troubles == [], "what was there before is still good"

    dyffryn.wait(minutes=3)
    with pytest.raises(AuthExpired, match=f"gwylio account connect {X}"):
        tokens.renew(dyffryn.here, X, now=dyffryn.now)
    assert dyffryn.asked(TOKEN) == [200, 200, 400]
    row = dyffryn.row(P.X)
    assert (row.credential_renews, row.renewing_until) == (False, None)
    trouble = dyffryn.streams(P.X)[WHOLE_ACCOUNT].trouble
    assert trouble == f"AuthExpired: X no longer renews the token; run `gwylio account connect {X}`"
    assert standing(dyffryn, P.X).health is Health.DEAD
    assert dyffryn.trail()[-1][0] == "credential.refused"

    collect(dyffryn)
    assert dyffryn.streams(P.X)[WHOLE_ACCOUNT].trouble == trouble, "reading with the rest of it does not hide that"
    dyffryn.wait(minutes=30)
    assert collect(dyffryn).troubles == [f"{X}: the token ran out; run `gwylio account connect {X}`"]
    assert dyffryn.asked(TOKEN) == [200, 200, 400], "what is refused is not asked for again"

    dyffryn.consent(P.X)
    assert dyffryn.streams(P.X)[WHOLE_ACCOUNT].trouble == ""
    assert collect(dyffryn).troubles == []
    assert standing(dyffryn, P.X).health is Health.WELL


def test_what_an_administrator_gives_while_a_renewal_is_under_way_stands(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=105)
    used = dyffryn.row(P.X).credential
    assert used is not None
    until = dyffryn.now + tokens.LEASE
    account_id, write, now = dyffryn.row(P.X).id, dyffryn.here.store.write, dyffryn.now
    assert write(partial(credentials.lease, account_id=account_id, used=used, now=now, until=until))
    keep(dyffryn, P.X, "by hand")

    stored = write(
        partial(
            credentials.renewed, account_id=account_id, token="late", used=used, key=dyffryn.here.keys.credentials,
            expires=None, renews=True, now=now,
        )
    )  # fmt: skip
    refused = write(
        partial(credentials.not_renewed, account_id=account_id, used=used, until=until, refused=True, now=now)
    )

    assert (stored, refused) == (False, False)
    assert dyffryn.credential(P.X) == "by hand"


# --- when it cannot be done now


def test_a_renewal_that_fails_is_tried_again_and_the_old_token_stays(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    before = dyffryn.credential(P.X)
    dyffryn.wait(minutes=105)
    dyffryn.simulator.faults.add(Fault(Kind.HTML_502, path=TOKEN, times=4))
    for _ in range(2):
        with pytest.raises(Transient):
            tokens.renew(dyffryn.here, X, now=dyffryn.now)
        assert dyffryn.row(P.X).renewing_until is None
        assert dyffryn.credential(P.X) == before
        assert collect(dyffryn).troubles == []

    assert tokens.renew(dyffryn.here, X, now=dyffryn.now)


def test_an_account_whose_token_died_because_the_platform_was_away_goes_on_by_itself(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    dyffryn.wait(minutes=105)
    dyffryn.simulator.faults.add(Fault(Kind.DROPPED_BEFORE, path=TOKEN, times=1_000))
    for _ in range(12):
        dyffryn.wait(minutes=5)
        tokens.tend(dyffryn.here, X, now=dyffryn.now)
        collect(dyffryn)
    assert "Transient" in dyffryn.streams(P.X)[WHOLE_ACCOUNT].trouble
    mention(dyffryn, 1)
    dyffryn.simulator.faults.clear()

    dyffryn.wait(minutes=5)
    tokens.tend(dyffryn.here, X, now=dyffryn.now)
    assert dyffryn.streams(P.X)[WHOLE_ACCOUNT].trouble == ""
    assert (collect(dyffryn).new, collect(dyffryn).troubles) == (1, [])


def test_no_reply_is_lost_while_its_token_cannot_be_renewed(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    mention(dyffryn, 1)
    dyffryn.wait(minutes=1)
    collect(dyffryn)
    pipeline.read_waiting(dyffryn.here, now=dyffryn.now)
    queue_a_reply(dyffryn)
    dyffryn.wait(hours=3)
    dyffryn.simulator.faults.add(Fault(Kind.HTML_502, path=TOKEN, times=3))
    for _ in range(3):
        done = pipeline.dispatch(dyffryn.here, now=dyffryn.now)
        assert (done.sent, done.failed, done.uncertain) == (0, 0, 0)
        dyffryn.wait(minutes=1)

    assert pipeline.dispatch(dyffryn.here, now=dyffryn.now).sent == 1
    assert len(dyffryn.world.replies_by_us(X)) == 1


def queue_a_reply(dyffryn: Village) -> None:
    from moderation.record import Actor
    from moderation.replies import Draft
    from store.cases import CaseRow
    from tests.factories import a_user
    from vocabulary import ReplyKind

    mair = dyffryn.here.store.write(lambda session: Actor("mair", a_user(session, area="*").id))
    with dyffryn.here.store.read() as session:
        case_id = session.scalars(select(CaseRow.id)).one()
    draft = Draft(ReplyKind.ANSWER, "Bore da, yfory.", "", exception="Prawf")
    pipeline.send_reply(dyffryn.here, case_id, draft, actor=mair, now=dyffryn.now)


def test_without_an_app_nothing_can_be_renewed_and_it_is_said_where_one_goes(dyffryn: Village) -> None:
    dyffryn.consent(P.X)
    without = dyffryn.here.settings.model_copy(update={"apps": {}})
    here = replace(dyffryn.here, settings=without)
    dyffryn.wait(minutes=105)

    with pytest.raises(NoApp, match=r"\[apps\.x\].*docs/reference/tokens\.md"):
        tokens.renew(here, X, now=dyffryn.now)
    tokens.tend(here, X, now=dyffryn.now)

    assert standing(dyffryn, P.X).health is Health.WELL, "somebody may still come in time"
    dyffryn.wait(minutes=75)
    stuck = standing(dyffryn, P.X)
    assert (stuck.health, stuck.stuck) == (Health.DEAD, True)


# --- said in time


DAY = timedelta(days=1)
# lives, renews, renewing ends, trouble since, days gone; how it stands, and the days left
STANDINGS = [
    (None,     False, None,      "",                       400, Health.WELL,    None),
    (60 * DAY, False, None,      "",                       40,  Health.WELL,    20),
    (60 * DAY, False, None,      "",                       46,  Health.DYING,   14),
    (60 * DAY, False, None,      "",                       59,  Health.DYING,   1),
    (60 * DAY, False, None,      "",                       60,  Health.DEAD,    0),
    (60 * DAY, True,  365 * DAY, "",                       40,  Health.WELL,    325),
    (60 * DAY, True,  365 * DAY, "",                       51,  Health.DYING,   9),
    (60 * DAY, True,  60 * DAY,  "",                       50,  Health.DYING,   10),
    (60 * DAY, True,  None,      "",                       1,   Health.WELL,    None),
    (None,     False, None,      "AuthExpired: code 190",  1,   Health.DEAD,    None),
    (60 * DAY, True,  365 * DAY, "AuthExpired: revoked",   1,   Health.DEAD,    364),
    (None,     False, None,      "PermissionLost: (#200)", 1,   Health.LIMITED, None),
    (None,     False, None,      "Transient: stumbled",    1,   Health.WELL,    None),
]  # fmt: skip


@pytest.mark.parametrize("row", STANDINGS)
def test_how_a_token_stands(dyffryn: Village, row: tuple[Any, ...]) -> None:
    lives, renews, ends, trouble, gone, health, days = row
    held = '{"access_token": "t"%s}' % (f', "refresh_expires": "{(NINE + ends).isoformat()}"' if ends else "")
    keep(dyffryn, P.LINKEDIN, held, expires=NINE + lives if lives else None, renews=renews)
    dyffryn.wait(days=gone)
    if trouble:
        dyffryn.here.store.write(lambda session: in_trouble(session, dyffryn.row(P.LINKEDIN), trouble, dyffryn.now))

    how = standing(dyffryn, P.LINKEDIN)

    assert (how.health, how.days) == (health, days)
    assert (how.why == trouble) is (health in (Health.DEAD, Health.LIMITED) or not trouble)


def in_trouble(session: Session, account: AccountRow, trouble: str, now: datetime) -> None:
    row: StreamRow = accounts.stream(session, account.id, "comments")
    row.trouble, row.last_started, row.failures = trouble, now, 1


def test_what_went_wrong_with_the_token_before_is_over(dyffryn: Village) -> None:
    keep(dyffryn, P.FACEBOOK, "first")
    dyffryn.wait(days=1)
    dyffryn.here.store.write(
        lambda session: in_trouble(session, dyffryn.row(P.FACEBOOK), "AuthExpired: x", dyffryn.now)
    )
    assert standing(dyffryn, P.FACEBOOK).health is Health.DEAD
    dyffryn.wait(minutes=1)
    keep(dyffryn, P.FACEBOOK, "second")
    assert standing(dyffryn, P.FACEBOOK).health is Health.WELL


def test_what_does_not_open_and_what_is_missing_are_told_apart(dyffryn: Village) -> None:
    keep(dyffryn, P.X, "t")
    found = tokens.standing(dyffryn.row(P.X), (), key=b"n" * 43 + b"=", now=dyffryn.now)
    assert found.health is Health.UNREADABLE
    assert standing(dyffryn, P.FACEBOOK).health is Health.MISSING


def test_an_end_is_foretold_once_for_each_of_four_days_and_once_when_it_has_come(dyffryn: Village) -> None:
    keep(dyffryn, P.LINKEDIN, "t", expires=NINE + 60 * DAY)
    told: list[int] = []
    for _ in range(64 * 4):
        dyffryn.wait(hours=6)
        if tokens.warn(dyffryn.here, slug_of(P.LINKEDIN), now=dyffryn.now):
            told.append((NINE + 60 * DAY - dyffryn.now).days)

    assert told == [14, 7, 3, 1, 0]
    said = [(act, facts["days"]) for act, _, facts in dyffryn.trail()[1:]]
    assert said == [(f"credential.{'dead' if not days else 'dies'}", days) for days in told]


def test_an_installation_that_was_away_says_the_nearest_day_only(dyffryn: Village) -> None:
    keep(dyffryn, P.LINKEDIN, "t", expires=NINE + 60 * DAY)
    dyffryn.wait(days=58)
    warned = [tokens.warn(dyffryn.here, slug_of(P.LINKEDIN), now=dyffryn.now) for _ in range(3)]
    assert warned == [True, False, False]
    dyffryn.wait(days=1)
    assert tokens.warn(dyffryn.here, slug_of(P.LINKEDIN), now=dyffryn.now)


def test_a_new_token_is_foretold_anew(dyffryn: Village) -> None:
    for _ in range(2):
        keep(dyffryn, P.LINKEDIN, "t", expires=dyffryn.now + 60 * DAY)
        dyffryn.wait(days=50)
        assert tokens.warn(dyffryn.here, slug_of(P.LINKEDIN), now=dyffryn.now)


COMPLAINTS = [
    (dict(),                                   "dyffryn-linkedin dies on 2027-01-15, in 5 days; run `gwylio account"),
    (dict(renews=True),                        "dies on 2027-01-15, in 5 days, and could not be renewed; run"),
    (dict(expires=NINE + 40 * DAY),            "is dead (it ran out on 2026-12-26); run"),
    (dict(expires=None),                       ""),
]  # fmt: skip


@pytest.mark.parametrize(("token", "sentence"), COMPLAINTS)
def test_an_administrator_is_told_in_a_sentence_what_to_do(
    dyffryn: Village, token: dict[str, object], sentence: str
) -> None:
    facts: dict[str, object] = {"expires": NINE + 60 * DAY, **token}
    keep(dyffryn, P.LINKEDIN, "t", **facts)  # type: ignore[arg-type]
    dyffryn.wait(days=54, hours=12)
    said = complaint(standing(dyffryn, P.LINKEDIN))
    assert sentence in said
    assert bool(said) is bool(sentence)


def test_check_names_the_dead_and_the_dying(dyffryn: Village, tmp_path: Path) -> None:
    keep(dyffryn, P.LINKEDIN, "t", expires=NINE + 60 * DAY)
    keep(dyffryn, P.X, "t", expires=NINE + DAY)
    file = tmp_path / "gwylio.toml"
    file.write_text(f'state_dir = "{tmp_path}"\n', encoding="utf-8")

    def said(days: float) -> list[str]:
        return [each for each in opening.problems(file, now=NINE + days * DAY) if "the token of" in each]

    assert said(0.5) == [f"the token of {X} dies on 2026-11-17, in 0 days; run `gwylio account connect {X}`"]
    assert [each.partition(" dies")[0].partition(" is dead")[0] for each in said(50)] == [
        "the token of dyffryn-linkedin",
        f"the token of {X}",
    ]


def test_a_search_and_a_new_token_each_open_the_collector_anew(dyffryn: Village) -> None:
    """At one and the same moment too: it is the token that counts, and not when it came."""
    keep(dyffryn, P.X, "first")
    first = dyffryn.here.collector(dyffryn.row(P.X), dyffryn.now)
    assert dyffryn.here.collector(dyffryn.row(P.X), dyffryn.now) is first
    keep(dyffryn, P.X, "second")
    assert dyffryn.here.collector(dyffryn.row(P.X), dyffryn.now) is not first
    with dyffryn.here.store.read() as session:
        assert searches.standing(session, dyffryn.row(P.X).id, on=dyffryn.now.date()) == ()


def test_settings_do_not_show_the_secrets_of_apps(dyffryn: Village) -> None:
    settings: Settings = dyffryn.here.settings
    assert "planted-secret" not in repr(settings) + str(settings)
