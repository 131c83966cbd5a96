"""Saved replies that communications keep: never one language alone, never a change without its row."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from moderation import saved_replies, templates
from moderation.record import Actor
from moderation.saved_replies import Pair, SavedReplies, SavedReply
from moderation.templates import Entry, StaleTemplate, UnknownTemplate
from store import audit
from store.audit import AuditRow
from store.database import Store
from tests.conftest import KEY
from tests.factories import NOON, officer
from toml_file import Bilingual
from vocabulary import Language, ReplyKind

KNOWN = SavedReplies().known
FILE = SavedReplies(
    template=(
        SavedReply(
            slug="holding",
            kind=ReplyKind.HOLDING,
            title=Bilingual(cy="Ymateb dros dro", en="Holding reply"),
            cy="Daw ateb. {reference}",
            en="An answer will come. {reference}",
        ),
    )
)


def a_pair(**over: str) -> Pair:
    facts = dict(title_cy="Eira", title_en="Snow", text_cy="Mae'r ffordd ar gau.", text_en="The road is closed.")
    return Pair(kind=ReplyKind.ANSWER, **facts | over)


def language_of(text: str) -> Language:
    if "gau" in text or "Daw" in text:
        return Language.CY
    return Language.EN if "The " in text else Language.UND


# What is typed instead; the fields that are wrong.
UNFIT = [
    ({}, []),
    ({"text_cy": ""}, ["text_cy"]),
    ({"text_en": "  "}, ["text_en"]),
    ({"title_cy": "", "title_en": ""}, ["title_cy", "title_en"]),
    ({"text_cy": "Ar gau: {reference}", "text_en": "The road: {reference}"}, []),
    ({"text_cy": "Ar gau: {reference}"}, ["text_cy"]),
    ({"text_cy": "Ar gau: {refrence}", "text_en": "The road: {refrence}"}, ["text_cy", "text_en"]),
    ({"text_cy": "Ar gau: [[enw]]", "text_en": "The road: [[enw]]"}, ["text_cy", "text_en"]),
    ({"text_cy": "The road is closed."}, ["text_cy"]),
    ({"text_en": "Mae'r ffordd ar gau."}, ["text_en"]),
]


@pytest.mark.parametrize(("over", "fields"), UNFIT)
def test_a_pair_is_kept_only_whole(over: dict[str, str], fields: list[str]) -> None:
    found = saved_replies.unfit(a_pair(**over), known=KNOWN, language_of=language_of)
    assert [each.field for each in found] == fields


# The English title, the slugs that are taken; the slug it gets.
SLUGS = [
    ("Snow on the road", [], "snow-on-the-road"),
    ("Snow!", ["snow", "snow-2"], "snow-3"),
    ("999", [], "reply-999"),
    ("…", [], "reply"),
]


@pytest.mark.parametrize(("title", "taken", "slug"), SLUGS)
def test_every_pair_gets_a_slug_of_its_own(title: str, taken: Sequence[str], slug: str) -> None:
    assert saved_replies.slug_of(title, taken) == slug


@pytest.fixture
def mair(store: Store) -> Actor:
    return officer(store)


def entries(store: Store) -> dict[str, Entry]:
    with store.read() as session:
        return {each.reply.slug: each for each in templates.entries(session, FILE)}


def offered(store: Store) -> list[str]:
    with store.read() as session:
        return [each.slug for each in templates.offered(session, FILE)]


def trail(store: Store) -> list[str]:
    with store.read() as session:
        assert audit.verify(session, KEY, None) is None
        rows = session.scalars(
            select(AuditRow).where(AuditRow.action.startswith("template.")).order_by(AuditRow.number)
        )
        return [f"{row.action} {row.subject}" for row in rows]


def test_a_new_one_stands_beside_those_of_the_file(store: Store, mair: Actor) -> None:
    slug = store.write(lambda session: templates.add(session, FILE, a_pair(), actor=mair, now=NOON))
    assert slug == "snow"
    assert offered(store) == ["holding", "snow"]
    kept = entries(store)["snow"]
    assert (kept.reply.cy, kept.version, kept.in_file) == ("Mae'r ffordd ar gau.", 1, False)
    assert trail(store) == ["template.added template:snow"]


def test_one_of_the_file_is_changed_without_touching_the_file(store: Store, mair: Actor) -> None:
    pair = a_pair(text_cy="Daw ateb yfory.")
    store.write(lambda session: templates.change(session, FILE, "holding", pair, actor=mair, now=NOON, saw=0))
    assert offered(store) == ["holding"]
    assert entries(store)["holding"].reply.cy == "Daw ateb yfory."
    assert FILE.replies[0].cy == "Daw ateb. {reference}"
    assert trail(store) == ["template.changed template:holding"]


def test_a_change_on_what_a_colleague_has_changed_is_refused(store: Store, mair: Actor) -> None:
    store.write(lambda session: templates.change(session, FILE, "holding", a_pair(), actor=mair, now=NOON, saw=0))
    with pytest.raises(StaleTemplate):
        store.write(lambda session: templates.change(session, FILE, "holding", a_pair(), actor=mair, now=NOON, saw=0))
    with pytest.raises(UnknownTemplate):
        store.write(lambda session: templates.change(session, FILE, "nonsense", a_pair(), actor=mair, now=NOON, saw=0))
    assert trail(store) == ["template.changed template:holding"]


def test_a_retired_one_is_offered_to_nobody_until_it_is_put_back(store: Store, mair: Actor) -> None:
    for retired, saw in ((True, 0), (False, 1)):
        store.write(
            lambda session, retired=retired, saw=saw: templates.retire(  # type: ignore[misc]
                session, FILE, "holding", retired=retired, actor=mair, now=NOON, saw=saw
            )
        )
        assert offered(store) == ([] if retired else ["holding"])
        assert entries(store)["holding"].reply == FILE.replies[0]
    assert trail(store) == ["template.retired template:holding", "template.restored template:holding"]


def test_the_trail_has_no_word_of_a_text(store: Store, mair: Actor) -> None:
    store.write(lambda session: templates.add(session, FILE, a_pair(), actor=mair, now=NOON))
    with store.read() as session:
        assert "ffordd" not in str([row["after"] for row in audit.rows(session)])
