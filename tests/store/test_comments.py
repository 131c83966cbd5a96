"""What was posted is kept once, whatever is collected twice, edited, or hostile."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from store import comments
from store.base import NaiveTime
from store.comments import CommentRow, RevisionRow
from store.database import Store
from store.normaliser import normalise
from tests.factories import MONDAY, a_comment, with_account
from vocabulary import Author, Comment, Origin, Presence

LATER = MONDAY + timedelta(hours=1)


def kept(store: Store, account, *found, now=MONDAY, **over):
    return store.write(lambda session: comments.keep(session, account, found, now=now, **over))


def row(store: Store, native_id: str = "c1") -> CommentRow:
    with store.read() as session:
        return session.scalars(select(CommentRow).where(CommentRow.native_id == native_id)).one()


def test_the_same_page_twice_is_one_row(store):
    account = with_account(store)

    first, second = (kept(store, account, a_comment(), a_comment(native_id="c2")) for _ in range(2))

    assert (len(first.new), len(second.new), second.unchanged) == (2, 0, 2)


def test_the_same_comment_twice_on_one_page_is_one_row(store):
    account = with_account(store)

    assert len(kept(store, account, a_comment(), a_comment()).new) == 1


def test_the_same_id_on_another_account_is_another_comment(store):
    one, other = with_account(store), with_account(store, slug="ysgolion-fb")

    assert len(kept(store, one, a_comment()).new) == len(kept(store, other, a_comment()).new) == 1


def test_an_edit_becomes_a_revision_and_the_old_words_stay(store):
    account = with_account(store)
    [comment_id] = kept(store, account, a_comment("bins?")).new

    changed = kept(store, account, a_comment("BINS!", edited_at=LATER), now=LATER).changed

    assert changed == (comment_id,)
    assert (row(store).latest, row(store).presence) == (2, Presence.EDITED)
    with store.read() as session:
        words = session.execute(select(RevisionRow.number, RevisionRow.text).order_by(RevisionRow.number)).all()
    assert [tuple(each) for each in words] == [(1, "bins?"), (2, "BINS!")]


def test_an_edited_comment_waits_to_be_read_again(store):
    account = with_account(store)
    [comment_id] = kept(store, account, a_comment()).new
    store.write(lambda session: setattr(session.get_one(CommentRow, comment_id), "read_at", MONDAY))

    kept(store, account, a_comment("different"), now=LATER)

    with store.read() as session:
        assert comments.unread(session, limit=10, tries=3) == [comment_id]


def test_seeing_it_again_moves_last_seen_only(store):
    account = with_account(store)
    kept(store, account, a_comment())

    kept(store, account, a_comment(), now=LATER)

    assert (row(store).first_seen, row(store).last_seen, row(store).presence) == (MONDAY, LATER, Presence.PRESENT)


def test_hidden_and_shown_again_is_noticed(store):
    account = with_account(store)
    kept(store, account, a_comment())

    kept(store, account, a_comment(hidden=True), now=LATER)
    assert row(store).presence is Presence.HIDDEN_BY_US

    kept(store, account, a_comment(hidden=None), now=LATER)
    assert row(store).presence is Presence.HIDDEN_BY_US  # a platform that does not say undoes nothing

    kept(store, account, a_comment(hidden=False), now=LATER)
    assert row(store).presence is Presence.PRESENT


@pytest.mark.parametrize(
    ("said", "presence"),
    [(True, Presence.HIDDEN_BY_US), (None, Presence.HIDDEN_BY_US), (False, Presence.EDITED)],
)
def test_what_is_hidden_stays_hidden_when_its_words_change(store, said, presence):
    account = with_account(store)
    kept(store, account, a_comment(hidden=True))

    kept(store, account, a_comment("Other words", hidden=said), now=LATER)

    assert (row(store).latest, row(store).presence) == (2, presence)


def test_a_comment_without_author_is_kept_and_joined_to_nobody(store):
    account = with_account(store)

    kept(store, account, a_comment(author=None), a_comment(native_id="c2", author=None))

    assert row(store, "c1").author_id is row(store, "c2").author_id is None


def test_one_author_is_one_row_with_the_newest_name(store):
    account = with_account(store)
    kept(store, account, a_comment(author=Author("a1", "Mair")))

    kept(store, account, a_comment(native_id="c2", author=Author("a1", "Mair E")), now=LATER)

    assert row(store, "c1").author_id == row(store, "c2").author_id
    with store.read() as session:
        assert comments.as_said(session, [row(store).id])[row(store).id].author == Author("a1", "Mair E")


@pytest.mark.parametrize(
    ("posted", "history", "is_history"),
    [
        (MONDAY,                       False, False),
        (MONDAY - timedelta(days=900), False, True),   # before the account's open_since
        (MONDAY,                       True,  True),   # imported as history
    ],
)  # fmt: skip
def test_history_is_kept_and_never_waits_to_be_read(store, posted, history, is_history):
    account = with_account(store)

    kept(store, account, a_comment(posted_at=posted), history=history)

    assert row(store).history is is_history
    with store.read() as session:
        assert bool(comments.unread(session, limit=10, tries=3)) is not is_history


def test_a_time_without_zone_is_refused_and_nothing_is_kept(store):
    account = with_account(store)
    naive = MONDAY.replace(tzinfo=None)

    with pytest.raises(NaiveTime, match="no time zone"):
        kept(store, account, a_comment(posted_at=naive))

    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(CommentRow)) == 0


HOSTILE = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\x00\u202e\ud800\u200b\u0301\r\n'\";<>%")),
    max_size=60,
)


@given(words=st.lists(HOSTILE, min_size=1, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_at_all_is_kept_with_its_own_bytes(store, words):
    account = with_account(
        store, slug=f"a{abs(hash(tuple(words)))}{len(words)}", native_id=repr(words).encode("unicode_escape").decode()
    )
    found = [a_comment(text, native_id=str(number)) for number, text in enumerate(words)]

    ids = kept(store, account, *found).new

    with store.read() as session:
        rows = session.scalars(
            select(RevisionRow).where(RevisionRow.comment_id.in_(ids)).order_by(RevisionRow.comment_id)
        )
        for revision, text in zip(rows, words, strict=True):
            assert revision.raw == text.encode("utf-8", "surrogatepass")
            assert "\x00" not in revision.text
            assert "\u202e" not in revision.text
            revision.text.encode("utf-8")


def test_what_a_search_found_first_is_read_again_once_it_turns_out_to_be_to_us(store):
    account = with_account(store)
    kept(store, account, a_comment(origin=Origin.SEARCH, found_by="Dyffryn"))
    store.write(lambda session: session.execute(update(CommentRow).values(read_at=MONDAY)))

    kept(store, account, a_comment())
    assert (row(store).origin, row(store).found_by, row(store).read_at) == (Origin.ADDRESSED, "", None)

    kept(store, account, a_comment(origin=Origin.SEARCH, found_by="Dyffryn"))
    assert (row(store).origin, row(store).found_by) == (Origin.ADDRESSED, "")


ODD = st.text(st.sampled_from(" ab\t\n\\'\"\x00\x1f\u202e\ud800ŵ🙂\u2028"), max_size=12)
SAID = st.builds(
    lambda number, words, name, hidden: a_comment(
        words, native_id=f"p{number}", author=Author(f"a{number % 3}", name) if number else None, hidden=hidden
    ),
    st.integers(0, 6),
    ODD,
    ODD.filter(str.strip),
    st.sampled_from([None, None, True, False]),
)


@given(pages=st.lists(st.lists(SAID, max_size=8), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_pages_come_every_wording_is_kept_once_and_in_order(store: Store, pages: list[list[Comment]]) -> None:
    """Beside the plainest way to say it: by id, each wording that differs from the one before."""
    account = with_account(store, slug=f"c{uuid.uuid4().hex}")
    truth: dict[str, list[str]] = {}
    for page in pages:
        last = {each.native_id: each for each in page}
        for native_id, each in last.items():
            known = truth.setdefault(native_id, [])
            if not known or known[-1] != each.text:
                known.append(each.text)
        kept(store, account, *page)

    with store.read() as session:
        held = session.execute(
            select(CommentRow.native_id, RevisionRow.number, RevisionRow.sha256, RevisionRow.text)
            .join(RevisionRow, RevisionRow.comment_id == CommentRow.id)
            .where(CommentRow.account_id == account.id)
            .order_by(CommentRow.native_id, RevisionRow.number)
        ).all()
    wanted = [
        (native_id, number, comments.fingerprint(text), normalise(text).text)
        for native_id, texts in sorted(truth.items())
        for number, text in enumerate(texts, 1)
    ]
    assert [tuple(row) for row in held] == wanted
