"""What is peculiar to Facebook: talk in private, posts elsewhere that name us, and a count to compare with."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from collectors.base import (
    Action,
    Budget,
    CollectorError,
    Count,
    Cursor,
    Gone,
    Malformed,
    PermissionLost,
    Refused,
    Standing,
    Unconfirmed,
)
from collectors.facebook import FacebookPage
from collectors.transport import Answer
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Kept, Scene, of_stream, run_all, run_once
from tests.collectors.test_nonsense import DATE, AnySdk, Parrot
from vocabulary import Author, Origin, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.FACEBOOK)


def asked_of(scene: Scene, path: str, method: str = "GET") -> int:
    return sum(each.path.endswith(path) and each.method == method for each in scene.simulator.requests)


def a_page(answer: dict[str, Any]) -> FacebookPage:
    line: Any = Parrot(Answer(200, DATE, json.dumps(answer).encode()))
    return FacebookPage("dyffryn", "1001", AnySdk(), line)


# --- in private


def test_a_private_message_says_who_wrote_what_when_and_in_which_conversation(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Mae fy mab ar goll o'r rhestr", *MARI, NINE - HOUR)

    comment = of_stream(scene, account, "messages").comments[message]

    assert (comment.origin, comment.author, comment.thread) == (Origin.PRIVATE, Author(*MARI), "t_7001")
    assert (comment.text, comment.posted_at) == ("Mae fy mab ar goll o'r rhestr", NINE - HOUR)
    assert comment.url.startswith("https://business.facebook.com/")
    assert json.loads(comment.raw)["id"] == message


def test_what_we_answered_in_private_is_ours_and_answers_the_message_before_it(scene: Scene, account: Account):
    first = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - 5 * HOUR)
    ours = scene.world.comment(account.slug, "Helo!", account.native_id, "", NINE - 4 * HOUR, parent=first)
    later = scene.world.direct_message(account.slug, "Diolch", *MARI, NINE - 3 * HOUR, parent=first)

    kept = of_stream(scene, account, "messages")

    assert set(kept.comments) == {first, later}
    assert (kept.ours[ours].in_reply_to, kept.ours[ours].thread) == (first, "t_7001")


def test_private_talk_is_in_no_public_stream(scene: Scene, account: Account):
    scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    collector, kept = scene.collector(account), Kept()

    for stream in ("comments", "posts", "tagged"):
        run_once(collector, stream, kept)

    assert not kept.comments
    assert not kept.posts


def test_a_conversation_that_stands_still_is_not_read_again(scene: Scene, account: Account):
    for number in range(12):
        scene.world.direct_message(account.slug, "Helo?", str(7100 + number), "Rhywun", NINE - 9 * HOUR)
    kept = of_stream(scene, account, "messages")
    assert asked_of(scene, "/messages") == 12
    scene.world.now += 2 * HOUR
    new = scene.world.direct_message(account.slug, "Eto", "7105", "Rhywun", NINE + HOUR)

    of_stream(scene, account, "messages", kept)

    assert new in kept.comments
    assert asked_of(scene, "/messages") == 12 + 1


def test_of_a_long_conversation_only_what_is_new_is_read(scene: Scene, account: Account):
    first = scene.world.direct_message(account.slug, "0", *MARI, NINE - 20 * HOUR)
    everything = {first}
    for number in range(59):
        at = NINE - 19 * HOUR + number * MINUTE
        everything.add(scene.world.direct_message(account.slug, f"{number}", *MARI, at, parent=first))
    kept = of_stream(scene, account, "messages", page_size=10)
    assert set(kept.comments) == everything
    before = asked_of(scene, "/messages")
    scene.world.now += 2 * HOUR
    new = scene.world.direct_message(account.slug, "Eto", *MARI, NINE + HOUR, parent=first)

    of_stream(scene, account, "messages", kept, page_size=10)

    assert new in kept.comments
    assert (before, asked_of(scene, "/messages") - before) == (6, 1)


def test_a_message_listed_late_is_found_by_the_run_after(scene: Scene, account: Account):
    late = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - MINUTE)
    message = scene.world.message(late)
    assert message is not None
    message.listed_at = NINE + 20 * MINUTE
    scene.world.direct_message(account.slug, "Bore da", *MARI, NINE - 2 * MINUTE)
    kept = of_stream(scene, account, "messages")
    assert late not in kept.comments
    scene.world.now += 40 * MINUTE

    assert late in of_stream(scene, account, "messages", kept).comments


def test_a_run_of_many_conversations_is_continued_where_it_stopped(scene: Scene, account: Account):
    everything = {
        scene.world.direct_message(account.slug, "Helo?", str(7100 + number), "Rhywun", NINE - number * MINUTE)
        for number in range(25)
    }
    collector, kept = scene.collector(account, page_size=10), Kept()
    while not run_once(collector, "messages", kept, Budget(pages=4)):
        assert kept.cursors["messages"].watermark == ""

    assert set(kept.comments) == everything
    assert (asked_of(scene, "/conversations"), asked_of(scene, "/messages")) == (3, 25)


def test_conversations_that_lead_back_to_themselves_end_the_run(scene: Scene, account: Account):
    for number in range(15):
        scene.world.direct_message(account.slug, "Helo?", str(7100 + number), "Rhywun", NINE - HOUR)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/conversations", nth=2))

    with pytest.raises(Malformed, match="leads back to itself"):
        of_stream(scene, account, "messages", page_size=10)


def test_a_conversation_that_went_away_does_not_stop_the_others(scene: Scene, account: Account):
    scene.world.direct_message(account.slug, "Helo?", *TOM, NINE - 2 * HOUR)
    kept_there = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    scene.spoil(Fault(Kind.GONE, path="*/t_7002/messages"))

    kept = of_stream(scene, account, "messages")

    assert set(kept.comments) == {kept_there}
    assert [trouble.native_id for page in kept.pages for trouble in page.troubles] == ["t_7002"]


def test_a_page_that_may_not_read_messages_still_reads_the_rest(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 2 * HOUR)
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.spoil(Fault(Kind.FORBIDDEN, path="*/conversations", times=9))

    with pytest.raises(PermissionLost):
        of_stream(scene, account, "messages")

    assert set(of_stream(scene, account, "comments").comments) == {comment}


def test_where_a_message_does_not_say_who_wrote_it_ours_is_told_by_whom_it_went_to(scene: Scene, account: Account):
    theirs = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - 2 * HOUR)
    ours = scene.world.comment(account.slug, "Helo!", account.native_id, "", NINE - HOUR, parent=theirs)
    scene.spoil(Fault(Kind.MISSING_FROM, path="*/messages", times=9))

    kept = of_stream(scene, account, "messages")

    assert {native_id: comment.author for native_id, comment in kept.comments.items()} == {theirs: None}
    assert set(kept.ours) == {ours}


# --- answered in private


def test_a_message_is_answered_where_it_was_written(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    scene.world.direct_message(account.slug, "Helo?", *TOM, NINE - HOUR)

    receipt = scene.collector(account).reply(message, "Helo! Sut gallwn ni helpu?", key="k1")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert (reply.native_id, reply.parent, reply.private) == (receipt.native_id, message, True)
    assert receipt.at == scene.world.now
    (found,) = scene.collector(account).own_replies(message, since=NINE - HOUR)
    assert (found.native_id, found.in_reply_to, found.thread) == (receipt.native_id, message, "t_7001")


def test_a_doubtful_message_is_read_back_from_its_conversation(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - 2 * HOUR)
    scene.world.comment(account.slug, "Ddoe", account.native_id, "", NINE - HOUR, parent=message)
    collector = scene.collector(account)
    scene.spoil(Fault(Kind.DROPPED_AFTER, method="POST", path="*/messages"))
    assert list(collector.own_replies(message, since=NINE)) == []

    with pytest.raises(Unconfirmed):
        collector.reply(message, "Helo!", key="k1")

    assert [ours.text for ours in collector.own_replies(message, since=NINE)] == ["Helo!"]


# What happens to the message on its way, what we say of it, and whether it was delivered.
DELIVERED = [
    (Kind.EXPIRED,          "AuthExpired",    False),
    (Kind.RATE_LIMITED,     "RateLimited",    False),
    (Kind.FORBIDDEN,        "PermissionLost", False),
    (Kind.GONE,             "Gone",           False),
    (Kind.SERVER_ERROR,     "Unconfirmed",    False),
    (Kind.DROPPED_BEFORE,   "Unconfirmed",    False),
    (Kind.APPLIED_THEN_504, "Unconfirmed",    True),
    (Kind.FALSE_BODY,       "Unconfirmed",    True),
    (Kind.TRUNCATED_JSON,   "Unconfirmed",    True),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "error", "delivered"), DELIVERED)
def test_a_message_that_may_have_been_delivered_is_never_called_failed(
    scene: Scene, account: Account, kind: Kind, error: str, delivered: bool
):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    scene.spoil(Fault(kind, method="POST", path="*/messages"))

    with pytest.raises(CollectorError) as caught:
        scene.collector(account).reply(message, "Helo!", key="k1")

    assert type(caught.value).__name__ == error
    assert [each.text for each in scene.world.replies_by_us(account.slug)] == (["Helo!"] if delivered else [])


def test_a_day_after_somebody_wrote_only_a_person_may_answer(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - 25 * HOUR)

    with pytest.raises(Refused, match="answer on Facebook itself and record it here"):
        scene.collector(account).reply(message, "Helo!", key="k1")


def test_a_message_of_whom_nobody_knows_the_sender_is_answered_by_a_person(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    ours = scene.world.comment(account.slug, "Helo!", account.native_id, "", NINE, parent=message)

    with pytest.raises(Refused, match="record it here"):
        scene.collector(account).reply(ours, "Helo!", key="k1")

    assert asked_of(scene, "/messages", "POST") == 0


def test_a_message_longer_than_messenger_allows_is_not_even_sent(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)

    with pytest.raises(Refused, match="longer"):
        scene.collector(account).reply(message, "ŵ" * 1_001, key="k1")

    assert scene.simulator.requests == []


@pytest.mark.parametrize("action", [Action.HIDE, Action.UNHIDE, Action.DELETE])
def test_a_private_message_cannot_be_hidden_and_no_request_tries(scene: Scene, account: Account, action: Action):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)

    with pytest.raises(Refused):
        scene.collector(account).act(action, message)

    assert scene.simulator.requests == []


def test_a_message_that_cannot_be_read_is_never_called_gone(scene: Scene, account: Account):
    there, unsent = (scene.world.direct_message(account.slug, "?", *MARI, NINE - HOUR) for _ in range(2))
    scene.world.delete(unsent, NINE - MINUTE)

    standing = scene.collector(account).recheck([there, unsent])

    assert standing == {there: Standing.PRESENT, unsent: Standing.UNKNOWN}


def test_a_read_back_of_a_conversation_that_is_gone_is_an_error(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    scene.spoil(Fault(Kind.EMPTY_PAGE_WITH_NEXT, path="*/conversations"))

    with pytest.raises(Gone):
        scene.collector(account).own_replies(message, since=NINE)


def test_a_read_back_goes_only_as_far_back_as_it_must(scene: Scene, account: Account):
    first = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - 9 * HOUR)
    for number in range(60):
        scene.world.direct_message(account.slug, f"{number}", *MARI, NINE - 8 * HOUR + number * MINUTE, parent=first)

    assert list(scene.collector(account, page_size=10).own_replies(first, since=NINE)) == []

    assert asked_of(scene, "/messages") == 1


# --- posts elsewhere that name us


def test_a_post_elsewhere_that_names_us_is_a_comment_of_its_own_thread(scene: Scene, account: Account):
    tagged = scene.world.mention(account.slug, "Cyngor Dyffryn, ble mae'r bws?", *TOM, NINE - HOUR, elsewhere=True)
    visitor = scene.world.mention(account.slug, "The bins on Heol Fawr?", *MARI, NINE - HOUR)

    kept = of_stream(scene, account, "tagged")

    assert set(kept.comments) == {tagged}
    comment = kept.comments[tagged]
    assert (comment.thread, comment.in_reply_to, comment.author) == (tagged, "", Author(*TOM))
    assert comment.origin is Origin.ADDRESSED
    assert set(of_stream(scene, account, "posts").comments) == {visitor}


def test_nobodys_post_elsewhere_is_ours(scene: Scene, account: Account):
    tagged = scene.world.mention(account.slug, "Ble mae'r bws?", *TOM, NINE - HOUR, elsewhere=True)
    scene.spoil(Fault(Kind.MISSING_FROM, path="*/tagged"))

    kept = of_stream(scene, account, "tagged")

    assert kept.comments[tagged].author is None
    assert not kept.posts


def test_a_post_elsewhere_can_be_answered_and_the_answer_read_back(scene: Scene, account: Account):
    tagged = scene.world.mention(account.slug, "Ble mae'r bws?", *TOM, NINE - HOUR, elsewhere=True)
    collector = scene.collector(account)

    receipt = collector.reply(tagged, "Ar ei ffordd.", key="k1")

    (found,) = collector.own_replies(tagged, since=NINE)
    assert (found.native_id, found.in_reply_to, found.thread) == (receipt.native_id, tagged, tagged)


def test_a_post_elsewhere_that_cannot_be_read_any_more_is_never_called_gone(scene: Scene, account: Account):
    tagged = scene.world.mention(account.slug, "Ble mae'r bws?", *TOM, NINE - 2 * HOUR, elsewhere=True)
    scene.world.delete(tagged, NINE - HOUR)

    assert scene.collector(account).recheck([tagged]) == {tagged: Standing.UNKNOWN}


def test_an_answer_on_a_visitors_post_is_read_back_without_asking_for_what_posts_do_not_have(
    scene: Scene, account: Account
):
    visitor = scene.world.mention(account.slug, "The bins on Heol Fawr?", *MARI, NINE - HOUR)
    collector = scene.collector(account)
    receipt = collector.reply(visitor, "Tuesday.", key="k1")

    (found,) = collector.own_replies(visitor, since=NINE)

    assert (found.native_id, found.thread) == (receipt.native_id, visitor)
    assert all(each.status == 200 for each in scene.simulator.requests)


# --- deleting


@pytest.mark.parametrize("path", ["*", "*/{page}_*"])
def test_what_may_not_be_deleted_is_never_called_deleted(scene: Scene, account: Account, path: str):
    """Facebook says the same of what is not there, and of what is not for us."""
    post = scene.world.post(account.slug, "Bore da", NINE - 2 * HOUR)
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    collector = scene.collector(account)
    if path == "*":
        scene.spoil(Fault(Kind.GONE, method="DELETE"))
    else:
        collector.act(Action.DELETE, comment)
        scene.spoil(Fault(Kind.FORBIDDEN, path=path.format(page=account.native_id), times=9))

    with pytest.raises(Gone):
        collector.act(Action.DELETE, comment)


# --- what a visitor wrote, and we have hidden


def test_a_hidden_post_of_a_visitor_is_still_read_and_so_is_what_is_said_under_it(scene: Scene, account: Account):
    visitor = scene.world.mention(account.slug, "The bins on Heol Fawr?", *MARI, NINE - 2 * HOUR)
    collector = scene.collector(account)
    assert of_stream(scene, account, "posts").comments[visitor].hidden is False
    collector.act(Action.HIDE, visitor)
    late = scene.world.comment(account.slug, "Well?", *TOM, NINE - HOUR, post=visitor)

    assert of_stream(scene, account, "posts").comments[visitor].hidden is True
    assert set(of_stream(scene, account, "comments").comments) == {late}


def test_whether_somebody_elses_page_hides_a_post_is_not_ours_to_say(scene: Scene, account: Account):
    tagged = scene.world.mention(account.slug, "Ble mae'r bws?", *TOM, NINE - HOUR, elsewhere=True)

    assert of_stream(scene, account, "tagged").comments[tagged].hidden is None


# --- how many there are


def counted(kept: Kept) -> list[Count]:
    return [count for page in kept.pages for count in page.counts]


def test_what_facebook_counts_includes_replies_and_is_said_once_all_are_read(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    comments = [scene.world.comment(account.slug, f"{n}", *MARI, NINE - 4 * HOUR, post=post) for n in range(22)]
    for comment in comments[:3]:
        scene.world.comment(account.slug, "Eto", *TOM, NINE - 3 * HOUR, parent=comment)
    scene.world.comment(account.slug, "Diolch", account.native_id, "", NINE - 2 * HOUR, parent=comments[0])

    kept = of_stream(scene, account, "comments", page_size=10)

    assert counted(kept) == [Count(post, 26)]
    assert len(kept.pages) == 3
    assert kept.pages[-1].counts
    assert len(kept.comments) + len(kept.ours) == 26


def test_comments_that_are_counted_and_not_listed_show_in_the_count(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    for number in range(8):
        scene.world.comment(account.slug, f"{number}", *MARI, NINE - HOUR, post=post, listed_at=NINE + 99 * HOUR)

    kept = of_stream(scene, account, "comments")

    assert counted(kept) == [Count(post, 8)]
    assert not kept.comments


def test_without_a_sum_each_comment_says_how_many_answer_it():
    at = "2026-11-16T08:00:00+0000"
    top = [{"id": f"11_{n}", "message": "?", "created_time": at, "comment_count": n} for n in (0, 2)]
    reply = {"id": "11_5", "message": "!", "created_time": at, "comment_count": 0, "parent": {"id": "11_2"}}

    run = json.dumps([NINE.isoformat(), ["1001_11"], ""])
    (page,) = a_page({"data": [*top, reply]}).fetch("comments", Cursor("", run), Budget())

    assert page.counts == (Count("1001_11", 4),)


def test_a_long_thread_is_read_to_its_end(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 5 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 4 * HOUR, post=post)
    replies = {
        scene.world.comment(account.slug, f"{n}", *TOM, NINE - 3 * HOUR + timedelta(seconds=n), parent=question)
        for n in range(230)
    }

    kept = run_all(scene.collector(account, page_size=50), budget=Budget(pages=2))

    assert set(kept.comments) == {question, *replies}
    assert {comment.in_reply_to for native_id, comment in kept.comments.items() if native_id != question} == {question}
