"""From a platform to the queue and back, with the real clients over real HTTP: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import pipeline
from classifiers.panel import Panel
from collectors.base import Cursor, Page, RateLimited
from collectors.import_file import UnreadableFile
from moderation import queue, replies
from moderation.calendar import COMPUTED, GOV_UK, WALES, Holiday
from moderation.replies import Draft
from pipeline import collecting
from simulator.faults import Kind
from store import accounts, audit, cases, holidays
from store.audit import AuditRow
from store.cases import CaseRow, RoundRow
from store.comments import CommentRow, PostRow, RevisionRow
from store.database import Session, Store
from store.findings import FindingRow
from tests.factories import a_comment
from tests.town import NINE, SOURCES, ByWords, Town, register, town
from vocabulary import Finding, Platform, Presence, Reading, ReplyKind, ReplyLanguage, ReplyState, State


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def count(dyffryn: Town, row: type[Any]) -> int:
    with dyffryn.store.read() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_the_walk_of_one_comment(dyffryn: Town) -> None:
    for slug in SOURCES:
        case_id = dyffryn.arrives("Pryd mae'r biniau'n cael eu casglu?", slug)
        case = dyffryn.case(case_id)
        assert (case.state, case.reply_in) == (State.RECEIVED, ReplyLanguage.CY)

        dyffryn.answers(case_id, "Bob dydd Mawrth.")
        dyffryn.wait(minutes=1)
        assert dyffryn.dispatch().sent == 1
        assert dyffryn.case(case_id).state is State.ANSWERED

    assert dyffryn.published() == ["Bob dydd Mawrth.", "Bob dydd Mawrth."]
    dyffryn.wait(hours=1)
    dyffryn.collect()
    dyffryn.read()
    assert count(dyffryn, CaseRow) == 2, "our own replies are no comments"
    with dyffryn.store.read() as session:
        head = audit.read_head(dyffryn.here.settings.audit_head_file)
        assert audit.verify(session, dyffryn.here.keys.audit, head) is None


def test_a_second_collection_changes_nothing(dyffryn: Town) -> None:
    dyffryn.says("Pryd?")
    dyffryn.says("Ble?", "dyffryn-x", author="a2")
    assert [told.new for told in dyffryn.collect()] == [1, 1]
    dyffryn.read()
    dyffryn.wait(minutes=10)
    assert [(told.new, told.changed) for told in dyffryn.collect()] == [(0, 0), (0, 0)]
    assert dyffryn.read() == 0
    assert (count(dyffryn, CommentRow), count(dyffryn, CaseRow)) == (2, 2)


def test_a_page_that_cannot_be_written_leaves_neither_items_nor_cursor(dyffryn: Town) -> None:
    with dyffryn.store.read() as session:
        account = accounts.by_slug(session, "dyffryn-fb")
    page = Page(Cursor("mark", "token"), complete=False, comments=(a_comment("Helo", account="dyffryn-fb"),))

    def torn(session: Session) -> None:
        pipeline.keep_page(session, account, "comments", page, now=NINE)
        session.flush()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        dyffryn.store.write(torn)
    assert dyffryn.comments() == []
    assert dyffryn.streams("dyffryn-fb") == {}

    dyffryn.store.write(partial(pipeline.keep_page, account=account, stream="comments", page=page, now=NINE))
    stream = dyffryn.streams("dyffryn-fb")["comments"]
    assert (stream.watermark, stream.page_token, stream.incomplete) == ("mark", "token", True)
    assert stream.last_success is None, "it has not come to its end"
    assert len(dyffryn.comments()) == 1


class Dies:
    """A store whose process ends before its so-many-th write."""

    def __init__(self, store: Store, left: int) -> None:
        self.store, self.left, self.read = store, left, store.read

    def write(self, act: Any) -> Any:
        if self.left == 0:
            raise SystemExit("killed")
        self.left -= 1
        return self.store.write(act)


@pytest.mark.parametrize("slug", SOURCES)
def test_wherever_a_collection_ends_no_cursor_is_ahead_of_what_is_kept(dyffryn: Town, slug: str) -> None:
    dyffryn.says("Pryd?", slug)
    for writes in range(20):
        here = replace(dyffryn.here, store=Dies(dyffryn.store, writes))  # type: ignore[arg-type]
        try:
            pipeline.collect(here, slug, now=dyffryn.now)
        except SystemExit:
            streams = dyffryn.streams(slug)
            bringing = streams.get("comments") or streams.get("mentions")
            assert bringing is None or dyffryn.comments(), writes
        else:
            break
    assert writes > 1
    assert len(dyffryn.comments()) == 1


@pytest.mark.parametrize(
    "kind", [Kind.SERVER_ERROR, Kind.HTML_502, Kind.EXPIRED, Kind.TRUNCATED_JSON, Kind.RATE_LIMITED_WITHOUT_RESET]
)
def test_an_accounts_failure_leaves_the_others_going(dyffryn: Town, kind: Kind) -> None:
    dyffryn.says("Pryd?")
    dyffryn.says("Ble?", "dyffryn-x")
    dyffryn.spoil(kind, platform=Platform.FACEBOOK, times=100)
    on_x, on_facebook = dyffryn.collect("dyffryn-x", "dyffryn-fb")

    assert (on_x.new, on_x.troubles) == (1, [])
    assert (on_facebook.new, len(on_facebook.troubles) >= 1) == (0, True)
    failed = [stream for stream in dyffryn.streams("dyffryn-fb").values() if stream.trouble]
    assert failed
    assert all((stream.watermark, stream.page_token) == ("", "") for stream in failed), "the cursor stays"

    dyffryn.mend()
    dyffryn.wait(hours=25)
    [told] = dyffryn.collect("dyffryn-fb")
    assert (told.new, told.troubles) == (1, [])
    assert not any(stream.trouble for stream in dyffryn.streams("dyffryn-fb").values())


def test_a_limit_on_the_whole_account_is_waited_for_by_every_stream(dyffryn: Town) -> None:
    dyffryn.spoil(Kind.RATE_LIMITED, platform=Platform.FACEBOOK, seconds=1800, times=1)
    dyffryn.collect("dyffryn-fb")
    made = len(dyffryn.simulator.requests)
    dyffryn.wait(minutes=10)
    dyffryn.collect("dyffryn-fb")
    assert len(dyffryn.simulator.requests) == made, "nobody asks before the time"
    dyffryn.wait(hours=2)
    [told] = dyffryn.collect("dyffryn-fb")
    assert (told.troubles, told.pages > 0) == ([], True)


def test_a_platform_that_fails_for_months_is_still_asked_every_hour(dyffryn: Town) -> None:
    dyffryn.spoil(Kind.SERVER_ERROR, platform=Platform.X, times=10_000)
    for _ in range(60):
        dyffryn.wait(hours=1, minutes=1)
        [told] = dyffryn.collect("dyffryn-x")
        assert told.troubles
    streams = dyffryn.streams("dyffryn-x")
    assert max(stream.failures for stream in streams.values()) == 60
    dyffryn.mend()
    dyffryn.wait(hours=1, minutes=1)
    assert dyffryn.collect("dyffryn-x")[0].troubles == []


def test_an_account_without_a_token_says_so_where_its_health_is_shown(dyffryn: Town) -> None:
    theirs = dyffryn.world.add_account(Platform.X, "heb-docyn", "77", "Heb docyn", "t")
    account = dyffryn.store.write(lambda session: register(session, dyffryn.here, theirs, connect=False))
    [told] = dyffryn.collect("heb-docyn")
    assert "gwylio account connect heb-docyn" in told.troubles[0]
    assert "no token" in dyffryn.streams("heb-docyn")["account"].trouble

    from store import credentials

    def connect(session: Session) -> None:
        row = accounts.by_slug(session, account.slug)
        credentials.keep(session, row, "t", key=dyffryn.here.keys.credentials, actor="test", now=dyffryn.now)

    dyffryn.store.write(connect)
    assert dyffryn.collect("heb-docyn")[0].troubles == []
    assert dyffryn.streams("heb-docyn")["account"].trouble == ""


def test_items_that_make_no_sense_are_put_aside_and_the_rest_of_the_page_is_kept(dyffryn: Town) -> None:
    dyffryn.says("Pryd?")
    dyffryn.says("Ble?", author="a2")
    dyffryn.spoil(Kind.BROKEN_ITEM, platform=Platform.FACEBOOK, path="*/comments", times=1)
    [told] = dyffryn.collect("dyffryn-fb")
    assert (told.new, told.put_aside) == (1, 1)
    [row] = dyffryn.put_aside()
    assert row.raw


class Poisoned(ByWords):
    """Says of one word what nobody can place: a language that does not exist."""

    def _one(self, text: str) -> tuple[Finding, ...]:
        language, *rest = super()._one(text)
        return (replace(language, says="klingon") if "gwenwyn" in text else language, *rest)


def test_a_poisoned_comment_is_put_aside_after_three_runs_and_the_rest_go_on(dyffryn: Town) -> None:
    here = replace(dyffryn.here, open_panel=lambda: Panel([Poisoned()]))
    poisoned = dyffryn.says("gwenwyn", author="a9")
    for number in range(3):
        dyffryn.says("Pryd?", author=f"a{number}")
    dyffryn.collect("dyffryn-fb")

    assert pipeline.read_waiting(here, now=dyffryn.now) == 3
    assert (dyffryn.comment(poisoned).unread_tries, list(dyffryn.put_aside())) == (1, []), "one try in each run"
    for run in (2, 3):
        assert pipeline.read_waiting(here, now=dyffryn.now) == 0
        assert dyffryn.comment(poisoned).unread_tries == run
    [row] = dyffryn.put_aside()
    assert (row.stream, row.native_id, row.reason) == ("reading", poisoned, "ValueError")
    assert pipeline.read_waiting(here, now=dyffryn.now) == 0
    assert dyffryn.comment(poisoned).unread_tries == 3, "and it is left alone"


class Silent:
    """A classifier that is out of order."""

    name = "silent/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        raise RuntimeError("out of order")


def test_a_classifier_out_of_order_silences_nobody_else_and_is_on_record(dyffryn: Town) -> None:
    here = replace(dyffryn.here, open_panel=lambda: Panel([Silent(), ByWords()]))
    native_id = dyffryn.says("Pryd?")
    dyffryn.collect("dyffryn-fb")
    assert pipeline.read_waiting(here, now=dyffryn.now) == 1
    assert count(dyffryn, FindingRow) == 3
    with dyffryn.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "comment.not_read_by")).one()
    assert (row.subject, row.after) == (f"comment:{dyffryn.comment(native_id).id}", {"silent": ["silent/1"]})


def test_without_any_language_the_reply_is_owed_in_both(dyffryn: Town) -> None:
    here = replace(dyffryn.here, open_panel=lambda: Panel([Silent()]))
    dyffryn.says("Pryd?")
    dyffryn.collect("dyffryn-fb")
    pipeline.read_waiting(here, now=dyffryn.now)
    [case] = dyffryn.cases()
    assert (case.reply_in, case.answer_owed) == (ReplyLanguage.BOTH, True)


class WhileReading(ByWords):
    """Somebody else does something while the panel reads."""

    def __init__(self, something: Any) -> None:
        self.something: list[Any] = [something]

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        while self.something:
            self.something.pop()()
        return super().read(readings)


def test_two_processes_that_read_at_once_place_a_comment_once(dyffryn: Town) -> None:
    case_id_of = dyffryn.says("Pryd?")
    dyffryn.collect("dyffryn-fb")
    here = replace(dyffryn.here, open_panel=lambda: Panel([WhileReading(dyffryn.read)]), reading=threading.Lock())
    assert pipeline.read_waiting(here, now=dyffryn.now) == 0, "the other process was faster"

    case_id = dyffryn.comment(case_id_of).case_id
    assert case_id is not None
    with dyffryn.store.read() as session:
        assert [event.what for event in cases.events(session, case_id)] == ["opened"]


def test_words_that_change_while_they_are_read_are_read_again(dyffryn: Town) -> None:
    native_id = dyffryn.says("Diolch")
    dyffryn.collect("dyffryn-fb")

    def edit() -> None:
        dyffryn.world.edit(native_id, "When is the next one?", dyffryn.wait(minutes=1))
        dyffryn.wait(minutes=1)
        dyffryn.collect("dyffryn-fb")

    reader = WhileReading(edit)
    here = replace(dyffryn.here, open_panel=lambda: Panel([reader]))
    assert pipeline.read_waiting(here, now=dyffryn.now) == 1
    [case] = dyffryn.cases()
    assert (case.language, case.answer_owed) == ("en", True)
    assert dyffryn.comment(native_id).read_at is not None


def test_an_edit_is_kept_as_a_revision_and_noted_on_its_case(dyffryn: Town) -> None:
    case_id = dyffryn.arrives("Pryd?")
    [comment] = dyffryn.comments()
    due = dyffryn.case(case_id).due
    dyffryn.world.edit(comment.native_id, "Pryd? Mae'n frys!", dyffryn.wait(days=3))
    dyffryn.wait(hours=1)
    [told] = dyffryn.collect("dyffryn-fb")
    assert told.changed == 1
    assert dyffryn.read() == 1
    assert (dyffryn.case(case_id).due, dyffryn.comments()[0].latest) == (due, 2)
    with dyffryn.store.read() as session:
        assert cases.events(session, case_id)[-1].what == "comment_edited"


def test_what_was_posted_before_the_account_was_ours_is_history_and_opens_nothing(dyffryn: Town) -> None:
    dyffryn.world.comment(
        "dyffryn-fb", "Hen sylw", "a1", "Enw", NINE - timedelta(days=5), post=dyffryn.posts["dyffryn-fb"]
    )
    dyffryn.collect("dyffryn-fb")
    dyffryn.read()
    assert [comment.history for comment in dyffryn.comments()] == [True]
    assert dyffryn.cases() == []


def test_a_native_reply_that_comes_with_its_comment_acknowledges_it(dyffryn: Town) -> None:
    native_id = dyffryn.says("Pryd?")
    at = dyffryn.wait(minutes=5)
    ours = dyffryn.world.account("dyffryn-fb")
    dyffryn.world.comment("dyffryn-fb", "Yfory.", ours.native_id, ours.name, at, parent=native_id)
    dyffryn.wait(minutes=5)
    dyffryn.collect("dyffryn-fb")
    dyffryn.read()
    with dyffryn.store.read() as session:
        assert session.scalars(select(RoundRow.acknowledged_at)).one() == at
    assert count(dyffryn, PostRow) == 1


def test_whoever_reads_leaves_nothing_for_another_to_read_beside_them(dyffryn: Town) -> None:
    dyffryn.says("Pryd?")
    dyffryn.wait(minutes=1)
    dyffryn.collect()
    with dyffryn.here.reading:
        assert dyffryn.read() == 0
    assert dyffryn.read() == 1


def test_pages_that_are_kept_together_keep_every_wording_and_the_last_cursor(dyffryn: Town) -> None:
    with dyffryn.store.read() as session:
        account = accounts.by_slug(session, "dyffryn-fb")
    first, second = a_comment("Pryd?", native_id="c1"), a_comment("Ble?", native_id="c2")
    edited = replace(first, text="Pryd yn union?")
    pages = [
        Page(Cursor("", "1"), complete=False, comments=(first,)),
        Page(Cursor("", "2"), complete=False, comments=(second, first)),
        Page(Cursor("w", ""), complete=True, comments=(edited,)),
    ]

    kept = dyffryn.store.write(
        partial(collecting._keep_together, account=account, stream="comments", pages=pages, now=NINE)
    )

    assert [(len(each.new), len(each.changed)) for each in kept] == [(2, 0), (0, 1)]
    row = dyffryn.streams("dyffryn-fb")["comments"]
    assert (row.watermark, row.page_token, row.incomplete) == ("w", "", False)
    with dyffryn.store.read() as session:
        words = session.scalars(select(RevisionRow.text).order_by(RevisionRow.comment_id, RevisionRow.number)).all()
    assert words == ["Pryd?", "Pryd yn union?", "Ble?"]


def test_of_more_than_can_be_asked_about_at_once_each_has_its_turn(dyffryn: Town) -> None:
    asked = [dyffryn.arrives("Pryd?", author=f"a{number}") for number in range(5)]
    dyffryn.spoil(Kind.SERVER_ERROR, path="*", times=10_000)

    turns = []
    for _ in range(3):
        dyffryn.wait(hours=7)
        pipeline.recheck(dyffryn.here, "dyffryn-fb", now=dyffryn.now, limit=2)
        with dyffryn.store.read() as session:
            query = select(CommentRow.case_id).where(CommentRow.rechecked_at == dyffryn.now).order_by(CommentRow.id)
            turns.append(session.scalars(query).all())

    assert turns == [asked[:2], asked[2:4], [asked[0], asked[4]]]


def test_what_is_over_and_a_month_old_is_looked_for_no_more(dyffryn: Town) -> None:
    over, going_on = dyffryn.arrives("Pryd?"), dyffryn.arrives("Ble?", author="a2")
    dyffryn.answers(over, "Dydd Mawrth.")
    dyffryn.dispatch()
    dyffryn.store.write(lambda session: setattr(session.get_one(CaseRow, over), "state", State.CLOSED))
    dyffryn.wait(days=31)
    pipeline.recheck(dyffryn.here, "dyffryn-fb", now=dyffryn.now)

    with dyffryn.store.read() as session:
        query = select(CommentRow.case_id).where(CommentRow.rechecked_at.is_not(None))
        assert session.scalars(query).all() == [going_on]


def test_while_an_account_is_told_to_wait_no_recheck_leaves(dyffryn: Town) -> None:
    dyffryn.arrives("Pryd?")
    dyffryn.wait(hours=7)
    dyffryn.spoil(Kind.RETRY_AFTER, path="*", times=10_000, seconds=3_600)
    pipeline.recheck(dyffryn.here, "dyffryn-fb", now=dyffryn.now)
    dyffryn.wait(minutes=30)
    before = len(dyffryn.simulator.requests)

    pipeline.recheck(dyffryn.here, "dyffryn-fb", now=dyffryn.now)

    assert len(dyffryn.simulator.requests) == before


def test_gone_means_two_rechecks_that_found_nothing(dyffryn: Town) -> None:
    for slug in SOURCES:
        case_id = dyffryn.arrives("Pryd?", slug)
        native_id = next(comment.native_id for comment in dyffryn.comments() if comment.case_id == case_id)
        dyffryn.world.delete(native_id, dyffryn.wait(minutes=1))
        dyffryn.wait(hours=7)
        assert pipeline.recheck(dyffryn.here, slug, now=dyffryn.now) == 0
        assert dyffryn.comment(native_id).presence is Presence.PRESENT
        dyffryn.wait(hours=3)
        assert pipeline.recheck(dyffryn.here, slug, now=dyffryn.now) == 1
        assert dyffryn.comment(native_id).presence is Presence.DELETED_BY_AUTHOR
        assert dyffryn.case(case_id).state is State.RECEIVED, "it closes nothing"
        with dyffryn.store.read() as session:
            assert cases.events(session, case_id)[-1].what == "comment_vanished"


@pytest.mark.parametrize("kind", [Kind.EXPIRED, Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.RATE_LIMITED, Kind.HTML_502])
def test_an_error_never_means_that_a_comment_is_gone(dyffryn: Town, kind: Kind) -> None:
    dyffryn.arrives("Pryd?")
    dyffryn.spoil(kind, times=1000)
    for _ in range(4):
        dyffryn.wait(hours=7)
        assert pipeline.recheck(dyffryn.here, "dyffryn-fb", now=dyffryn.now) == 0
    [comment] = dyffryn.comments()
    assert (comment.presence, comment.gone_checks) == (Presence.PRESENT, 0)


def test_personal_data_counts_from_the_policys_threshold_on(dyffryn: Town) -> None:
    class Telling(ByWords):
        def _one(self, text: str) -> tuple[Finding, ...]:
            from vocabulary import Reason

            return tuple(replace(each, why=(Reason("a telephone number"),)) for each in super()._one(text))

    here = replace(dyffryn.here, open_panel=lambda: Panel([Telling()]))
    case_id = dyffryn.arrives("Pryd?")

    def send(text: str) -> int:
        draft = Draft(ReplyKind.HOLDING, text)
        return pipeline.send_reply(here, case_id, draft, actor=dyffryn.mair, now=dyffryn.now)

    with pytest.raises(replies.ReplyRefused, match="telephone"):
        send("Ffoniwch 07700 900123")
    assert send("Ffoniwch 0770, estyniad 3") > 0


def test_an_account_whose_platform_is_unwell_delays_no_other_and_hurries_to_nothing(dyffryn: Town) -> None:
    texts = [f"Ateb {number}" for number in range(3)]
    for slug in SOURCES:
        for text in texts:
            case_id = dyffryn.arrives("Pryd?", slug, author=f"{slug}-{text}")
            dyffryn.answers(case_id, text)
    dyffryn.spoil(Kind.SERVER_ERROR, platform=Platform.FACEBOOK, method="POST", times=100)
    before = len(dyffryn.simulator.requests)
    done = dyffryn.dispatch()

    assert (done.sent, done.failed + done.uncertain) == (3, 1)
    tried = [made for made in dyffryn.simulator.requests[before:] if made.platform is Platform.FACEBOOK]
    assert len(tried) == 1, "after the first failure the account's others wait for the next round"


def test_replies_on_an_account_that_cannot_be_opened_come_before_a_person(dyffryn: Town) -> None:
    """And the other accounts' replies leave all the same, whatever state the first is in."""
    case_id = dyffryn.arrives("Pryd?")
    other = dyffryn.arrives("Ble?", "dyffryn-x")
    dyffryn.answers(case_id, "Yfory.")

    def lose_token(session: Session) -> None:
        accounts.by_slug(session, "dyffryn-fb").credential = None
        accounts.by_slug(session, "dyffryn-fb").credential_since = dyffryn.now

    dyffryn.store.write(lose_token)
    dyffryn.answers(other, "Yma.")
    assert dyffryn.dispatch().sent == 1
    for _ in range(replies.TRIES):
        dyffryn.wait(hours=1)
        dyffryn.dispatch()
    assert len(dyffryn.before_a_person()) == 1
    assert dyffryn.published() == ["Yma."]


def test_a_lost_reply_on_an_account_that_cannot_be_opened_any_more_stops_no_other(dyffryn: Town) -> None:
    case_id = dyffryn.arrives("Pryd?")
    dyffryn.answers(case_id, "Yfory.")
    dyffryn.store.write(lambda session: replies.claim(session, now=dyffryn.now))

    def lose_token(session: Session) -> None:
        accounts.by_slug(session, "dyffryn-fb").credential = b"written with another key"
        accounts.by_slug(session, "dyffryn-fb").credential_since = dyffryn.now

    dyffryn.store.write(lose_token)
    other = dyffryn.arrives("Ble?", "dyffryn-x")
    dyffryn.answers(other, "Yma.")
    dyffryn.wait(minutes=4)
    assert dyffryn.dispatch().sent == 1
    while not dyffryn.before_a_person():
        dyffryn.wait(minutes=10)
        dyffryn.dispatch()
    assert dyffryn.now - NINE < timedelta(hours=3)
    assert dyffryn.parts()[0].state is ReplyState.UNCERTAIN


@pytest.mark.parametrize("slug", SOURCES)
@pytest.mark.parametrize("kind", [Kind.APPLIED_THEN_504, Kind.DROPPED_AFTER, Kind.CUT_SHORT, Kind.TRUNCATED_JSON])
def test_a_reply_that_was_published_unheard_is_found_and_never_doubled(dyffryn: Town, kind: Kind, slug: str) -> None:
    case_id = dyffryn.arrives("Pryd?", slug)
    dyffryn.answers(case_id, "Bob dydd Mawrth, gweler powys.gov.uk/biniau")
    dyffryn.spoil(kind, method="POST", times=1)
    dyffryn.dispatch()
    for _ in range(5):
        dyffryn.wait(minutes=3)
        dyffryn.dispatch()
    assert len(dyffryn.published()) == 1
    assert [part.state for part in dyffryn.parts()] == [ReplyState.SENT]
    assert dyffryn.case(case_id).state is State.ANSWERED


@pytest.mark.parametrize(("slug", "sent_in_the_end"), [("dyffryn-fb", True), ("dyffryn-x", False)])
def test_a_reply_that_vanished_goes_out_again_only_where_absence_can_be_proved(
    dyffryn: Town, slug: str, sent_in_the_end: bool
) -> None:
    """The process died between intent and request: nothing was published, and nobody knows."""
    case_id = dyffryn.arrives("Pryd?", slug)
    dyffryn.answers(case_id, "Bob dydd Mawrth.")
    dyffryn.store.write(lambda session: replies.claim(session, now=dyffryn.now))
    for _ in range(8):
        dyffryn.wait(minutes=2)
        dyffryn.dispatch()
    assert len(dyffryn.published()) == (1 if sent_in_the_end else 0)
    assert (len(dyffryn.before_a_person()) == 0) is sent_in_the_end


# The lines that are bad are the third and the fifth.
CSV = """id,text,author,posted_at,thread
1,Pryd mae'r biniau?,a1,2026-11-15T10:00:00Z,t1
2,heb ddyddiad,a2,ddoe,t2
3,When is the bin day?,a3,2026-11-15T11:00:00+00:00,t3
,heb rif,a4,2026-11-15T12:00:00Z,t4
"""
JSONL = "\n".join(
    [
        json.dumps({"id": "1", "text": "Pryd?", "author": "a1", "posted_at": "2026-11-15T10:00:00Z"}),
        "{not json",
        json.dumps({"id": "2", "text": "Ble?", "author": "a1", "posted_at": "2026-11-15T10:01:00Z"}),
    ]
)


@pytest.mark.parametrize(("name", "text", "bad"), [("c.csv", CSV, [3, 5]), ("c.jsonl", JSONL, [2])])
def test_the_good_rows_of_a_file_are_kept_and_the_bad_written_beside_it(
    dyffryn: Town, tmp_path: Path, name: str, text: str, bad: list[int]
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    bring_in = partial(pipeline.bring_in, dyffryn.here, file, "dyffryn-fb", history=False, open_since=None)
    told = bring_in(now=dyffryn.now)

    assert (told.new, told.bad) == (2, len(bad))
    assert [line for line, _ in told.first_bad] == bad
    beside = [json.loads(line) for line in told.beside.read_text(encoding="utf-8").splitlines()]
    assert [row["line"] for row in beside] == bad
    assert all(row["reason"] and row["row"] for row in beside)
    assert dyffryn.read() == 2
    assert len(dyffryn.cases()) == 2, "without a thread nothing is joined"

    again = bring_in(now=dyffryn.now)
    assert (again.new, again.known, again.bad) == (0, 2, len(bad))
    assert len(told.beside.read_text(encoding="utf-8").splitlines()) == len(bad)


def test_history_opens_no_case_and_a_date_opens_those_since(dyffryn: Town, tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text(CSV, encoding="utf-8")
    pipeline.bring_in(dyffryn.here, file, "dyffryn-fb", history=True, open_since=None, now=dyffryn.now)
    assert (dyffryn.read(), dyffryn.cases()) == (0, [])
    since = NINE - timedelta(days=1, hours=-1, minutes=-30)
    pipeline.bring_in(dyffryn.here, file, "dyffryn-x", history=False, open_since=since, now=dyffryn.now)
    assert dyffryn.read() == 1


def test_a_file_in_another_encoding_is_refused_whole(dyffryn: Town, tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_bytes(CSV.replace("mae'r", "t\u0177").replace("\u0177", "\xfd").encode("latin-1"))
    with pytest.raises(UnreadableFile, match="save it again as UTF-8"):
        pipeline.bring_in(dyffryn.here, file, "dyffryn-fb", history=False, open_since=None, now=dyffryn.now)
    assert dyffryn.comments() == []


def test_each_warning_is_told_once_however_often_it_is_looked(dyffryn: Town) -> None:
    dyffryn.arrives("Pryd?")
    dyffryn.now = NINE + timedelta(days=14, hours=1)
    assert pipeline.warn(dyffryn.here, now=dyffryn.now) > 0
    assert pipeline.warn(dyffryn.here, now=dyffryn.now) == 0


def a_holiday(day: date, source: str) -> Holiday:
    return Holiday(day, WALES, "A day", "Diwrnod", source)


def test_a_holiday_announced_late_moves_the_running_clocks(dyffryn: Town) -> None:
    case_id = dyffryn.arrives("Pryd?")
    assert dyffryn.case(case_id).due == date(2026, 11, 23)
    announced = [a_holiday(date(2026, 11, 18), GOV_UK)]
    assert pipeline.refresh_holidays(dyffryn.here, now=dyffryn.now, known=announced) == 1
    assert dyffryn.case(case_id).due == date(2026, 11, 24)
    with dyffryn.store.read() as session:
        assert session.scalars(select(RoundRow.first_due)).one() == date(2026, 11, 23)


def test_clocks_that_a_dead_process_left_uncounted_are_counted_by_the_next_round(dyffryn: Town) -> None:
    case_id = dyffryn.arrives("Pryd?")
    day = (date(2026, 11, 18), WALES, "A day", "Diwrnod", GOV_UK)
    dyffryn.store.write(lambda session: holidays.keep(session, [day], now=dyffryn.now))
    assert dyffryn.case(case_id).due == date(2026, 11, 23), "it died between the day and the clocks"
    assert pipeline.refresh_holidays(dyffryn.here, now=dyffryn.now, known=[Holiday(*day)]) == 0
    assert dyffryn.case(case_id).due == date(2026, 11, 24)
    with dyffryn.store.read() as session:
        assert not holidays.recount_owed(session)


def test_a_holiday_that_was_only_computed_is_taken_back_when_gov_uk_says_otherwise(dyffryn: Town) -> None:
    here = dyffryn.here

    def standing() -> dict[date, str]:
        with dyffryn.store.read() as session:
            return {row[0]: row[4] for row in holidays.standing(session) if row[0].year == 2040 and row[1] == WALES}

    may, monday, boxing = date(2040, 5, 7), date(2040, 5, 14), date(2040, 12, 26)
    computed = [a_holiday(may, COMPUTED), a_holiday(boxing, COMPUTED)]
    pipeline.refresh_holidays(here, now=dyffryn.now, known=computed)
    assert standing() == {may: COMPUTED, boxing: COMPUTED}

    published = [a_holiday(monday, GOV_UK), a_holiday(boxing, GOV_UK)]
    pipeline.refresh_holidays(here, now=dyffryn.now, known=[*published, *computed])
    assert standing() == {monday: GOV_UK, boxing: GOV_UK}
    pipeline.refresh_holidays(here, now=dyffryn.now, known=computed)
    assert standing() == {monday: GOV_UK, boxing: GOV_UK}, "an older list takes nothing back"


def test_a_limit_without_end_in_sight_is_a_number_of_hours_and_no_overflow(dyffryn: Town) -> None:
    error = RateLimited("dyffryn-fb", "slow", until=NINE + timedelta(days=400))
    case_id = dyffryn.arrives("Pryd?")
    dyffryn.answers(case_id, "Yfory.")
    [intent] = dyffryn.store.write(lambda session: replies.claim(session, now=dyffryn.now))
    dyffryn.store.write(
        lambda session: replies.fail(
            session, intent.part_id, error, settles_after=timedelta(minutes=1), now=dyffryn.now
        )
    )
    assert dyffryn.before_a_person() == [intent.part_id]
    with dyffryn.store.read() as session:
        assert queue.get(session, case_id).state is State.ASSIGNED
