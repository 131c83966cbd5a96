"""A reply is published once; and where nobody can know whether it was, that is what is said."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from collectors.base import (
    Action,
    AuthExpired,
    Budget,
    Collector,
    CollectorError,
    Cursor,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
)
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account
from tests.collectors.conftest import BOTH, NINE, Scene
from vocabulary import Platform

X, FACEBOOK = BOTH
HOUR = timedelta(hours=1)
WRITES = {X: "/2/tweets", FACEBOOK: "*/comments"}

# What happens to the request, what we say of it, and whether the reply stands on the platform.
REPLIES = [
    (X,        Kind.RATE_LIMITED,     RateLimited,    False),
    (X,        Kind.EXPIRED,          AuthExpired,    False),
    (X,        Kind.FORBIDDEN,        PermissionLost, False),
    (X,        Kind.REFUSED,          Refused,        False),
    (X,        Kind.GONE,             Gone,           False),
    (X,        Kind.SERVER_ERROR,     Unconfirmed,    False),
    (X,        Kind.HTML_502,         Unconfirmed,    False),
    (X,        Kind.DROPPED_BEFORE,   Unconfirmed,    False),
    (X,        Kind.DROPPED_AFTER,    Unconfirmed,    True),
    (X,        Kind.APPLIED_THEN_504, Unconfirmed,    True),
    (X,        Kind.FALSE_BODY,       Unconfirmed,    True),
    (X,        Kind.TRUNCATED_JSON,   Unconfirmed,    True),
    (X,        Kind.CUT_SHORT,        Unconfirmed,    True),
    (X,        Kind.SLOW,             Unconfirmed,    True),
    (FACEBOOK, Kind.RATE_LIMITED,     RateLimited,    False),
    (FACEBOOK, Kind.EXPIRED,          AuthExpired,    False),
    (FACEBOOK, Kind.FORBIDDEN,        PermissionLost, False),
    (FACEBOOK, Kind.REFUSED,          Refused,        False),
    (FACEBOOK, Kind.GONE,             Gone,           False),
    (FACEBOOK, Kind.SERVER_ERROR,     Unconfirmed,    False),
    (FACEBOOK, Kind.HTML_502,         Unconfirmed,    False),
    (FACEBOOK, Kind.DROPPED_BEFORE,   Unconfirmed,    False),
    (FACEBOOK, Kind.DROPPED_AFTER,    Unconfirmed,    True),
    (FACEBOOK, Kind.APPLIED_THEN_504, Unconfirmed,    True),
    (FACEBOOK, Kind.FALSE_BODY,       Unconfirmed,    True),
    (FACEBOOK, Kind.TRUNCATED_JSON,   Unconfirmed,    True),
    (FACEBOOK, Kind.CUT_SHORT,        Unconfirmed,    True),
    (FACEBOOK, Kind.SLOW,             Unconfirmed,    True),
]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Somebody asked us something on one platform."""

    scene: Scene
    account: Account
    collector: Collector
    post: str
    question: str

    def standing(self) -> list[str]:
        return [reply.text for reply in self.scene.world.replies_by_us(self.account.slug)]


@pytest.fixture
def asked(lasting_scene: Scene, platform: Platform) -> Iterator[Asked]:
    account, world = lasting_scene.account(platform), lasting_scene.world
    post = world.post(account.slug, "Bore da", NINE)
    question = world.comment(account.slug, "Pryd mae'r biniau?", "7001", "Mari", NINE + HOUR, post=post)
    yield Asked(lasting_scene, account, lasting_scene.collector(account, timeout=0.6), post, question)
    lasting_scene.mend()


@pytest.mark.parametrize("platform", BOTH)
def test_a_reply_stands_under_the_comment_it_answers_and_its_receipt_is_the_platforms(asked: Asked):
    receipt = asked.collector.reply(asked.question, "Dydd Mawrth, o saith y bore.", key="k1")

    (reply,) = asked.scene.world.replies_by_us(asked.account.slug)
    assert (reply.native_id, reply.parent, reply.text) == (
        receipt.native_id, asked.question, "Dydd Mawrth, o saith y bore."
    )  # fmt: skip
    assert receipt.at == asked.scene.world.now


@pytest.mark.parametrize(("platform", "kind", "error", "published"), REPLIES)
def test_a_reply_that_may_have_been_published_is_never_called_failed(
    asked: Asked, platform: Platform, kind: Kind, error: type[CollectorError], published: bool
):
    asked.scene.spoil(Fault(kind, method="POST", path=WRITES[platform]))
    before = len(asked.scene.simulator.requests)

    with pytest.raises(CollectorError) as caught:
        asked.collector.reply(asked.question, "Dydd Mawrth.", key="k1")

    assert type(caught.value) is error
    assert len(asked.scene.simulator.requests) == before + 1
    assert asked.standing() == (["Dydd Mawrth."] if published else [])


@pytest.mark.parametrize("platform", BOTH)
def test_a_doubtful_reply_can_be_read_back(asked: Asked, platform: Platform):
    began = asked.scene.world.now
    assert asked.collector.own_replies(asked.question, since=began) == []
    asked.scene.spoil(Fault(Kind.DROPPED_AFTER, method="POST", path=WRITES[platform]))
    with pytest.raises(Unconfirmed):
        asked.collector.reply(asked.question, "Dydd Mawrth.", key="k1")

    (found,) = asked.collector.own_replies(asked.question, since=began)

    (stands,) = asked.scene.world.replies_by_us(asked.account.slug)
    assert (found.native_id, found.text, found.in_reply_to) == (stands.native_id, "Dydd Mawrth.", asked.question)
    assert found.thread == asked.post


@pytest.mark.parametrize("platform", BOTH)
def test_a_read_back_sees_our_replies_to_this_comment_since_then_and_no_others(asked: Asked):
    world, slug, us = asked.scene.world, asked.account.slug, asked.account.native_id
    other = world.comment(slug, "A fi?", "7002", "Tom", NINE + HOUR, post=asked.post)
    world.comment(slug, "I Mari, ddoe", us, "", NINE + 2 * HOUR, parent=asked.question)
    recent = world.comment(slug, "I Mari, heddiw", us, "", NINE + 5 * HOUR, parent=asked.question)
    world.comment(slug, "I Tom", us, "", NINE + 5 * HOUR, parent=other)
    world.comment(slug, "Diolch", "7001", "Mari", NINE + 6 * HOUR, parent=asked.question)

    found = asked.collector.own_replies(asked.question, since=NINE + 5 * HOUR)

    assert [reply.native_id for reply in found] == [recent]


@pytest.mark.parametrize("platform", BOTH)
def test_a_read_back_that_fails_is_an_error_and_never_an_empty_answer(asked: Asked):
    for kind in (Kind.SERVER_ERROR, Kind.FALSE_BODY, Kind.TRUNCATED_JSON, Kind.DROPPED_BEFORE):
        asked.scene.mend()
        asked.scene.spoil(Fault(kind, method="GET"))
        with pytest.raises((Transient, Malformed)):
            asked.collector.own_replies(asked.question, since=NINE)


@pytest.mark.parametrize("platform", [FACEBOOK])
def test_a_reply_to_a_reply_stands_beside_it_and_is_found_there(asked: Asked):
    nested = asked.scene.world.comment(
        asked.account.slug, "A'r bin gwyrdd?", "7002", "Tom", NINE + 2 * HOUR, parent=asked.question
    )
    receipt = asked.collector.reply(nested, "Dydd Iau.", key="k1")

    (found,) = asked.collector.own_replies(nested, since=asked.scene.world.now)

    assert found.native_id == receipt.native_id
    assert found.in_reply_to == asked.question


@pytest.mark.parametrize("platform", BOTH)
def test_a_reply_longer_than_the_platform_allows_is_not_even_sent(asked: Asked):
    before = len(asked.scene.simulator.requests)
    too_long = "x" * (asked.collector.capabilities().longest_reply + 1)

    with pytest.raises(Refused):
        asked.collector.reply(asked.question, too_long, key="k1")

    assert len(asked.scene.simulator.requests) == before


@pytest.mark.parametrize("platform", BOTH)
def test_nothing_is_in_doubt_when_no_connection_was_made(asked: Asked):
    gone = Simulator(asked.scene.world)
    gone.start()
    gone.stop()
    nowhere = Scene(asked.scene.world, gone).collector(asked.account)

    with pytest.raises(Transient, match="no connection could be made"):
        nowhere.reply(asked.question, "Dydd Mawrth.", key="k1")


@pytest.mark.parametrize("platform", BOTH)
def test_hiding_twice_is_harmless_and_can_be_undone(asked: Asked):
    message = asked.scene.world.message(asked.question)
    assert message is not None
    for hidden in (True, True, False, False):
        asked.collector.act(Action.HIDE if hidden else Action.UNHIDE, asked.question)
        assert message.hidden is hidden


@pytest.mark.parametrize("platform", [X])
def test_x_hides_only_in_conversations_that_we_began(asked: Asked):
    mention = asked.scene.world.mention(asked.account.slug, "Helo", "7002", "Tom", NINE)

    with pytest.raises(Refused, match="conversations that we began"):
        asked.collector.act(Action.HIDE, mention)


@pytest.mark.parametrize("platform", BOTH)
def test_a_hide_that_went_astray_is_to_be_asked_again(asked: Asked):
    asked.scene.spoil(Fault(Kind.DROPPED_AFTER))

    with pytest.raises(Transient):
        asked.collector.act(Action.HIDE, asked.question)


@pytest.mark.parametrize("platform", [X])
def test_x_answers_nobody_who_did_not_mention_us_for_a_self_serve_app(asked: Asked):
    untagged = asked.scene.world.comment(
        asked.account.slug, "?", "7002", "Tom", NINE + HOUR, post=asked.post, mentions_us=False
    )
    asked.scene.world.self_serve = True
    try:
        with pytest.raises(Refused, match="reply on X itself"):
            asked.collector.reply(untagged, "Dydd Mawrth.", key="k1")
        assert asked.collector.reply(asked.question, "Dydd Mawrth.", key="k2").native_id
    finally:
        asked.scene.world.self_serve = False


@pytest.mark.parametrize("platform", BOTH)
def test_a_recheck_tells_what_is_there_from_what_is_gone(asked: Asked):
    deleted = asked.scene.world.comment(asked.account.slug, "?", "7002", "Tom", NINE + HOUR, post=asked.post)
    asked.scene.world.delete(deleted, NINE + 2 * HOUR)

    standing = asked.collector.recheck([asked.question, deleted])

    assert standing == {asked.question: Standing.PRESENT, deleted: Standing.GONE}


@pytest.mark.parametrize("platform", [X])
def test_a_recheck_on_x_sees_an_edit(asked: Asked):
    asked.scene.world.edit(asked.question, "Pryd mae'r bin gwyrdd?", NINE + 2 * HOUR)

    assert asked.collector.recheck([asked.question]) == {asked.question: Standing.EDITED}


@pytest.mark.parametrize("platform", [FACEBOOK])
def test_a_comment_under_a_post_that_is_gone_is_not_said_to_be_deleted(asked: Asked):
    asked.scene.world.delete(asked.post, NINE + 2 * HOUR)

    assert asked.collector.recheck([asked.question]) == {asked.question: Standing.UNKNOWN}


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize(
    "kind",
    [
        Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.HTML_502, Kind.FALSE_BODY, Kind.TRUNCATED_JSON, Kind.DROPPED_BEFORE,
        Kind.SLOW,
    ],
)  # fmt: skip
def test_no_error_of_a_recheck_ever_says_gone(asked: Asked, kind: Kind):
    asked.scene.spoil(Fault(kind, times=9, seconds=5))

    standing = asked.collector.recheck([asked.question])

    assert standing[asked.question] in (Standing.UNKNOWN, Standing.FORBIDDEN)


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize(("kind", "error"), [(Kind.RATE_LIMITED, RateLimited), (Kind.EXPIRED, AuthExpired)])
def test_a_recheck_stops_at_what_concerns_the_whole_account(asked: Asked, kind: Kind, error: type[CollectorError]):
    asked.scene.spoil(Fault(kind, times=9))
    before = len(asked.scene.simulator.requests)

    with pytest.raises(error):
        asked.collector.recheck([asked.question] * 9)

    assert len(asked.scene.simulator.requests) == before + 1


@pytest.mark.parametrize("platform", BOTH)
def test_an_officer_may_act_while_the_schedule_reads(asked: Asked):
    def read() -> int:
        return sum(
            len(page.comments) for page in asked.collector.fetch(asked.collector.streams()[0], Cursor(), Budget())
        )

    def hide(hidden: bool) -> bool:
        asked.collector.act(Action.HIDE if hidden else Action.UNHIDE, asked.question)
        return True

    with ThreadPoolExecutor(8) as officers:
        reads = [officers.submit(read) for _ in range(20)]
        hides = [officers.submit(hide, bool(number % 2)) for number in range(20)]

    assert {one.result() for one in reads} == {1}
    assert all(one.result() for one in hides)


@pytest.mark.parametrize("platform", BOTH)
def test_what_can_be_done_is_declared(asked: Asked, platform: Platform):
    capabilities = asked.collector.capabilities()

    assert capabilities.actions >= {Action.REPLY, Action.HIDE, Action.UNHIDE}
    assert capabilities.proves_absence is (platform is FACEBOOK)
    assert capabilities.settles_after == timedelta(minutes=1)


# The counts of twitter-text's own conformance rules: letters, Welsh letters, other scripts, emoji, links.
LENGTHS = [
    ("",                                             0),
    ("Bore da",                                      7),
    ("Ŵyr neb, â tho bach",                         19),
    ("w\u0302",                                      1),
    ("東京",                                          4),
    ("🙂",                                            2),
    ("👨‍👩‍👧‍👦",                                            2),
    ("👍🏽",                                            2),
    ("🏴󠁧󠁢󠁷󠁬󠁳󠁿",                                            2),
    ("🇬🇧",                                            2),
    ("“dyfyniad” – a’r gweddill",                   25),
    ("https://www.dyffryn.example/biniau",          23),
    ("gweler https://a.example/b a www.powys.gov.uk/x", 7 + 23 + 3 + 23),
    ("cyngor.cymru",                                23),
    ("Gweler https://dyffryn.example/a.",            7 + 23 + 1),
    ("(https://dyffryn.example/a)",                  1 + 23 + 1),
    ("helo@dyffryn.example",                        20),
]  # fmt: skip


@pytest.mark.parametrize(("text", "length"), LENGTHS)
def test_x_counts_as_x_counts(lasting_scene: Scene, text: str, length: int):
    assert lasting_scene.collector(lasting_scene.account(X)).length_of(text) == length
