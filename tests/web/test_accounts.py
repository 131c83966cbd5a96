"""Whoever looks after the accounts sees in words which of them work, and what to do about the rest."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from collectors.base import CollectorError, Gone, Refused, Unconfirmed
from store import accounts, jobs
from store.database import Session
from tests.web.world import Site
from vocabulary import Act, Note
from web.history import SENTENCES
from web.routes.accounts import TROUBLES


def test_each_account_says_how_it_stands(site: Site) -> None:
    def runs(session: Session) -> None:
        works, fails, waits = (
            accounts.stream(session, *key) for key in ((1, "comments"), (1, "posts"), (2, "comments"))
        )
        works.last_success = waits.last_success = site.now - timedelta(minutes=5)
        fails.failures, fails.trouble = 2, "AuthExpired: code 190"
        waits.blocked_until = site.now + timedelta(minutes=12)

    site.store.write(runs)
    visitor = site.visitor("nia")
    english, welsh = (html.unescape(visitor.get(f"/{each}/accounts").text) for each in ("en", "cy"))
    for words, geiriau in (
        ("works", "yn gweithio"),
        ("failed 2 times in a row", "wedi methu 2 waith yn olynol"),
        ("waiting until 20 November 2026, 10:12", "yn aros tan 20 Tachwedd 2026, 10:12"),
        ("The token has expired", "Mae'r tocyn wedi dod i ben"),
        ("our own posts", "ein negeseuon ni"),
    ):
        assert words in english
        assert geiriau in welsh


def test_an_account_never_read_says_so(site: Site) -> None:
    assert site.visitor("nia").get("/en/accounts").text.count("never read") == 2


@pytest.mark.parametrize("what", [*Act, *Note])
def test_everything_that_can_happen_to_a_case_has_its_sentence(what: Act | Note) -> None:
    assert SENTENCES[what].endswith(".")


def test_every_kind_of_trouble_that_reading_can_meet_has_words() -> None:
    only_when_writing = {Gone, Refused, Unconfirmed}
    assert {kind.__name__ for kind in {*CollectorError.__subclasses__()} - only_when_writing} <= set(TROUBLES)


def test_what_could_not_be_read_is_seen_and_not_shown(site: Site) -> None:
    def put_aside(session: Session) -> None:
        jobs.quarantine(
            session,
            1,
            "reading",
            native_id="c77",
            fingerprint="comment:1:1",
            reason="ValueError",
            raw=b"their own words",
            now=site.now,
        )

    assert "Put aside" not in site.visitor("nia").get("/en/accounts").text
    site.store.write(put_aside)
    english, welsh = (html.unescape(site.visitor("nia").get(f"/{each}/accounts").text) for each in ("en", "cy"))

    assert "Put aside: 1" in english
    assert "c77" in english
    assert "Rhoddwyd o'r neilltu: 1" in welsh
    assert "their own words" not in english + welsh
