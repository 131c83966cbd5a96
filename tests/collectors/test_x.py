"""What is peculiar to X: an edit is a new id, a quote need not name us, a message is private, and everything costs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import Action, Budget, Cursor, Page, QuotaExhausted, RateLimited, Refused, Standing, Transient
from collectors.transport import Answer
from collectors.x import XAccount, id_at, time_of
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account, World
from simulator.x import understand
from tests.collectors.conftest import NINE, Kept, Scene, of_stream, run_all, run_once
from tests.collectors.meters import RENEWED, Purse
from tests.collectors.test_nonsense import DATE, AnySdk, Parrot
from vocabulary import Author, Comment, Origin, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BINS = {"biniau": '"Cyngor Dyffryn" OR #dyffryn'}


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.X)


def asked_of(scene: Scene, path: str) -> int:
    return sum(path in each.path for each in scene.simulator.requests)


# --- quotes


@pytest.mark.parametrize("vocabulary", ["tweets", "posts"])
def test_a_quote_that_does_not_name_us_is_a_comment_to_us(scene: Scene, account: Account, vocabulary: str):
    scene.world.x_vocabulary = vocabulary
    post = scene.world.post(account.slug, "Casglu biniau: dyddiau newydd", NINE - 5 * HOUR)
    quote = scene.world.quote(account.slug, "Eto fyth?", *MARI, NINE - HOUR, of=post)

    kept = of_stream(scene, account, "quotes")

    comment = kept.comments[quote]
    assert comment.text.startswith("Eto fyth? https://x.com/")
    assert (comment.thread, comment.author, comment.origin) == (quote, Author(*MARI), Origin.ADDRESSED)
    assert set(run_all(scene.collector(account)).comments) == {quote}


def test_a_post_that_nobody_quoted_costs_no_request(scene: Scene, account: Account):
    for number in range(30):
        scene.world.post(account.slug, f"Newyddion {number}", NINE - 5 * HOUR)

    of_stream(scene, account, "quotes")

    assert asked_of(scene, "quote_tweets") == 0


def test_quotes_are_asked_for_again_only_while_they_are_new(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    scene.world.quote(account.slug, "Un", *MARI, NINE - HOUR, of=post)
    kept = of_stream(scene, account, "quotes")
    requests = []
    for _ in range(4):
        scene.world.now += 40 * MINUTE
        before = asked_of(scene, "quote_tweets")
        of_stream(scene, account, "quotes", kept)
        requests.append(asked_of(scene, "quote_tweets") - before)

    assert requests == [1, 0, 0, 0]


def test_a_quote_that_is_counted_before_it_is_listed_is_found(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    late = scene.world.quote(account.slug, "Un", *MARI, NINE - MINUTE, of=post)
    message = scene.world.message(late)
    assert message is not None
    message.listed_at = NINE + 30 * MINUTE
    kept = of_stream(scene, account, "quotes")
    assert not kept.comments
    scene.world.now += 45 * MINUTE

    assert set(of_stream(scene, account, "quotes", kept).comments) == {late}


def test_of_many_quotes_only_the_new_ones_are_paid_for(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    old = {scene.world.quote(account.slug, f"{n}", *MARI, NINE - 2 * HOUR + n * MINUTE, of=post) for n in range(60)}
    kept, purse = of_stream(scene, account, "quotes", page_size=20), Purse()
    assert set(kept.comments) == old
    scene.world.now += 24 * HOUR
    new = {scene.world.quote(account.slug, f"+{n}", *TOM, scene.world.now - n * MINUTE, of=post) for n in range(12)}

    of_stream(scene, account, "quotes", kept, page_size=20, meter=purse)

    assert set(kept.comments) == old | new
    assert ("post_read", 12) in purse.paid


def test_who_quotes_us_may_be_answered_by_a_self_serve_app(scene: Scene, account: Account):
    scene.world.self_serve = True
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    quote = scene.world.quote(account.slug, "Eto fyth?", *MARI, NINE - HOUR, of=post)

    assert scene.collector(account).reply(quote, "Ydyn.", key="k").native_id


# --- direct messages


@pytest.mark.parametrize("vocabulary", ["tweets", "posts"])
def test_a_direct_message_is_private_and_stands_in_its_conversation(scene: Scene, account: Account, vocabulary: str):
    scene.world.x_vocabulary = vocabulary
    text = "Fy nghyfeiriad: https://dyffryn.example/ffurflen?a=1&b=2 & diolch"
    message = scene.world.direct_message(account.slug, text, *MARI, NINE - HOUR)

    comment = of_stream(scene, account, "messages").comments[message]

    assert comment.text == text
    assert (comment.author, comment.posted_at, comment.origin) == (Author(*MARI), NINE - HOUR, Origin.PRIVATE)
    assert comment.thread == f"{account.native_id}-7001"
    assert json.loads(comment.raw)["event_type"] == "MessageCreate"


def test_nothing_private_is_in_any_other_stream(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Cyngor Dyffryn, helo", *MARI, NINE - HOUR)
    scene.world.comment(account.slug, "Helo", account.native_id, "", NINE - MINUTE, parent=message)
    collector = scene.collector(account, searches=BINS)

    for stream in collector.streams():
        kept = Kept()
        assert run_once(collector, stream, kept)
        assert bool(kept.comments or kept.ours) is (stream == "messages")


def test_a_message_is_answered_in_private_and_the_answer_is_known_by_its_receipt(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Pryd mae'r biniau?", *MARI, NINE - HOUR)
    scene.world.direct_message(account.slug, "A fi?", *TOM, NINE - MINUTE)
    collector = scene.collector(account)

    receipt = collector.reply(message, "Dydd Mawrth.", key="k")

    (ours,) = scene.world.replies_by_us(account.slug)
    assert (ours.native_id, ours.private, ours.parent) == (receipt.native_id, True, message)
    assert receipt.at == scene.world.now
    kept = run_all(collector)
    assert kept.ours[receipt.native_id].in_reply_to == message
    assert not kept.posts


def test_a_doubtful_message_is_read_back_from_its_conversation(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Pryd?", *MARI, NINE - HOUR)
    other = scene.world.direct_message(account.slug, "A fi?", *TOM, NINE - HOUR)
    collector = scene.collector(account)
    collector.reply(other, "Dydd Iau.", key="k0")
    scene.spoil(Fault(Kind.DROPPED_AFTER, method="POST", path="*/messages"))
    with pytest.raises(Exception, match="before the whole answer"):
        collector.reply(message, "Dydd Mawrth.", key="k1")

    (found,) = collector.own_replies(message, since=NINE)

    assert (found.text, found.in_reply_to, found.thread) == ("Dydd Mawrth.", message, message.split("/")[0])
    assert list(collector.own_replies(message, since=NINE + HOUR)) == []


def test_a_read_back_of_messages_that_never_ends_is_no_answer(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Pryd?", *MARI, NINE - HOUR)
    scene.world.comment(account.slug, "Heno", account.native_id, "", NINE, parent=message)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/dm_events", times=99))

    with pytest.raises(Transient, match="pages"):
        scene.collector(account).own_replies(message, since=NINE - 2 * HOUR)


def test_what_x_will_not_deliver_is_for_the_officer_to_do_there(scene: Scene, account: Account):
    with pytest.raises(Refused, match="answer on X itself and record it"):
        scene.collector(account).reply(f"{account.native_id}-7009/1", "Helo", key="k")


@pytest.mark.parametrize("native_id", ["1990000000000000001/2", "8-9/2", "1001-x/2"])
def test_a_message_to_several_people_is_not_answered_by_us(scene: Scene, account: Account, native_id: str):
    with pytest.raises(Refused, match="record it here"):
        scene.collector(account).reply(native_id, "Helo", key="k")
    assert scene.simulator.requests == []


def test_a_message_may_be_longer_than_a_post_but_not_without_end(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Pryd?", *MARI, NINE - HOUR)
    collector = scene.collector(account)

    assert collector.reply(message, "x" * 10_000, key="k").native_id
    with pytest.raises(Refused, match="longer"):
        collector.reply(message, "x" * 10_001, key="k")


def test_a_message_cannot_be_hidden_and_is_never_said_to_be_gone(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Pryd?", *MARI, NINE - HOUR)
    collector = scene.collector(account)

    with pytest.raises(Refused):
        collector.act(Action.HIDE, message)
    assert collector.recheck([message]) == {message: Standing.PRESENT}
    assert scene.simulator.requests == []


def test_every_message_of_a_month_is_read_and_after_that_only_the_newest(scene: Scene, account: Account):
    messages = {scene.world.direct_message(account.slug, f"{n}", *MARI, NINE - n * HOUR) for n in range(1, 250)}
    kept, purse = of_stream(scene, account, "messages"), Purse()
    assert set(kept.comments) == messages
    scene.world.now += 2 * HOUR
    new = scene.world.direct_message(account.slug, "Eto", *MARI, scene.world.now - MINUTE)

    of_stream(scene, account, "messages", kept, meter=purse)

    assert new in kept.comments
    assert purse.paid == [("dm_read", 10)]


def test_more_new_messages_than_are_read_at_once_are_all_found(scene: Scene, account: Account):
    old = scene.world.direct_message(account.slug, "Hen", *MARI, NINE - 9 * HOUR)
    kept = of_stream(scene, account, "messages")
    scene.world.now += 5 * HOUR
    new = {scene.world.direct_message(account.slug, f"{n}", *TOM, NINE + n * MINUTE) for n in range(35)}

    assert set(of_stream(scene, account, "messages", kept).comments) == new | {old}


def test_x_takes_few_questions_about_messages_and_says_until_when(scene: Scene, account: Account):
    scene.spoil(Fault(Kind.RATE_LIMITED, path="*/dm_events", seconds=300))

    with pytest.raises(RateLimited) as caught:
        of_stream(scene, account, "messages")

    assert caught.value.until == NINE + timedelta(seconds=300)


def event(**over: Any) -> dict[str, Any]:
    facts = {
        "id": "1990000000000000001",
        "event_type": "MessageCreate",
        "text": "Helo",
        "created_at": "2026-11-16T08:00:00.000Z",
        "dm_conversation_id": "1001-7001",
        "sender_id": "7001",
    }
    return {name: value for name, value in (facts | over).items() if value is not None}


# A message, whether it is a comment, and how many troubles it makes.
EVENTS = [
    (event(),                                            ["Helo"], 0),
    (event(text=None, attachments={"media_keys": []}),   [""],     0),
    (event(event_type="ParticipantsJoin"),               [],       0),
    (event(dm_conversation_id="../etc"),                 [],       1),
    (event(id="x"),                                      [],       1),
    (event(created_at=None),                             [],       1),
    (event(sender_id=None),                              ["Helo"], 0),
    (event(dm_conversation_id="1990000000000000009"),    ["Helo"], 0),
]  # fmt: skip


@pytest.mark.parametrize(("item", "texts", "troubles"), EVENTS)
def test_a_message_is_read_without_trust(item: dict[str, Any], texts: list[str], troubles: int):
    body = json.dumps({"data": [item], "meta": {"result_count": 1}}).encode()

    (page,) = an_account(body).fetch("messages", Cursor(), Budget())

    assert [comment.text for comment in page.comments] == texts
    assert len(page.troubles) == troubles


# --- saved searches


def test_each_saved_search_is_a_stream_of_its_own_after_all_others(scene: Scene, account: Account):
    streams = scene.collector(account, searches={**BINS, "ysgol": "#ysgol"}).streams()

    assert tuple(streams) == (
        "mentions", "messages", "conversations", "quotes", "own", "search:biniau", "search:ysgol",
    )  # fmt: skip


def test_what_is_said_about_us_is_found_by_the_search_that_found_it(scene: Scene, account: Account):
    said = scene.world.overheard(account.slug, "Mae Cyngor Dyffryn yn araf", *MARI, NINE - HOUR)
    tagged = scene.world.overheard(account.slug, "Bins! #Dyffryn", *TOM, NINE - HOUR)
    scene.world.overheard(account.slug, "Dyffryn Clwyd yn braf", *TOM, NINE - HOUR)

    kept = of_stream(scene, account, "search:biniau", searches=BINS)

    assert set(kept.comments) == {said, tagged}
    assert {(each.origin, each.found_by) for each in kept.comments.values()} == {(Origin.SEARCH, "biniau")}


@pytest.mark.parametrize("long", [False, True])
def test_a_search_leaves_out_what_is_ours_or_addressed_to_us(scene: Scene, account: Account, *, long: bool):
    world, text = scene.world, "Cyngor Dyffryn " * (30 if long else 1)
    post = world.post(account.slug, text, NINE - 5 * HOUR)
    comment = world.comment(account.slug, text, *MARI, NINE - 4 * HOUR, post=post)
    world.comment(account.slug, text, account.native_id, "", NINE - 3 * HOUR, parent=comment)
    world.mention(account.slug, f"{text} @{account.username}", *TOM, NINE - 2 * HOUR)
    world.quote(account.slug, text, *TOM, NINE - HOUR, of=post)
    about_us = world.overheard(account.slug, text, *TOM, NINE - HOUR)

    assert set(of_stream(scene, account, "search:biniau", searches=BINS).comments) == {about_us}


def test_a_search_goes_on_from_where_it_stood(scene: Scene, account: Account):
    scene.world.overheard(account.slug, "#dyffryn 1", *MARI, NINE - 5 * HOUR)
    purse = Purse()
    kept = of_stream(scene, account, "search:biniau", searches=BINS, meter=purse)
    scene.world.now += 3 * HOUR
    new = scene.world.overheard(account.slug, "#dyffryn 2", *MARI, NINE + 2 * HOUR)

    of_stream(scene, account, "search:biniau", kept, searches=BINS, meter=purse)

    assert new in kept.comments
    assert purse.paid == [("post_read", 1), ("post_read", 1)]


def test_a_search_not_made_for_weeks_goes_back_as_far_as_x_does(scene: Scene, account: Account):
    kept = of_stream(scene, account, "search:biniau", searches=BINS)
    scene.world.now += timedelta(days=20)
    new = scene.world.overheard(account.slug, "#dyffryn", *MARI, scene.world.now - HOUR)

    of_stream(scene, account, "search:biniau", kept, searches=BINS)

    assert set(kept.comments) == {new}
    assert [each.status for each in scene.simulator.requests] == [200, 400, 200]
    assert sum(page.usage.requests for page in kept.pages) == 3


def test_a_search_that_x_does_not_understand_is_refused(scene: Scene, account: Account):
    with pytest.raises(Refused):
        of_stream(scene, account, "search:biniau", searches={"biniau": "colour:red"})


# What is searched for, and which of these it finds.
HEARD = ("Y biniau gwyrdd ger Aberdyffryn", "Bins! #Biniau", "ORANGE bins, @dyffryn")
SEARCHES = [
    ("biniau",                       {0, 1}),
    ("BINIAU",                       {0, 1}),
    ("bin",                          set()),
    ('"biniau gwyrdd"',              {0}),
    ('"gwyrdd biniau"',              set()),
    ("gwyrdd biniau",                {0}),
    ("#biniau",                      {1}),
    ("#bin",                         set()),
    ("@dyffryn",                     {2}),
    ("orange OR gwyrdd",             {0, 2}),
    ("bins -orange",                 {1}),
    ('bins -"orange bins"',          {1}),
    ("bins -#biniau",                {2}),
    ("(bins OR biniau) -from:7001",  {2}),
    ("-(bins OR gwyrdd)",            set()),
    ("bins -(orange OR gwyrdd)",     {1}),
    ("from:7002",                    {2}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "found"), SEARCHES)
def test_the_simulator_searches_as_x_does(query: str, found: set[int]):
    world = World(now=NINE)
    world.add_account(Platform.X, "dyffryn", "1001", "Cyngor Dyffryn", "t")
    people = (MARI, MARI, TOM)
    said = [world.overheard("dyffryn", text, *who, NINE) for text, who in zip(HEARD, people, strict=True)]
    fits = understand(query)

    assert {number for number, each in enumerate(said) if fits(world._messages[each], world)} == found


# --- edits


def a_version(history: list[str], place: int) -> dict[str, Any]:
    """A version as X shows it when `history` is all there is of it."""
    return {
        "id": history[place],
        "text": f"Fersiwn {place}",
        "author_id": "7001",
        "conversation_id": history[0],
        "created_at": "2026-11-16T08:00:00.000Z",
        "edit_history_tweet_ids": history,
    }


def an_account(body: bytes, status: int = 200) -> XAccount:
    line: Any = Parrot(Answer(status, DATE, body))
    return XAccount("dyffryn", "1001", AnySdk(), line)


@given(st.data())
@settings(deadline=None)
def test_every_version_of_an_edited_post_seen_in_any_order_is_one_comment(data: st.DataObject):
    ids = [str(int(id_at(NINE)) + number) for number in range(data.draw(st.integers(1, 6)))]
    shown = [a_version(ids[:so_far], place) for so_far in range(1, len(ids) + 1) for place in range(so_far)]
    items = data.draw(st.permutations(shown).map(lambda order: order[: max(1, len(order) // 2)]))
    body = json.dumps({"data": items, "meta": {"result_count": len(items)}}).encode()

    (page,) = an_account(body).fetch("mentions", Cursor(), Budget())

    assert {comment.native_id for comment in page.comments} <= {ids[0]}
    assert len(page.comments) == sum(item["id"] == item["edit_history_tweet_ids"][-1] for item in items)
    for comment in page.comments:
        assert (comment.posted_at, comment.edited_at is not None) == (
            time_of(ids[0]) if comment.text != "Fersiwn 0" else comment.posted_at, comment.text != "Fersiwn 0"
        )  # fmt: skip


def test_an_edit_between_two_runs_in_any_order_of_streams_is_one_comment(scene: Scene):
    for order in permutations(("mentions", "conversations", "quotes")):
        account = scene.account(Platform.X)
        post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
        said = scene.world.comment(account.slug, "Un", *MARI, NINE - HOUR, post=post)
        collector, kept = scene.collector(account), Kept()
        scene.world.now = NINE
        assert run_once(collector, order[0], kept)
        scene.world.edit(said, "Dau", NINE + MINUTE)
        scene.world.now = NINE + 2 * MINUTE
        for stream in order:
            assert run_once(collector, stream, kept)
        assert [(each.native_id, each.text) for each in kept.comments.values()] == [(said, "Dau")]


# --- what it costs


def a_busy_account(scene: Scene) -> tuple[Account, str]:
    account, world = scene.account(Platform.X), scene.world
    post = world.post(account.slug, "Cyngor Dyffryn", NINE - 5 * HOUR)
    question = world.comment(account.slug, "Pryd?", *MARI, NINE - 4 * HOUR, post=post)
    world.quote(account.slug, "Eto?", *TOM, NINE - 3 * HOUR, of=post)
    world.overheard(account.slug, "#dyffryn", *TOM, NINE - 2 * HOUR)
    world.direct_message(account.slug, "Helo", *TOM, NINE - 2 * HOUR)
    return account, question


# A stream, and what each of its requests is paid as, and for how many.
COSTS = [
    ("mentions",      [("owned_read", 1)]),
    ("messages",      [("dm_read", 1)]),
    ("conversations", [("owned_read", 1), ("post_read", 1), ("post_read", 0)]),
    ("quotes",        [("owned_read", 1), ("post_read", 1)]),
    ("own",           [("owned_read", 1)]),
    ("search:biniau", [("post_read", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "paid"), COSTS)
def test_every_question_is_set_aside_for_and_paid_by_what_came(scene: Scene, stream: str, paid: list[tuple[str, int]]):
    account, _ = a_busy_account(scene)
    purse = Purse()

    of_stream(scene, account, stream, searches=BINS, meter=purse)

    assert [what for what, _ in purse.reserved] == [what for what, _ in paid]
    assert purse.paid == paid


def test_the_same_post_read_twice_on_a_day_is_paid_for_once(scene: Scene):
    account, _ = a_busy_account(scene)
    purse, kept = Purse(), Kept()
    collector = scene.collector(account, searches=BINS, meter=purse)

    run_all(collector, kept)
    once = sum(many for _, many in purse.paid)
    run_all(collector, kept)

    assert sum(many for _, many in purse.paid) == once
    assert once == 5


# The fewest that X takes for a page.
FEWEST = [("mentions", 5), ("own", 5), ("search:biniau", 10), ("messages", 1)]


@pytest.mark.parametrize(("stream", "fewest"), FEWEST)
def test_when_less_is_left_less_is_asked_for_and_below_the_fewest_nothing(scene: Scene, stream: str, fewest: int):
    account, _ = a_busy_account(scene)
    of_stream(scene, account, stream, searches=BINS, meter=Purse(left=fewest))
    purse, before = Purse(left=fewest - 1), len(scene.simulator.requests)

    with pytest.raises(QuotaExhausted) as caught:
        of_stream(scene, account, stream, searches=BINS, meter=purse)

    assert caught.value.until == RENEWED
    assert purse.left == fewest - 1
    assert len(scene.simulator.requests) == before


def test_pages_read_before_the_purse_was_empty_stand(scene: Scene, account: Account):
    for number in range(30):
        scene.world.mention(account.slug, f"{number}", *MARI, NINE - number * MINUTE)
    collector, kept = scene.collector(account, page_size=10, meter=Purse(left=20)), Kept()

    with pytest.raises(QuotaExhausted):
        run_once(collector, "mentions", kept)

    assert len(kept.comments) == 20
    assert kept.cursors["mentions"].page_token


def test_a_page_is_as_small_as_what_is_left_allows(scene: Scene, account: Account):
    for number in range(30):
        scene.world.mention(account.slug, f"{number}", *MARI, NINE - number * MINUTE)
    collector, kept = scene.collector(account, meter=Purse(left=7)), Kept()

    with pytest.raises(QuotaExhausted):
        run_once(collector, "mentions", kept)

    assert len(kept.comments) == 7


# What happens to a question, and what is paid of the ten that were set aside.
LOST = [
    (Kind.DROPPED_AFTER,  10),
    (Kind.CUT_SHORT,      10),
    (Kind.TRUNCATED_JSON, 10),
    (Kind.RATE_LIMITED,    0),
    (Kind.SERVER_ERROR,    0),
    (Kind.EXPIRED,         0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "paid"), LOST)
def test_an_answer_that_was_lost_is_paid_for_and_a_refusal_is_not(
    scene: Scene, account: Account, kind: Kind, paid: int
):
    purse = Purse()
    scene.spoil(Fault(kind))

    with pytest.raises(Exception, match=r"X|connection"):
        of_stream(scene, account, "mentions", page_size=10, meter=purse)

    assert purse.paid == [("owned_read", paid)]


def test_a_connection_that_was_never_made_costs_nothing(scene: Scene, account: Account):
    gone = Simulator(scene.world)
    gone.start()
    gone.stop()
    purse = Purse()
    nowhere = Scene(scene.world, gone).collector(account, meter=purse)

    with pytest.raises(Transient):
        list(nowhere.fetch("mentions", Cursor(), Budget()))
    with pytest.raises(Transient):
        nowhere.reply("1", "Helo", key="k")

    assert purse.paid == [("owned_read", 0), ("reply", 0)]


# A reply, and what it is in the price list.
REPLIES = [
    ("Dydd Mawrth.",                              "reply"),
    ("Gweler https://dyffryn.example/biniau",     "reply_with_link"),
    ("Gweler www.dyffryn.cymru",                  "reply_with_link"),
    ("Ebost: biniau@dyffryn.example",             "reply"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what"), REPLIES)
def test_a_reply_with_a_link_costs_more_in_public_and_in_private(scene: Scene, text: str, what: str):
    account, question = a_busy_account(scene)
    message = scene.world.direct_message(account.slug, "?", *MARI, NINE - HOUR)
    purse = Purse()
    collector = scene.collector(account, meter=purse)

    collector.reply(question, text, key="k")
    collector.reply(message, text, key="k")

    assert purse.paid == [(what, 1), (what, 1)]


# What happens to a reply, and whether it is paid for.
PAID = [(Kind.DROPPED_AFTER, 1), (Kind.SERVER_ERROR, 1), (Kind.REFUSED, 0), (Kind.RATE_LIMITED, 0), (Kind.GONE, 0)]


@pytest.mark.parametrize(("kind", "paid"), PAID)
def test_a_reply_is_paid_for_unless_x_says_that_it_was_not_published(scene: Scene, kind: Kind, paid: int):
    account, question = a_busy_account(scene)
    purse = Purse()
    scene.spoil(Fault(kind, method="POST"))

    with pytest.raises(Exception, match=r"X|connection"):
        scene.collector(account, meter=purse).reply(question, "Helo", key="k")

    assert purse.paid == [("reply", paid)]


def test_acts_and_second_looks_are_paid_for_too(scene: Scene):
    account, question = a_busy_account(scene)
    purse = Purse()
    collector = scene.collector(account, meter=purse)

    collector.act(Action.HIDE, question)
    collector.recheck([question, "123"])
    collector.own_replies(question, since=NINE - 9 * HOUR)

    assert purse.paid == [("act", 1), ("post_read", 1), ("owned_read", 1)]


def test_nothing_is_sent_when_nothing_is_left(scene: Scene):
    account, question = a_busy_account(scene)
    collector = scene.collector(account, meter=Purse(left=0))

    for act in (
        lambda: collector.reply(question, "Helo", key="k"),
        lambda: collector.act(Action.HIDE, question),
        lambda: collector.recheck([question]),
        lambda: collector.own_replies(question, since=NINE),
    ):
        with pytest.raises(QuotaExhausted):
            act()
    assert scene.simulator.requests == []


def test_of_more_posts_than_can_be_paid_for_some_are_looked_at_again(scene: Scene):
    account, question = a_busy_account(scene)

    standing = scene.collector(account, meter=Purse(left=1)).recheck([question, "123"])

    assert standing == {question: Standing.PRESENT, "123": Standing.UNKNOWN}


# --- whatever comes


@given(mark=st.text(max_size=40) | st.sampled_from(['{"1": [1, 2]}', '{"1": 1}', '{"1": ["a", "b"]}', "[]", "null"]))
@settings(max_examples=100, deadline=None)
def test_a_mark_that_is_not_ours_begins_the_quotes_anew(mark: str):
    body = json.dumps({"data": [a_version(["1990000000000000001"], 0)], "meta": {"result_count": 1}}).encode()

    pages: list[Page] = list(an_account(body).fetch("quotes", Cursor(mark, json.dumps([mark, [""], ""])), Budget()))

    assert pages[-1].complete


def test_a_comment_of_a_search_is_a_comment_like_any_other(scene: Scene, account: Account):
    scene.world.overheard(account.slug, "#dyffryn", *MARI, NINE - HOUR)

    (found,) = of_stream(scene, account, "search:biniau", searches=BINS).comments.values()

    assert replace(found, origin=Origin.ADDRESSED, found_by="", raw=b"") == Comment(
        account=account.slug,
        native_id=found.native_id,
        text="#dyffryn",
        posted_at=NINE - HOUR,
        author=Author(*MARI),
        thread=found.native_id,
        url=f"https://x.com/i/status/{found.native_id}",
    )
