"""The door at which platforms knock: what it answers, whatever is sent, and that it never says kept of what is not.

The web app is the real one, and so is the database that is full, or held by somebody else.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from anyio.to_thread import current_default_thread_limiter
from fastapi.testclient import TestClient
from httpx import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from collectors.webhooks import DOORS, verify_token
from settings import SIGNS_APART, App
from store import webhooks
from store.database import Store
from store.webhooks import WebhookEventRow
from tests.collectors.test_webhook_signatures import EXAMPLES, UNCLEAR, spoilt
from tests.conftest import sqlite_store
from tests.factories import with_account
from tests.pushed import APPS, SECRETS, an_installation, patient, served, signed
from tests.town import NINE
from vocabulary import Platform
from web.app import create_app
from web.routes.webhooks import LARGEST
from web.security import HEADERS
from words import Words

BODY = json.dumps(EXAMPLES[Platform.FACEBOOK][0]).encode()
HEAVY = b'{"object":"page","entry":[{"id":"1001","changes":[{"field":"f","value":"%s"}]}]}' % (b"x" * 500_000)
FB = Platform.FACEBOOK


@dataclass
class Door:
    """The web app over a store with one Facebook Page, as a platform meets it."""

    store: Store
    folder: Path
    apps: Mapping[Platform, App]

    def __post_init__(self) -> None:
        here = an_installation(self.store, self.folder)
        self.here = replace(here, settings=here.settings.model_copy(update={"apps": self.apps}))
        self.token = verify_token(here.keys.credentials, FB)
        app = patient(create_app(self.here, now=lambda: NINE))
        self.client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

    def asks(self, platform: str, **fields: str) -> tuple[int, str]:
        answer = self.client.get(
            f"/webhooks/{platform}", params={name.replace("_", "."): fields[name] for name in fields}
        )
        return answer.status_code, answer.text

    def knocks(self, platform: Platform = FB, body: bytes = BODY, **headers: str | bytes) -> int:
        """A rightly signed delivery, where the headers do not say otherwise."""
        given: Any = {
            **signed(platform, body, NINE),
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        status: int = self.client.post(f"/webhooks/{platform.value}", content=body, headers=given).status_code
        return status

    def events(self) -> list[WebhookEventRow]:
        with self.store.read() as session:
            return list(session.scalars(select(WebhookEventRow).order_by(WebhookEventRow.id)))


@pytest.fixture
def door(on_sqlite: Store, tmp_path: Path) -> Door:
    with_account(on_sqlite, native_id="1001")
    return Door(on_sqlite, tmp_path, APPS)


@pytest.fixture(scope="module")
def still_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One for the tests that knock a thousand times and look at nothing but the answer."""
    folder = tmp_path_factory.mktemp("door")
    with sqlite_store(folder) as opened:
        with_account(opened, native_id="1001")
        yield Door(opened, folder, APPS)


# --- before anything is sent


def test_a_platform_that_asks_whether_this_is_ours_is_answered_as_it_wants(door: Door) -> None:
    meta = {"hub_mode": "subscribe", "hub_challenge": "1158201444"}
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": door.token}
    answer = door.client.get("/webhooks/facebook", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert door.asks("facebook", **meta)[0] == 403, "without the token"
    assert door.client.get("/webhooks/instagram", params=asked).status_code == 403, "with another platform's token"

    crc = door.client.get("/webhooks/x", params={"crc_token": "MGUwNGE2NTYtNGJhOC00"})
    assert (crc.status_code, crc.headers["content-type"]) == (200, "application/json")
    assert crc.json()["response_token"] == signed(Platform.X, b"MGUwNGE2NTYtNGJhOC00", NINE)[DOORS[Platform.X].header]
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    linkedin = door.client.get("/webhooks/linkedin", params={"challengeCode": code})
    assert linkedin.json()["challengeCode"] == code
    assert door.asks("tiktok", challengeCode=code)[0] == 403, "it asks nothing"


@pytest.mark.parametrize("name", ["youtube", "nothing", "FACEBOOK", "%00", "facebook%20", "..%2Ffacebook", "é"])
def test_there_is_no_door_for_a_platform_that_does_not_push(door: Door, name: str) -> None:
    headers = signed(FB, BODY, NINE)
    assert door.client.get(f"/webhooks/{name}").status_code == 404
    assert door.client.post(f"/webhooks/{name}", content=BODY, headers=headers).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_door_is_for_asking_and_for_delivering(door: Door, method: str) -> None:
    answer = door.client.request(method, "/webhooks/facebook", content=BODY, headers=signed(FB, BODY, NINE))
    assert answer.status_code == 405
    assert door.events() == []


# --- what is sent


@pytest.mark.parametrize("platform", DOORS)
def test_a_delivery_needs_no_session_and_no_form_and_is_a_row_when_it_is_answered(
    door: Door, platform: Platform
) -> None:
    body = json.dumps(EXAMPLES[platform][0]).encode()
    answer = door.client.post(f"/webhooks/{platform.value}", content=body, headers=signed(platform, body, NINE))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers.items() >= HEADERS.items()
    assert "set-cookie" not in answer.headers
    assert [event.raw for event in door.events()] == [body]


TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data; charset=utf-7",
    "application/json; charset=no-such-thing",
    "",
)


@pytest.mark.parametrize("named", TYPES)
def test_what_a_body_is_called_changes_nothing(door: Door, named: str) -> None:
    assert door.knocks(content_type=named) == 200
    assert [event.raw for event in door.events()] == [BODY]


def test_who_signs_wrongly_is_told_nothing_keeps_nothing_and_wears_out_nobody_elses_welcome(door: Door) -> None:
    header = DOORS[FB].header
    told = [door.client.post("/webhooks/facebook", content=BODY, headers={header: "sha256=0"}) for _ in range(40)]
    assert [answer.status_code for answer in told] == [401] * 30 + [429] * 10
    assert {answer.content for answer in told} == {b""}
    assert door.events() == []
    assert door.knocks() == 200, "behind a proxy all platforms have the same address"


def test_the_notices_of_x_are_signed_with_another_secret_than_its_consent(on_sqlite: Store, tmp_path: Path) -> None:
    with_account(on_sqlite, native_id="1001")
    body = json.dumps(EXAMPLES[Platform.X][0]).encode()
    apps = {Platform.X: App(client_secret=SECRETS[Platform.X]), FB: App(client_secret=SECRETS[FB])}
    one = Door(on_sqlite, tmp_path, apps)
    assert one.knocks(Platform.X, body) == 401, "the secret of its consent is none"
    assert one.asks("x", crc_token="abc")[0] == 403
    assert one.knocks() == 200, "Meta signs with the app's only secret"
    told = json.dumps(EXAMPLES[Platform.INSTAGRAM][0]).encode()
    header = signed(Platform.INSTAGRAM, told, NINE, secret=SECRETS[FB])
    assert one.client.post("/webhooks/instagram", content=told, headers=header).status_code == 200, "by the same app"


def test_with_no_app_nobody_gets_in(on_sqlite: Store, tmp_path: Path) -> None:
    bare = Door(on_sqlite, tmp_path, {})
    for platform in DOORS:
        body = json.dumps(EXAMPLES[platform][0]).encode()
        assert bare.knocks(platform, body) == 401
        assert (
            bare.client.post(
                f"/webhooks/{platform.value}", content=body, headers=signed(platform, body, NINE, secret=" ")
            ).status_code
            == 401
        )
    assert bare.events() == []


def test_a_thousand_changes_at_once_are_a_thousand_rows_and_more_weight_than_that_is_refused(door: Door) -> None:
    changes = [
        {
            "field": "feed",
            "value": {"item": "comment", "verb": "add", "comment_id": f"5_{n}", "message": "Pryd? " * 100},
        }
        for n in range(1_000)
    ]
    many = json.dumps({"object": "page", "entry": [{"id": "1001", "changes": changes}]}).encode()
    assert door.knocks(body=many) == 200
    assert len(door.events()) == 1_000
    heavy = b" " * (LARGEST + 1)
    assert door.knocks(body=heavy) == 413
    pieces = iter([heavy[:LARGEST], heavy[LARGEST:]])
    assert door.client.post("/webhooks/facebook", content=pieces, headers=signed(FB, heavy, NINE)).status_code == 413
    assert len(door.events()) == 1_000


# --- hostile bodies


@pytest.mark.parametrize(
    ("platform", "body"), UNCLEAR, ids=[f"{platform}-{number}" for number, (platform, _) in enumerate(UNCLEAR)]
)
def test_a_body_that_nobody_understands_is_kept_and_put_aside(
    store: Store, tmp_path: Path, platform: Platform, body: bytes
) -> None:
    assert Door(store, tmp_path, APPS).knocks(platform, body) == 200
    with store.read() as session:
        [row] = webhooks.put_aside(session, limit=10)
    assert row.raw == body
    assert row.trouble


@given(spoilt())
def test_whatever_stands_in_a_rightly_signed_body_it_is_taken(still_door: Door, told: tuple[Platform, bytes]) -> None:
    assert still_door.knocks(*told) == 200


@given(platform=st.sampled_from(list(DOORS)), body=st.binary(max_size=300), given_for=st.binary(max_size=100))
def test_whatever_is_sent_without_a_signature_is_refused_and_nothing_breaks(
    still_door: Door, platform: Platform, body: bytes, given_for: bytes
) -> None:
    header: Any = {DOORS[platform].header: bytes(each for each in given_for if each not in b"\r\n\0")}
    answer = still_door.client.post(f"/webhooks/{platform.value}", content=body, headers=header)
    assert answer.status_code in {401, 429}


@given(
    platform=st.sampled_from(list(DOORS)),
    fields=st.dictionaries(
        st.sampled_from(["hub.mode", "hub.challenge", "hub.verify_token", "crc_token", "challengeCode"]),
        st.text(max_size=100),
    ),
)
def test_whoever_asks_whatever_is_answered_without_breaking(
    still_door: Door, platform: Platform, fields: dict[str, str]
) -> None:
    sendable = {name: text.encode("utf-8", "replace").decode() for name, text in fields.items()}
    assert still_door.client.get(f"/webhooks/{platform.value}", params=sendable).status_code in {200, 403}


# --- kept before it is answered, or not answered with 200


def room_for(store: Store, pages: int) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


@contextmanager
def full(store: Store) -> Iterator[None]:
    """The disk has no page left for the database."""
    room_for(store, 1)
    yield
    room_for(store, 1_000_000_000)


@contextmanager
def closed(store: Store) -> Iterator[None]:
    """The server goes down under it."""
    store.close()
    yield


@pytest.mark.parametrize("trouble", [full, closed])
def test_what_cannot_be_kept_is_not_taken(door: Door, trouble: Callable[[Store], AbstractContextManager[None]]) -> None:
    with trouble(door.store):
        assert door.knocks(body=HEAVY) == 503


def test_what_could_not_be_kept_on_a_full_disk_is_kept_when_it_comes_again(door: Door) -> None:
    with full(door.store):
        assert [door.knocks(body=HEAVY) for _ in range(3)] == [503] * 3
        assert door.events() == []
    assert door.knocks(body=HEAVY) == 200
    assert [(event.raw, event.deliveries) for event in door.events()] == [(HEAVY, 1)]


def test_while_somebody_else_holds_the_database_the_answer_does_not_wait_and_nothing_is_lost(door: Door) -> None:
    """The database would wait for fifteen seconds; the answer is there before it, and the row as soon as it can be."""
    app = create_app(door.here, now=lambda: NINE)
    with (
        served(app) as address,
        closing(sqlite3.connect(str(door.store.url.database), isolation_level=None)) as other,
    ):

        def deliver() -> int:
            headers = signed(FB, BODY, NINE)
            return requests.post(f"{address}/webhooks/facebook", BODY, headers=headers, timeout=10).status_code

        other.execute("BEGIN IMMEDIATE")
        assert deliver() == 503
        assert door.events() == []
        other.execute("ROLLBACK")
        door.store.write(lambda _session: None)
        assert [event.deliveries for event in door.events()] == [1], "what was only late is kept all the same"
        patient(app)
        assert deliver() == 200
        assert [event.deliveries for event in door.events()] == [2]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_platform_does_not_wait_for_a_thread_of_the_pages(door: Door, method: str) -> None:
    async def knock() -> int:
        threads = current_default_thread_limiter()
        for number in range(int(threads.total_tokens)):
            threads.acquire_on_behalf_of_nowait(number)
        async with AsyncClient(transport=ASGITransport(door.client.app), base_url="http://localhost") as client:
            asking = client.request(method, "/webhooks/facebook", content=BODY, headers=signed(FB, BODY, NINE))
            return (await asyncio.wait_for(asking, 10)).status_code

    assert asyncio.run(knock()) == {"GET": 403, "POST": 200}[method]


def test_a_notice_from_a_clock_far_off_is_refused_only_where_the_platform_signs_its_time(door: Door) -> None:
    body = json.dumps(EXAMPLES[Platform.TIKTOK][0]).encode()
    for away, status in ((timedelta(days=4), 401), (timedelta(hours=71), 200)):
        header = signed(Platform.TIKTOK, body, NINE - away)
        assert door.client.post("/webhooks/tiktok", content=body, headers=header).status_code == status


PAGE = (Path(__file__).parents[2] / "docs/reference/webhooks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("platform", DOORS)
def test_the_page_about_webhooks_says_what_the_doors_do(platform: Platform) -> None:
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {Words('en').name(platform)} | `GWYLIO_APPS__")]
    _, _, secret, header, subscribe, _ = (cell.strip() for cell in row.split("|"))
    assert header.strip("`").lower() == DOORS[platform].header
    assert subscribe == ", ".join(f"`{each}`" for each in DOORS[platform].subscribe)
    assert ("WEBHOOK_SECRET" in secret) is (platform in SIGNS_APART)
    assert f"| 413 | heavier than {LARGEST:,} bytes |" in PAGE
