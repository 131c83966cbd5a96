"""Only the platform may knock, nobody gets its signature from us, and one event is one whatever it comes in.

The right signatures below were made with openssl, not with our own code.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import inspect
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import webhooks
from collectors.notices import MOST, Happened, Mention, Notice, notices
from collectors.webhooks import DOORS, Greeting, greeting, signed, verify_token
from vocabulary import Platform

SECRET = "cyfrinach"
BODY = b'{"object":"page","entry":[]}'
NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
HEX = "0d62e4133603b76935b943f65d9c738893c35d0658fb76d2792b1aee3235b3ff"
BASE64 = "DWLkEzYDt2k1uUP2XZxziJPDXQZY+3bSeSsa7jI1s/8="
LINKEDIN = "1f700fdfd4e76162de907c66c9285457f7b3a163abb2ba6f082d2d4261991617"
TIKTOK = "eefc457af256fd71818abaeacfa906133318b4feff90d69cab1283b0e024354a"
RIGHT = {
    Platform.FACEBOOK: f"sha256={HEX}",
    Platform.INSTAGRAM: f"sha256={HEX}",
    Platform.THREADS: f"sha256={HEX}",
    Platform.X: f"sha256={BASE64}",
    Platform.LINKEDIN: LINKEDIN,
    Platform.TIKTOK: f"t=1794819600,s={TIKTOK}",
}
KEY = b"k" * 43 + b"="


def knocks(platform: Platform, given: str, body: bytes = BODY, secret: str = SECRET, now: datetime = NINE) -> bool:
    return signed(platform, secret, {DOORS[platform].header: given}, body, now=now)


@pytest.mark.parametrize("platform", DOORS)
def test_what_the_platform_signed_is_let_in(platform: Platform) -> None:
    assert knocks(platform, RIGHT[platform])
    assert not knocks(platform, RIGHT[platform], body=BODY + b" ")
    assert not knocks(platform, RIGHT[platform], body=json.dumps(json.loads(BODY)).encode()), (
        "over the bytes as they came"
    )
    assert not knocks(platform, RIGHT[platform], secret="another")


@pytest.mark.parametrize("platform", DOORS)
def test_without_a_secret_or_a_signature_nobody_is(platform: Platform) -> None:
    assert not signed(platform, SECRET, {}, BODY, now=NINE)
    assert not knocks(platform, "")
    nobodys = hmac.new(b"", BODY, hashlib.sha256)
    assert not knocks(platform, f"sha256={nobodys.hexdigest()}", secret="")
    assert not knocks(platform, f"sha256={base64.b64encode(nobodys.digest()).decode()}", secret="")


WRONG = [
    # platform              signature                                     why
    (Platform.FACEBOOK,     f"sha256={HEX[:-1]}",                         "cut by a letter"),
    (Platform.FACEBOOK,     f"sha256={HEX[:32]}",                         "half of it"),
    (Platform.FACEBOOK,     "sha256=",                                    "nothing of it"),
    (Platform.FACEBOOK,     HEX,                                          "without the name of the algorithm"),
    (Platform.FACEBOOK,     f"sha1={HEX}",                                "under the name of another"),
    (Platform.FACEBOOK,     f"sha256={BASE64}",                           "in the encoding of another platform"),
    (Platform.FACEBOOK,     f"sha256={HEX.upper()}",                      "in capitals, as Meta never writes it"),
    (Platform.FACEBOOK,     f"sha256={HEX} ",                             "with something behind it"),
    (Platform.FACEBOOK,     f"sha256=é{HEX[1:]}",                         "with what no signature has"),
    (Platform.X,            f"sha256={HEX}",                              "in the encoding of another platform"),
    (Platform.X,            f"sha256={BASE64.rstrip('=')}",               "cut by its filling"),
    (Platform.LINKEDIN,     HEX,                                          "over the body without its prefix"),
    (Platform.LINKEDIN,     f"sha256={LINKEDIN}",                         "with the prefix of another"),
    (Platform.TIKTOK,       f"t=1794819600,s={HEX}",                      "over the body without its time"),
    (Platform.TIKTOK,       f"t=1794819601,s={TIKTOK}",                   "under another time than it was signed for"),
    (Platform.TIKTOK,       f"s={TIKTOK}",                                "without its time"),
    (Platform.TIKTOK,       f"t=,s={TIKTOK}",                             "with an empty time"),
    (Platform.TIKTOK,       f"t=99999999999999999999,s={TIKTOK}",         "with a time that is none"),
    (Platform.TIKTOK,       f"t=99999999999,s={TIKTOK}",                  "in the year 5138"),
    (Platform.TIKTOK,       f"t=1794819600,s={TIKTOK[:32]}",              "half of it"),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "given", "why"), WRONG, ids=[f"{row[0]}: {row[2]}" for row in WRONG])
def test_whatever_is_not_quite_the_signature_is_not_let_in(platform: Platform, given: str, why: str) -> None:
    assert not knocks(platform, given)


def test_two_ways_in_which_a_right_signature_may_be_written() -> None:
    assert knocks(Platform.LINKEDIN, f"hmacsha256={LINKEDIN}")
    assert knocks(Platform.TIKTOK, f"t=1794819600, s={'0' * 64},s={TIKTOK}"), "while the secret is being replaced"


@pytest.mark.parametrize(
    ("later", "let_in"),
    [
        (timedelta(hours=-1), False),
        (timedelta(minutes=-5), True),
        (timedelta(0), True),
        (timedelta(hours=72), True),
        (timedelta(hours=74), False),
    ],
)
def test_tiktok_may_deliver_again_for_three_days_and_nobody_for_longer(later: timedelta, let_in: bool) -> None:
    assert knocks(Platform.TIKTOK, RIGHT[Platform.TIKTOK], now=NINE + later) is let_in


@given(given=st.text(max_size=200), body=st.binary(max_size=200), platform=st.sampled_from(list(DOORS)))
def test_nothing_that_is_given_for_a_signature_breaks_the_door(given: str, body: bytes, platform: Platform) -> None:
    assert not knocks(platform, given, body)
    assert not knocks(platform, f"sha256={given}", body)
    assert not knocks(platform, f"t=1794819600,s={given}", body)


def test_signatures_are_compared_in_one_place_that_takes_as_long_whatever_differs() -> None:
    tree = ast.parse(inspect.getsource(webhooks))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    called = [
        node.func.attr
        for node in ast.walk(functions["_same"])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert "compare_digest" in called
    for name in (each for each in functions if each.endswith("_holds")):
        assert not any(
            isinstance(node, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for node in ast.walk(functions[name])
        ), name


# --- greetings

UUID = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
TOKEN = verify_token(KEY, Platform.FACEBOOK)
META = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}


def test_meta_is_given_its_challenge_back_where_it_knows_the_token() -> None:
    assert greeting(Platform.FACEBOOK, SECRET, TOKEN, META) == Greeting("1158201444", webhooks.TEXT)
    for spoilt in (
        {"hub.verify_token": "guess"},
        {"hub.verify_token": ""},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>"},
    ):
        assert greeting(Platform.FACEBOOK, SECRET, TOKEN, META | spoilt) is None
    assert greeting(Platform.FACEBOOK, SECRET, "", META | {"hub.verify_token": ""}) is None


def test_x_and_linkedin_are_answered_with_their_challenge_signed() -> None:
    x = greeting(Platform.X, SECRET, "", {"crc_token": "MGUwNGE2NTYtNGJhOC00"})
    assert x == Greeting('{"response_token": "sha256=UibeS7AhNJyFIR1iGLM9iAepemy1ILV9WYl8VLhXia4="}', webhooks.JSON)
    linkedin = greeting(Platform.LINKEDIN, SECRET, "", {"challengeCode": UUID})
    assert linkedin is not None
    assert json.loads(linkedin.body) == {
        "challengeCode": UUID,
        "challengeResponse": "158d25d5bded4b0e5c208312c5340e4fb25db7727374bf6d3dcad87c5bd395ea",
    }


@pytest.mark.parametrize("platform", DOORS)
def test_who_asks_nothing_that_a_platform_asks_is_not_greeted(platform: Platform) -> None:
    assert greeting(platform, SECRET, TOKEN, {}) is None
    assert greeting(platform, "", TOKEN, {"crc_token": "abc", "challengeCode": UUID}) is None, (
        "with no secret nothing is signed"
    )
    assert greeting(Platform.TIKTOK, SECRET, TOKEN, META | {"crc_token": "abc", "challengeCode": UUID}) is None


@given(body=st.one_of(st.binary(max_size=60), st.from_regex(webhooks.CRC, fullmatch=True).map(str.encode)))
def test_nobody_gets_a_notice_signed_by_bringing_it_as_a_challenge(body: bytes) -> None:
    """With the answer to the one question, the other would be forged: the secret is the same."""
    brought = body.decode("latin-1")
    x = greeting(Platform.X, SECRET, "", {"crc_token": brought})
    assert x is None or not knocks(Platform.X, json.loads(x.body)["response_token"], body)
    for code in (brought, f"hmacsha256={brought}"):
        linkedin = greeting(Platform.LINKEDIN, SECRET, "", {"challengeCode": code})
        assert linkedin is None or not knocks(Platform.LINKEDIN, json.loads(linkedin.body)["challengeResponse"], body)


def test_every_platform_and_every_installation_has_a_token_of_its_own() -> None:
    tokens = {verify_token(key, platform) for key in (KEY, b"other") for platform in DOORS}
    assert len(tokens) == 2 * len(DOORS)
    assert all(len(token) == 40 and token.isalnum() for token in tokens)
    assert KEY.decode() not in TOKEN


# --- what a body says


def page(*changes: Any, entry: str = "1001", time: int = 1) -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": entry, "time": time, "changes": list(changes)}]}


def feed(item: str, verb: str, **more: Any) -> dict[str, Any]:
    ids = {"post_id": "1001_5", "comment_id": "5_7"} if item == "comment" else {"post_id": "1001_5"}
    return {"field": "feed", "value": {"item": item, "verb": verb, **ids, **more}}


def instagram(field: str, **value: Any) -> dict[str, Any]:
    return {"object": "instagram", "entry": [{"id": "17", "time": 1, "changes": [{"field": field, "value": value}]}]}


def threads(field: str, **value: Any) -> dict[str, Any]:
    return {"target_id": "900", "time": 1, "values": {"field": field, "value": {"id": "901", **value}}}


def on_x(kind: str, **payload: Any) -> dict[str, Any]:
    return {"data": {"event_uuid": "1", "event_type": kind, "filter": {"user_id": "1001"}, "payload": payload}}


def linkedin(action: str, **more: Any) -> dict[str, Any]:
    told = {
        "notificationId": 5603453321,
        "organizationalEntity": "urn:li:organization:96",
        "action": action,
        "generatedActivity": "urn:li:comment:(activity:7094637247890620418,7094977717598625792)",
        **more,
    }
    return {"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [told]}


def tiktok(action: str, **more: Any) -> dict[str, Any]:
    content = (
        f'{{"comment_id":6990565363377392901,"video_id":6990565363377392007,"comment_action":"{action}","text":"a"}}'
    )
    return {"event": "comment.update", "create_time": 1, "user_openid": "act.1", "content": content, **more}


CAME, CHANGED, GONE, OTHER = Happened.CAME, Happened.CHANGED, Happened.GONE, Happened.OTHER
URN = "urn:li:comment:(urn:li:activity:7094637247890620418,7094977717598625792)"
DM = {
    "direct_message_events": [{"id": "55", "message_create": {"sender_id": "77", "target": {"recipient_id": "1001"}}}]
}
ECHO = {"object": "page", "entry": [{"id": "1001", "messaging": [{"message": {"mid": "m_1", "text": "x"}}]}]}
SEEN = {"object": "page", "entry": [{"id": "1001", "messaging": [{"read": {"watermark": 1}}]}]}
FB, IG, TH = Platform.FACEBOOK, Platform.INSTAGRAM, Platform.THREADS
X, LI, TT = Platform.X, Platform.LINKEDIN, Platform.TIKTOK
WHO_LI, VIDEO = ("urn:li:organization:96", "96"), "6990565363377392007/6990565363377392901"
SAID: list[tuple[Platform, dict[str, Any], Happened, tuple[str, ...], tuple[str, ...]]] = [
    # platform and body                                                   what     whose            where
    (FB, page(feed("comment", "add")),                                    CAME,    ("1001",),       ("5_7",)),
    (FB, page(feed("comment", "edit")),                                   CHANGED, ("1001",),       ("5_7",)),
    (FB, page(feed("comment", "edited")),                                 CHANGED, ("1001",),       ("5_7",)),
    (FB, page(feed("comment", "hide")),                                   CHANGED, ("1001",),       ("5_7",)),
    (FB, page(feed("comment", "remove")),                                 GONE,    ("1001",),       ("5_7",)),
    (FB, page(feed("post", "add")),                                       CAME,    ("1001",),       ("1001_5",)),
    (FB, page(feed("status", "remove")),                                  GONE,    ("1001",),       ("1001_5",)),
    (FB, page(feed("reaction", "add")),                                   OTHER,   ("1001",),       ("1001_5",)),
    (FB, page(feed("comment", "ponder")),                                 OTHER,   ("1001",),       ("5_7",)),
    (FB, page({"field": "ratings", "value": {}}),                         OTHER,   ("1001",),       ()),
    (FB, page({"field": "name", "value": "Cyngor"}),                      OTHER,   ("1001",),       ()),
    (FB, ECHO,                                                            CAME,    ("1001",),       ("m_1",)),
    (FB, SEEN,                                                            OTHER,   ("1001",),       ()),
    (IG, instagram("comments", id="179"),                                 CAME,    ("17",),         ("179",)),
    (IG, instagram("live_comments", id="179"),                            CAME,    ("17",),         ("179",)),
    (IG, instagram("mentions", media_id="4", comment_id="5"),             CAME,    ("17",),         ("5",)),
    (IG, instagram("story_insights", media_id="4"),                       OTHER,   ("17",),         ()),
    (TH, threads("replies", root_post={"owner_id": "30"}),                CAME,    ("30", "900"),   ("901",)),
    (TH, threads("mentions"),                                             CAME,    ("900",),        ("901",)),
    (TH, threads("delete", owner_id="30"),                                GONE,    ("30", "900"),   ("901",)),
    (TH, threads("publish"),                                              OTHER,   ("900",),        ("901",)),
    (X,  on_x("post.mention.create", id="2080"),                          CAME,    ("1001",),       ("2080",)),
    (X,  on_x("post.reply.create", edit_history_tweet_ids=["21", "9"]),   CAME,    ("1001",),       ("9",)),
    (X,  on_x("post.quote.create", id="9", edit_history_post_ids=["9"]),  CAME,    ("1001",),       ("9",)),
    (X,  on_x("dm.received", **DM),                                       CAME,    ("1001",),       ("77-1001/55",)),
    (X,  on_x("post.create", id="2080"),                                  OTHER,   ("1001",),       ("2080",)),
    (X,  on_x("like.create", id="2080"),                                  OTHER,   ("1001",),       ("2080",)),
    (LI, linkedin("COMMENT"),                                             CAME,    WHO_LI,          (URN,)),
    (LI, linkedin("COMMENT_EDIT"),                                        CHANGED, WHO_LI,          (URN,)),
    (LI, linkedin("COMMENT_DELETE", generatedActivity=URN),               GONE,    WHO_LI,          (URN,)),
    (LI, linkedin("LIKE"),                                                OTHER,   WHO_LI,          (URN,)),
    (TT, tiktok("insert"),                                                CAME,    ("act.1",),      (VIDEO,)),
    (TT, tiktok("delete"),                                                GONE,    ("act.1",),      (VIDEO,)),
    (TT, tiktok("set_to_hidden"),                                         CHANGED, ("act.1",),      (VIDEO,)),
    (TT, tiktok("x", event="authorization.removed"),                      OTHER,   ("act.1",),      ()),
]  # fmt: skip


def said(platform: Platform, body: Any) -> tuple[Notice, ...]:
    return notices(platform, json.dumps(body).encode())


@pytest.mark.parametrize(("platform", "body", "happened", "whose", "where"), SAID)
def test_a_notice_points_at_what_the_collectors_know_by_the_same_id(
    platform: Platform, body: dict[str, Any], happened: Happened, whose: tuple[str, ...], where: tuple[str, ...]
) -> None:
    [notice] = said(platform, body)
    assert (notice.happened, notice.account_native_ids, notice.native_ids) == (happened, whose, where)
    assert (notice.platform, notice.trouble) == (platform, "")
    assert notice.raw == json.dumps(body).encode(), "kept as it came"


def test_ids_of_nineteen_digits_keep_every_digit() -> None:
    [notice] = said(Platform.TIKTOK, tiktok("insert"))
    assert notice.native_ids == ("6990565363377392007/6990565363377392901",)
    assert float("6990565363377392901") != 6990565363377392901, "what a float would have made of it"


def test_an_instagram_mention_says_where_it_stands() -> None:
    [comment] = said(Platform.INSTAGRAM, instagram("mentions", media_id="4", comment_id="5"))
    [caption] = said(Platform.INSTAGRAM, instagram("mentions", media_id="4"))
    assert (comment.mention, caption.mention) == (Mention("4", "5"), Mention("4"))
    assert caption.native_ids == ("4",)


def test_instagrams_own_login_has_no_changes_and_metas_examples_stand_in_a_list() -> None:
    plain = instagram("comments", id="179")
    change = plain["entry"][0].pop("changes")[0]
    flat = {**plain, "entry": [{**plain["entry"][0], **change}]}
    [one], [other], [third] = (
        said(Platform.INSTAGRAM, each) for each in (instagram("comments", id="179"), flat, [flat])
    )
    assert one.native_ids == other.native_ids == third.native_ids == ("179",)
    assert one.fingerprint == other.fingerprint == third.fingerprint


def test_what_is_sent_to_the_address_of_the_sister_platform_is_understood() -> None:
    [notice] = said(Platform.FACEBOOK, instagram("comments", id="179"))
    assert notice.platform is Platform.INSTAGRAM


SAME: list[tuple[Platform, dict[str, Any], Callable[[dict[str, Any]], Any]]] = [
    (Platform.FACEBOOK, page(feed("comment", "add")), lambda body: body["entry"][0].update(time=99)),
    (Platform.INSTAGRAM, instagram("comments", id="179"), lambda body: body["entry"][0].update(time=99)),
    (Platform.THREADS, threads("replies"), lambda body: body.update(time=99, subscription_id="2")),
    (Platform.X, on_x("post.mention.create", id="2080"), lambda body: body["data"].update(event_uuid="2", tag="t")),
    (Platform.X, on_x("post.mention.create", id="2080"), lambda body: body["data"]["payload"].update(public_metrics=3)),
    (Platform.LINKEDIN, linkedin("COMMENT"), lambda body: body["notifications"][0].update(lastModifiedAt=99)),
    (Platform.TIKTOK, tiktok("insert"), lambda body: body.update(create_time=99)),
]
OTHERS: list[tuple[Platform, dict[str, Any], dict[str, Any]]] = [
    (Platform.FACEBOOK, page(feed("comment", "add")), page(feed("comment", "remove"))),
    (Platform.FACEBOOK, page(feed("comment", "edited", message="a")), page(feed("comment", "edited", message="b"))),
    (Platform.FACEBOOK, page(feed("comment", "add")), page(feed("comment", "add"), entry="1002")),
    (Platform.INSTAGRAM, instagram("comments", id="179"), instagram("comments", id="180")),
    (Platform.THREADS, threads("replies"), threads("delete")),
    (Platform.X, on_x("post.mention.create", id="2080"), on_x("post.reply.create", id="2080")),
    (Platform.X, on_x("dm.read", a=1), on_x("dm.read", a=2)),
    (Platform.LINKEDIN, linkedin("COMMENT"), linkedin("COMMENT_DELETE")),
    (Platform.LINKEDIN, linkedin("COMMENT", notificationId=None), linkedin("COMMENT", notificationId=None, a=1)),
    (Platform.TIKTOK, tiktok("insert"), tiktok("delete")),
]


@pytest.mark.parametrize(("platform", "body", "again"), SAME)
def test_the_same_event_in_another_envelope_has_the_same_fingerprint(
    platform: Platform, body: dict[str, Any], again: Callable[[dict[str, Any]], Any]
) -> None:
    other = json.loads(json.dumps(body))
    again(other)
    assert other != body
    [one], [two] = said(platform, body), said(platform, other)
    assert one.fingerprint == two.fingerprint


@pytest.mark.parametrize(("platform", "one", "other"), OTHERS)
def test_another_event_has_another_fingerprint(platform: Platform, one: Any, other: Any) -> None:
    [first], [second] = said(platform, one), said(platform, other)
    assert first.fingerprint != second.fingerprint


def test_each_thing_in_a_body_is_a_notice_that_stands_for_itself() -> None:
    changes = [feed("comment", "add", comment_id=f"5_{number}", message="é\ud800") for number in range(3)]
    body = page(*changes)
    body["entry"].append({"id": "1002", "time": 2, "messaging": [{"message": {"mid": "m"}}], "changes": ["?"]})
    told = said(Platform.FACEBOOK, body)
    assert [notice.native_ids for notice in told] == [("5_0",), ("5_1",), ("5_2",), (), ("m",)]
    assert [bool(notice.trouble) for notice in told] == [False, False, False, True, False]
    assert len({notice.fingerprint for notice in told}) == 5
    for notice in told:
        assert notices(Platform.FACEBOOK, notice.raw) == (notice,), "what is kept of it says the same"

    ten = linkedin("COMMENT")
    ten["notifications"] = [{**ten["notifications"][0], "notificationId": number} for number in range(1, 11)]
    told = said(Platform.LINKEDIN, ten)
    assert len({notice.fingerprint for notice in told}) == 10
    assert all(notices(Platform.LINKEDIN, notice.raw) == (notice,) for notice in told)


UNCLEAR: list[tuple[Platform, bytes]] = [
    (Platform.FACEBOOK, b""),
    (Platform.FACEBOOK, b"{"),
    (Platform.FACEBOOK, b"null"),
    (Platform.FACEBOOK, b"[]"),
    (Platform.FACEBOOK, b"\xff\xfe\x00"),
    (Platform.FACEBOOK, b"[" * 100_000),
    (Platform.FACEBOOK, b'{"object":"page"}'),
    (Platform.FACEBOOK, b'{"object":"page","entry":[]}'),
    (Platform.FACEBOOK, b'{"object":"user","entry":[{}]}'),
    (Platform.FACEBOOK, b'{"object":"page","entry":[{"id":1,"changes":[]}]}'),
    (Platform.FACEBOOK, b'{"object":"page","entry":[NaN]}'),
    (Platform.FACEBOOK, b'{"object":"page","entry":[' + b"9" * 5_000 + b"]}"),
    (Platform.INSTAGRAM, json.dumps(instagram("mentions")).encode()),
    (Platform.THREADS, b'{"target_id":"1"}'),
    (Platform.THREADS, b'{"values":[]}'),
    (Platform.X, b'{"data":{"event_type":"post.create"}}'),
    (Platform.X, b'{"tweet_create_events":[]}'),
    (Platform.LINKEDIN, b'{"notifications":[]}'),
    (Platform.LINKEDIN, b'{"notifications":[7]}'),
    (Platform.TIKTOK, b'{"event":"comment.update","content":"{"}'),
    (Platform.TIKTOK, b'{"event":"comment.update","content":"[]"}'),
    (Platform.TIKTOK, b'{"content":"{}"}'),
    (Platform.FACEBOOK, json.dumps(page(*[{"field": "f", "n": n} for n in range(MOST + 1)])).encode()),
]


@pytest.mark.parametrize(
    ("platform", "body"), UNCLEAR, ids=[f"{platform}-{number}" for number, (platform, _) in enumerate(UNCLEAR)]
)
def test_what_cannot_be_understood_is_one_notice_that_says_why_and_quotes_nothing(
    platform: Platform, body: bytes
) -> None:
    [notice] = notices(platform, body)
    assert notice.trouble
    assert notice.happened is Happened.OTHER
    assert notice.raw == body
    assert not any(word in notice.trouble for word in ("tweet_create_events", "999"))


@pytest.mark.parametrize("odd", ["a" * 501, "a\0b", "\ud800", True, None, [], {"id": 1}])
def test_an_id_that_no_database_takes_is_none(odd: Any) -> None:
    [notice] = said(Platform.FACEBOOK, page(feed("comment", "add", comment_id=odd), entry=odd))
    assert (notice.account_native_ids, notice.native_ids) == ((), ())


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
EXAMPLES: Mapping[Platform, list[dict[str, Any]]] = {
    platform: [row[1] for row in SAID if row[0] is platform] for platform in DOORS
}


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Platform, bytes]:
    """A body of the right shape in which one part is something else."""
    platform = draw(st.sampled_from(list(DOORS)))
    body = json.loads(json.dumps(draw(st.sampled_from(EXAMPLES[platform]))))
    place: Any = body
    while isinstance(place, dict | list) and place:
        name = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if draw(st.booleans()) or not isinstance(place[name], dict | list):
            place[name] = draw(JSON_LIKE)
            break
        place = place[name]
    return platform, json.dumps(body).encode()


@given(spoilt())
def test_whatever_stands_in_a_body_comes_out_as_notices_that_read_the_same_again(told: tuple[Platform, bytes]) -> None:
    platform, body = told
    found = notices(platform, body)
    assert found
    for notice in found:
        again = {each.fingerprint: each for each in notices(notice.platform, notice.raw)}
        assert again[notice.fingerprint] == notice


@given(
    platform=st.sampled_from(list(DOORS)),
    body=st.binary(max_size=300) | JSON_LIKE.map(lambda each: json.dumps(each).encode()),
)
def test_no_body_breaks_the_reading(platform: Platform, body: bytes) -> None:
    assert notices(platform, body)
