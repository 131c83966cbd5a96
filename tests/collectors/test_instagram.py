"""What is peculiar to Instagram: a count is the only sign, replies stay behind, and a mention has to be asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import (
    Action,
    Budget,
    Collector,
    Count,
    Cursor,
    Gone,
    Malformed,
    PermissionLost,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
)
from collectors.instagram import Counted, InstagramAccount, Place
from collectors.transport import Answer
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Kept, Scene, of_stream, run_all, run_once
from tests.collectors.test_nonsense import DATE, AnySdk, Parrot
from vocabulary import Author, Origin, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AT = "2026-11-16T08:00:00+0000"


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.INSTAGRAM)


@pytest.fixture
def media(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Diwrnod agored", NINE - 48 * HOUR)


def instagram(scene: Scene, account: Account, **more: Any) -> InstagramAccount:
    opened: Collector = scene.collector(account, **more)
    assert isinstance(opened, InstagramAccount)
    return opened


def asked_of(scene: Scene, path: str, method: str = "GET") -> int:
    return sum(each.path.endswith(path) and each.method == method for each in scene.simulator.requests)


def newer_media(scene: Scene, account: Account, many: int) -> None:
    for number in range(many):
        scene.world.post(account.slug, f"Newyddion {number}", NINE - 24 * HOUR + number * MINUTE)


def replies(scene: Scene, account: Account, comment: str, many: int) -> set[str]:
    at = NINE - 6 * HOUR
    return {scene.world.comment(account.slug, f"Ateb {n}", *TOM, at + n * MINUTE, parent=comment) for n in range(many)}


def an_account(answer: Any) -> InstagramAccount:
    line: Any = Parrot(Answer(200, DATE, json.dumps(answer).encode()))
    return InstagramAccount("dyffryn", "1001", AnySdk(), line)


def counted(kept: Kept) -> list[Count]:
    return [count for page in kept.pages for count in page.counts]


# --- a count is the only sign


def test_a_late_comment_under_an_old_post_is_found_by_its_count(scene: Scene, account: Account, media: str):
    newer_media(scene, account, 40)
    kept = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "Still waiting", *TOM, NINE + HOUR, post=media)
    scene.world.now = NINE + 2 * HOUR

    assert late in of_stream(scene, account, "comments", kept).comments


def test_an_old_post_whose_count_stands_still_is_left_alone(scene: Scene, account: Account, media: str):
    scene.world.comment(account.slug, "?", *TOM, NINE - 40 * HOUR, post=media)
    newer_media(scene, account, 40)
    kept, requests = Kept(), []
    for _ in range(4):
        before = asked_of(scene, f"/{media}/comments")
        of_stream(scene, account, "comments", kept)
        requests.append(asked_of(scene, f"/{media}/comments") - before)
        scene.world.now += 2 * HOUR

    # Once more after the overlap, for what was counted before it was listed; then no more.
    assert requests == [1, 1, 0, 0]


@pytest.mark.parametrize("between", [10 * MINUTE, 3 * HOUR])
def test_a_comment_that_is_counted_before_it_is_listed_is_found(
    scene: Scene, account: Account, media: str, between: timedelta
):
    newer_media(scene, account, 40)
    kept = of_stream(scene, account, "comments")
    scene.world.now += between
    late = scene.world.comment(
        account.slug, "?", *TOM, scene.world.now - MINUTE, post=media, listed_at=scene.world.now + 5 * MINUTE
    )
    of_stream(scene, account, "comments", kept)
    assert late not in kept.comments
    scene.world.now += between

    assert late in of_stream(scene, account, "comments", kept).comments


def test_an_old_post_without_a_comment_costs_no_request(scene: Scene, account: Account, media: str):
    newer_media(scene, account, 40)

    of_stream(scene, account, "comments")

    assert asked_of(scene, "/comments") == 25


def test_a_comment_taken_away_is_a_sign_too(scene: Scene, account: Account, media: str):
    first, _ = (scene.world.comment(account.slug, "?", *TOM, NINE - 40 * HOUR, post=media) for _ in range(2))
    newer_media(scene, account, 40)
    kept = of_stream(scene, account, "comments")
    scene.world.now += 3 * HOUR
    of_stream(scene, account, "comments", kept)
    scene.world.now += 3 * HOUR
    of_stream(scene, account, "comments", kept)
    before = asked_of(scene, f"/{media}/comments")
    scene.world.delete(first, scene.world.now)

    of_stream(scene, account, "comments", kept)

    assert asked_of(scene, f"/{media}/comments") == before + 1


def test_a_post_that_does_not_say_how_many_is_read():
    collector = an_account({"data": [{"id": f"{n}"} for n in range(40)]})

    page = next(iter(collector.fetch("comments", Cursor(), Budget(pages=1))))

    assert len(json.loads(page.cursor.page_token)[1]) == 39  # forty, less the one that was read


def test_media_that_lead_back_to_themselves_end_the_run(scene: Scene, account: Account):
    newer_media(scene, account, 40)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/media", nth=2))

    with pytest.raises(Malformed, match="leads back to itself"):
        of_stream(scene, account, "comments", page_size=10)


MANY = st.dictionaries(st.text(max_size=4), st.integers(-1, 9), max_size=9)


@given(before=MANY, after=MANY, at=st.integers(0, 10**10), later=st.integers(0, 10**10))
def test_a_count_is_as_old_as_its_last_change(before: dict[str, int], after: dict[str, int], at: int, later: int):
    counted = Counted(0, {}).then(at, before).then(at + later, after)

    assert Counted.unpacked(counted.packed()) == counted
    for media, (many, since) in counted.media.items():
        assert many == after[media]
        assert since == (at if before.get(media) == many else at + later)


# --- how many there are


def test_what_instagram_counts_and_does_not_list_shows_in_the_count(scene: Scene, account: Account, media: str):
    for number in range(8):
        scene.world.comment(account.slug, f"{number}", *MARI, NINE - HOUR, post=media, listed_at=NINE + 99 * HOUR)

    kept = of_stream(scene, account, "comments")

    assert counted(kept) == [Count(media, 8)]
    assert not kept.comments


def test_the_count_includes_replies_and_is_said_once_all_are_read(scene: Scene, account: Account, media: str):
    comments = [scene.world.comment(account.slug, f"{n}", *MARI, NINE - 9 * HOUR, post=media) for n in range(12)]
    replies(scene, account, comments[0], 60)
    scene.world.comment(account.slug, "Diolch", account.native_id, "", NINE - HOUR, parent=comments[1])

    kept = of_stream(scene, account, "comments", page_size=10)

    assert counted(kept) == [Count(media, 73)]
    assert kept.pages[-1].counts
    assert len(kept.comments) + len(kept.ours) == 73


# --- replies stay behind


@pytest.mark.parametrize("many", [1, 24, 25, 49, 50, 51, 130])
def test_every_reply_is_read_however_many_come_along(scene: Scene, account: Account, media: str, many: int):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 9 * HOUR, post=media)
    everything = replies(scene, account, question, many)

    kept = of_stream(scene, account, "comments")

    assert set(kept.comments) == {question, *everything}
    assert {kept.comments[each].in_reply_to for each in everything} == {question}


def test_a_few_replies_cost_no_request_of_their_own(scene: Scene, account: Account, media: str):
    for number in range(9):
        comment = scene.world.comment(account.slug, f"{number}", *MARI, NINE - 9 * HOUR, post=media)
        replies(scene, account, comment, 5)

    of_stream(scene, account, "comments")

    assert asked_of(scene, "/replies") == 0


def test_a_comment_that_says_it_has_more_replies_is_believed():
    few = {"data": [{"id": "3", "text": "!", "timestamp": AT}], "paging": {"next": "x", "cursors": {"after": "y"}}}
    collector = an_account({"data": [{"id": "2", "text": "?", "timestamp": AT, "replies": few}]})
    run = json.dumps([Counted(0, {"1": (2, 0)}).packed(), ["1"], ""])

    page = next(iter(collector.fetch("comments", Cursor("", run), Budget(pages=1))))

    assert {comment.native_id: comment.in_reply_to for comment in page.comments} == {"2": "1", "3": "2"}
    assert Place.unpacked(json.loads(page.cursor.page_token)[2]) == Place(over=True, long=(("2", "y"),))


def test_a_run_stopped_among_the_replies_goes_on_there(scene: Scene, account: Account, media: str):
    everything = set()
    for number in range(3):
        comment = scene.world.comment(account.slug, f"{number}", *MARI, NINE - 9 * HOUR, post=media)
        everything |= {comment, *replies(scene, account, comment, 60)}
    collector, kept = scene.collector(account, page_size=50), Kept()
    runs = 1
    while not run_once(collector, "comments", kept, Budget(pages=1)):
        runs += 1

    assert set(kept.comments) == everything
    assert runs == 1 + 3
    assert sum(len(page.comments) for page in kept.pages) == len(everything)


def test_a_comment_that_went_away_while_it_was_read_takes_its_replies_along(scene: Scene, account: Account, media: str):
    comment = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 9 * HOUR, post=media)
    replies(scene, account, comment, 60)
    other = scene.world.comment(account.slug, "Ble?", *TOM, NINE - 9 * HOUR, post=media)
    scene.spoil(Fault(Kind.GONE, path="*/replies"))

    assert {comment, other} <= set(of_stream(scene, account, "comments").comments)


def test_a_page_of_replies_that_leads_back_to_itself_ends_the_run(scene: Scene, account: Account, media: str):
    comment = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 9 * HOUR, post=media)
    everything = replies(scene, account, comment, 90)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/replies", nth=2))
    collector, kept = scene.collector(account, page_size=10), Kept()

    with pytest.raises(Malformed, match="leads back to itself"):
        run_once(collector, "comments", kept)

    scene.mend()
    assert run_once(collector, "comments", kept)
    assert set(kept.comments) == {comment, *everything}


def test_a_cursor_gone_stale_begins_the_post_anew(scene: Scene, account: Account, media: str):
    everything = {
        scene.world.comment(account.slug, f"{n}", *MARI, NINE - 9 * HOUR + n * MINUTE, post=media) for n in range(30)
    }
    collector, kept = scene.collector(account, page_size=10), Kept()
    assert not run_once(collector, "comments", kept, Budget(pages=1))
    mark, legs, _ = json.loads(kept.cursors["comments"].page_token)
    kept.cursors["comments"] = Cursor("", json.dumps([mark, legs, Place("hen").packed()]))

    assert run_once(collector, "comments", kept)

    assert set(kept.comments) == everything
    assert [each.status for each in scene.simulator.requests if each.path.endswith("/comments")] == [
        200,
        400,
        200,
        200,
        200,
    ]


@given(st.text(max_size=9), st.booleans(), st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=3))
def test_a_place_is_kept_as_it_is(after: str, over: bool, long: list[tuple[str, str]]):
    place = Place(after, over, tuple(long))

    assert (place.packed() == "") is (over and not long)
    assert not place.packed() or Place.unpacked(place.packed()) == place


def test_a_comment_keeps_its_own_bytes_and_not_those_of_its_replies(scene: Scene, account: Account, media: str):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 9 * HOUR, post=media)
    (reply,) = replies(scene, account, question, 1)

    kept = of_stream(scene, account, "comments")

    assert b"Ateb 0" not in kept.comments[question].raw
    assert b"Ateb 0" in kept.comments[reply].raw


# --- who wrote


def test_a_person_has_an_id_and_a_handle(scene: Scene, account: Account, media: str):
    comment = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - HOUR, post=media)

    assert of_stream(scene, account, "comments").comments[comment].author == Author("7001", "user_7001")


# What an item says of its author, and whom we take that for.
WHO = [
    ({"from": {"id": "7", "username": "mari"}, "username": "mari"}, Author("7", "mari")),
    ({"from": {"id": "7"}, "username": "mari"},                     Author("7", "mari")),
    ({"username": "mari"},                                          Author("@mari", "mari")),
    ({"from": {"username": "mari"}},                                Author("@mari", "mari")),
    ({},                                                            None),
]  # fmt: skip


@pytest.mark.parametrize(("item", "author"), WHO)
def test_where_there_is_no_id_the_handle_is_all_there_is(item: dict[str, Any], author: Author | None):
    collector = an_account({"data": [{"id": "2", "text": "?", "timestamp": AT, **item}]})
    run = json.dumps([Counted(0, {"1": (1, 0)}).packed(), ["1"], ""])

    (page,) = collector.fetch("comments", Cursor("", run), Budget())

    assert [comment.author for comment in page.comments] == [author]


# What an item says of its author, and whether that is us.
OURS = [
    ({"user": {"id": "1001"}},                                                      True),
    ({"from": {"id": "1001", "username": "dyffryn"}},                               True),
    ({"from": {"id": "77", "username": "dyffryn", "self_ig_scoped_id": "77"}},      True),
    ({"from": {"id": "77", "username": "dyffryn"}, "user": {"id": "1001"}},         True),
    ({"from": {"id": "77", "username": "mari"}},                                    False),
    ({"from": {"id": "77", "username": "mari", "self_ig_scoped_id": ""}},           False),
    ({"user": {"id": "1002"}},                                                      False),
    ({},                                                                            False),
]  # fmt: skip


@pytest.mark.parametrize(("item", "ours"), OURS)
def test_our_own_is_known_by_any_of_the_ways_in_which_instagram_says_so(item: dict[str, Any], ours: bool):
    collector = an_account({"data": [{"id": "2", "text": "!", "timestamp": AT, **item}]})
    run = json.dumps([Counted(0, {"1": (1, 0)}).packed(), ["1"], ""])

    (page,) = collector.fetch("comments", Cursor("", run), Budget())

    assert [each.native_id for each in page.ours] == (["2"] if ours else [])
    assert [each.native_id for each in page.comments] == ([] if ours else ["2"])


# --- tags


def test_somebody_elses_post_that_tags_us_is_a_comment_of_its_own_thread(scene: Scene, account: Account, media: str):
    tagged = scene.world.mention(account.slug, "Diolch @dyffryn", *TOM, NINE - HOUR)

    kept = of_stream(scene, account, "tagged")

    assert set(kept.comments) == {tagged}
    comment = kept.comments[tagged]
    assert (comment.text, comment.thread, comment.in_reply_to) == ("Diolch @dyffryn", tagged, "")
    assert comment.author == Author("@user_7002", "user_7002")
    assert set(of_stream(scene, account, "posts").posts) == {media}


def test_our_own_post_that_tags_us_is_no_comment():
    collector = an_account({"data": [{"id": "2", "timestamp": AT, "username": "dyffryn", "owner": {"id": "1001"}}]})

    (page,) = collector.fetch("tagged", Cursor(), Budget())

    assert not page.comments


def test_of_the_tags_no_page_promises_another_and_all_are_read(scene: Scene, account: Account):
    everything = {
        scene.world.mention(account.slug, f"{number}", *TOM, NINE - HOUR + number * MINUTE) for number in range(12)
    }

    assert set(of_stream(scene, account, "tagged", page_size=5).comments) == everything


def test_tags_that_fit_on_one_page_are_asked_for_once(scene: Scene, account: Account):
    scene.world.mention(account.slug, "Diolch", *TOM, NINE - HOUR)

    of_stream(scene, account, "tagged")

    assert asked_of(scene, "/tags") == 1


def test_tags_of_the_last_week_are_read_again_and_older_ones_are_not(scene: Scene, account: Account):
    everything = {
        scene.world.mention(account.slug, f"{number}", *TOM, NINE - 20 * 24 * HOUR + number * 24 * HOUR)
        for number in range(20)
    }
    kept = of_stream(scene, account, "tagged", page_size=5)
    assert set(kept.comments) == everything
    before = asked_of(scene, "/tags")

    of_stream(scene, account, "tagged", kept, page_size=5)

    assert (before, asked_of(scene, "/tags") - before) == (5, 2)  # at first until one is empty


# --- mentions, which only a webhook tells of


@pytest.fixture
def elsewhere(scene: Scene, account: Account) -> str:
    return scene.world.overheard(account.slug, "Gwyliau!", *TOM, NINE - 5 * HOUR)


@pytest.fixture
def mention(scene: Scene, account: Account, elsewhere: str) -> str:
    return scene.world.comment(
        account.slug, "Gofynnwch i @dyffryn", *MARI, NINE - HOUR, post=elsewhere, mentions_us=True
    )


def test_a_comment_under_somebody_elses_post_is_asked_for(scene: Scene, account: Account, mention: str, elsewhere: str):
    assert not run_all(scene.collector(account)).comments

    page = instagram(scene, account).mentioned(comment_id=mention, media_id=elsewhere)

    (comment,) = page.comments
    assert (comment.native_id, comment.thread, comment.in_reply_to) == (mention, elsewhere, elsewhere)
    assert (comment.text, comment.author) == ("Gofynnwch i @dyffryn", Author("@user_7001", "user_7001"))
    assert (comment.origin, comment.url) == (Origin.ADDRESSED, f"https://www.instagram.com/p/{elsewhere}/")
    assert page.usage.requests == 1


def test_a_caption_that_names_us_is_asked_for(scene: Scene, account: Account):
    post = scene.world.mention(account.slug, "Diolch @dyffryn", *TOM, NINE - HOUR)

    (comment,) = instagram(scene, account).mentioned(media_id=post).comments

    assert (comment.native_id, comment.thread, comment.text) == (post, post, "Diolch @dyffryn")


def test_a_mention_that_is_gone_is_gone(scene: Scene, account: Account, mention: str):
    scene.world.delete(mention, NINE - MINUTE)

    with pytest.raises(Gone):
        instagram(scene, account).mentioned(comment_id=mention)


def test_a_mention_that_instagram_does_not_show_is_gone():
    with pytest.raises(Gone, match="no such mention"):
        an_account({"id": "1001"}).mentioned(comment_id="2")


def test_a_mention_that_does_not_say_where_it_stands_is_put_aside():
    collector = an_account({"id": "1001", "mentioned_comment": {"id": "2", "text": "?", "timestamp": AT}})

    assert [trouble.native_id for trouble in collector.mentioned(comment_id="2").troubles] == ["2"]
    assert [comment.thread for comment in collector.mentioned("2", "9").comments] == ["9"]


def test_one_of_the_two_must_be_named():
    with pytest.raises(ValueError, match="comment or the post"):
        an_account({}).mentioned()


def test_a_mention_is_answered_as_a_mention(scene: Scene, account: Account, mention: str):
    receipt = scene.collector(account).reply(mention, "Diolch am roi gwybod", key="k1")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert (reply.native_id, reply.parent) == (receipt.native_id, mention)
    assert asked_of(scene, "/mentions", "POST") == 1


def test_a_caption_that_names_us_is_answered_under_it(scene: Scene, account: Account):
    post = scene.world.mention(account.slug, "Diolch @dyffryn", *TOM, NINE - HOUR)

    scene.collector(account).reply(post, "Croeso!", key="k1")

    assert [reply.parent for reply in scene.world.replies_by_us(account.slug)] == [post]


def test_a_doubtful_answer_to_a_mention_stays_in_doubt(scene: Scene, account: Account, mention: str):
    scene.spoil(Fault(Kind.DROPPED_AFTER, method="POST", path="*/mentions"))
    collector = scene.collector(account)

    with pytest.raises(Unconfirmed):
        collector.reply(mention, "Diolch", key="k1")

    with pytest.raises(Gone):  # Instagram does not list what is said under somebody else's post
        collector.own_replies(mention, since=NINE - HOUR)


def test_what_is_neither_ours_nor_names_us_cannot_be_answered(scene: Scene, account: Account, elsewhere: str):
    with pytest.raises(Gone):
        scene.collector(account).reply(elsewhere, "Helo", key="k1")

    assert asked_of(scene, "/mentions", "POST") == 0


# --- what became of it


def test_what_names_or_tags_us_elsewhere_is_there_though_it_cannot_be_read_by_its_id(
    scene: Scene, account: Account, media: str, mention: str
):
    tagged = scene.world.mention(account.slug, "Diolch", *TOM, NINE - HOUR)
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=media)
    collector = scene.collector(account)
    everything = [comment, mention, tagged]
    assert set(collector.recheck(everything).values()) == {Standing.PRESENT}
    for native_id in everything:
        scene.world.delete(native_id, NINE)

    assert set(collector.recheck(everything).values()) == {Standing.GONE}


def test_a_tag_may_be_older_than_those_that_are_listed(scene: Scene, account: Account, media: str):
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=media)
    for number in range(60):
        scene.world.mention(account.slug, f"{number}", *TOM, NINE - 50 * HOUR + number * MINUTE)
    scene.world.delete(comment, NINE)

    assert scene.collector(account, page_size=10).recheck([comment]) == {comment: Standing.UNKNOWN}
    assert scene.collector(account, page_size=20).recheck([comment]) == {comment: Standing.GONE}


@pytest.mark.parametrize("path", ["*/{us}", "*/tags"])
@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.FORBIDDEN, Kind.TRUNCATED_JSON])
def test_nothing_is_gone_while_the_rest_cannot_be_read(
    scene: Scene, account: Account, media: str, path: str, kind: Kind
):
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=media)
    scene.world.delete(comment, NINE)
    scene.spoil(Fault(kind, path=path.format(us=account.native_id), times=9))

    assert scene.collector(account).recheck([comment]) == {comment: Standing.UNKNOWN}


# --- acting


def test_what_answers_a_reply_stands_beside_it_and_is_read_back_there(scene: Scene, account: Account, media: str):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 2 * HOUR, post=media)
    reply = scene.world.comment(account.slug, "Ie, pryd?", *TOM, NINE - HOUR, parent=question)
    collector = scene.collector(account)

    receipt = collector.reply(reply, "Yfory.", key="k1")

    (found,) = collector.own_replies(reply, since=NINE)
    assert (found.native_id, found.in_reply_to, found.thread) == (receipt.native_id, question, media)


def test_a_hidden_comment_is_answered_by_a_person(scene: Scene, account: Account, media: str):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 2 * HOUR, post=media)
    collector = scene.collector(account)
    collector.act(Action.HIDE, question)

    with pytest.raises(Refused, match="record it here"):
        collector.reply(question, "Yfory.", key="k1")


def test_many_replies_are_read_back_to_their_end(scene: Scene, account: Account, media: str):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 9 * HOUR, post=media)
    replies(scene, account, question, 25)
    collector = scene.collector(account, page_size=10)
    receipt = collector.reply(question, "Yfory.", key="k1")

    assert [found.native_id for found in collector.own_replies(question, since=NINE)] == [receipt.native_id]
    assert asked_of(scene, "/replies") == 3


def test_what_may_not_be_deleted_is_never_called_deleted(scene: Scene, account: Account, media: str):
    """Instagram says the same of what is not there, and of what is not for us."""
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 2 * HOUR, post=media)
    scene.spoil(Fault(Kind.GONE, method="DELETE"))

    with pytest.raises(Gone):
        scene.collector(account).act(Action.DELETE, question)


# --- in private


def test_a_direct_message_is_heard_and_answered_in_private(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)
    collector = scene.collector(account)
    (comment,) = of_stream(scene, account, "messages").comments.values()
    assert (comment.native_id, comment.origin) == (message, Origin.PRIVATE)
    assert comment.author == Author("7001", "user_7001")

    receipt = collector.reply(message, "Helo!", key="k1")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert (reply.native_id, reply.private) == (receipt.native_id, True)
    assert [ours.native_id for ours in collector.own_replies(message, since=NINE)] == [receipt.native_id]
    assert collector.recheck([message]) == {message: Standing.PRESENT}


def test_of_a_conversation_no_more_is_asked_for_than_meta_tells(scene: Scene, account: Account):
    first = scene.world.direct_message(account.slug, "0", *MARI, NINE - 9 * HOUR)
    for number in range(60):
        scene.world.direct_message(account.slug, f"{number}", *MARI, NINE - 8 * HOUR + number * MINUTE, parent=first)

    kept = of_stream(scene, account, "messages")

    assert (len(kept.comments), asked_of(scene, "/messages")) == (20, 1)


def test_a_read_back_that_cannot_reach_far_enough_proves_nothing(scene: Scene, account: Account):
    first = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - 2 * HOUR)
    collector = scene.collector(account)
    collector.reply(first, "Helo!", key="k1")
    for number in range(20):
        at = NINE + MINUTE + number * MINUTE
        scene.world.direct_message(account.slug, f"{number}", *MARI, at, parent=first)
    scene.world.now = NINE + 18 * MINUTE
    assert [ours.text for ours in collector.own_replies(first, since=NINE)] == ["Helo!"]
    scene.world.now = NINE + 20 * MINUTE

    with pytest.raises(Transient, match="cannot be read any more"):
        collector.own_replies(first, since=NINE)


@pytest.mark.parametrize("text", ["ŵ" * 501, "😀" * 251])
def test_a_direct_message_is_counted_in_bytes(scene: Scene, account: Account, text: str):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)

    with pytest.raises(Refused, match="longer than Instagram allows"):
        scene.collector(account).reply(message, text, key="k1")

    assert scene.simulator.requests == []


def test_a_direct_message_cannot_be_hidden(scene: Scene, account: Account):
    message = scene.world.direct_message(account.slug, "Helo?", *MARI, NINE - HOUR)

    with pytest.raises(Refused):
        scene.collector(account).act(Action.HIDE, message)


def test_an_account_that_may_not_read_messages_still_reads_the_rest(scene: Scene, account: Account, media: str):
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=media)
    scene.spoil(Fault(Kind.FORBIDDEN, path="*/conversations", times=9))

    with pytest.raises(PermissionLost):
        of_stream(scene, account, "messages")

    assert set(of_stream(scene, account, "comments").comments) == {comment}


def test_a_comment_is_never_asked_for_in_pages_larger_than_instagram_sends(scene: Scene, account: Account, media: str):
    everything = {
        scene.world.comment(account.slug, f"{n}", *MARI, NINE - 9 * HOUR + n * MINUTE, post=media) for n in range(120)
    }
    collector = replace(instagram(scene, account), page_size=500)

    kept = Kept()
    assert run_once(collector, "comments", kept)

    assert set(kept.comments) == everything
    assert asked_of(scene, "/comments") == 3
