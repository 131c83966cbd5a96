"""Whoever looks after the accounts sees in words which of them work, and what to do about the rest."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from collectors.base import Access, Collector, CollectorError, Gone, Refused, Unconfirmed
from collectors.registry import open_collector
from store import accounts, counts, jobs, searches, silences, spending, webhooks
from store.database import Session
from store.silences import Silent
from store.webhooks import Arrived
from tests.collectors.contracts import CONTRACTS
from tests.web.world import Site
from vocabulary import Act, Note, Origin, Platform
from web.history import SENTENCES
from web.routes.accounts import STREAMS, TROUBLES


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


def opened(platform: Platform) -> Collector:
    contract = CONTRACTS[platform]
    access = Access(
        account="a",
        native_id=contract.own_id.format(1001),
        credential=contract.token.format(1),
        base_url="http://127.0.0.1:1",
        home=contract.home,
    )
    return open_collector(platform, access)


@pytest.mark.parametrize("platform", CONTRACTS, ids=lambda platform: platform.value)
def test_every_stream_that_a_collector_reads_has_words(platform: Platform) -> None:
    assert set(opened(platform).streams()) <= set(STREAMS)


def test_what_ails_the_accounts_stands_below_them(site: Site) -> None:
    ago = site.now - timedelta(hours=5)

    def ail(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        silences.note(session, account, Silent.QUIET, ago, now=ago)
        counts.keep(session, account.id, {"p77": 8}, now=ago)
        searches.add(
            session,
            account,
            name="Biniau",
            query="Dyffryn <b>biniau",
            purpose="gwylio newid y casgliadau",
            asked_by="nia",
            review_on=site.now.date() + timedelta(days=30),
            now=ago,
        )

    before = site.visitor("nia").get("/en/accounts").text
    for heading in ("Not heard", "Counts that disagree", "Saved searches", "Budgets"):
        assert heading not in before, "nothing ails, and no platform costs anything"
    site.store.write(ail)
    english, welsh = (site.visitor("nia").get(f"/{each}/accounts").text for each in ("en", "cy"))

    for words, geiriau in (
        ("Not heard: 1", "Heb eu clywed: 1"),
        ("quieter than ever before", "yn dawelach nag erioed o&#39;r blaen"),
        ("Counts that disagree: 1", "Cyfrifiadau nad ydynt yn cytuno: 1"),
        ("p77", "p77"),
        ("gwylio newid y casgliadau", "gwylio newid y casgliadau"),
        ("Dyffryn &lt;b&gt;biniau", "Dyffryn &lt;b&gt;biniau"),
    ):
        assert words in english
        assert geiriau in welsh


def test_a_metered_platform_says_what_it_has_cost_and_what_is_left(site: Site) -> None:
    def spend(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        account.platform = Platform.X
        span = site.here.budgets.root[Platform.X].span(site.now)
        spending.reserve(session, Platform.X, account.id, span.name, price=1_234_000, most=10, limit=40_000_000)

    site.store.write(spend)
    page = site.visitor("nia").get("/en/accounts").text

    assert "£12.34" in page
    assert "£40.00" in page
    assert "£27.66" in page


def test_what_a_search_found_is_marked_as_such_in_the_queue_and_owes_no_answer(site: Site) -> None:
    case = site.said("When are the bins emptied in Dyffryn?", origin=Origin.SEARCH, found_by="Biniau")
    visitor = site.visitor("nia")

    assert "found by a search: Biniau" in html.unescape(visitor.get(f"/en/cases/{case}").text)
    assert "Biniau" not in visitor.get("/en/queue").text
    assert "wedi'i ganfod drwy chwiliad: Biniau" in html.unescape(visitor.get("/cy/queue?show=look").text)


def test_a_webhook_that_fell_silent_and_what_platforms_told_stand_there_in_both_languages(site: Site) -> None:
    ago = site.now - timedelta(hours=5)

    def told(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        silences.note(session, account, Silent.WEBHOOK, ago, now=site.now)
        webhooks.keep(
            session,
            [
                Arrived(platform=Platform.FACEBOOK, fingerprint="a", account_id=account.id, raw=b"their own words"),
                Arrived(
                    platform=Platform.X, fingerprint="b", account_id=None, raw=b"", trouble="no JSON", settled=True
                ),
            ],
            now=ago,
        )
        jobs.quarantine(
            session, account.id, "webhook", native_id="5_7", fingerprint="a", reason="Gone", raw=b"", now=site.now
        )

    assert "What platforms tell us" not in site.visitor("nia").get("/en/accounts").text
    site.store.write(told)
    english, welsh = (html.unescape(site.visitor("nia").get(f"/{each}/accounts").text) for each in ("en", "cy"))
    for words, geiriau in (
        ("Not heard: 1", "Heb eu clywed: 1"),
        ("the platform did not notify us", "ni roddodd y platfform wybod i ni"),
        ("What platforms tell us", "Yr hyn y mae'r platfformau yn ei ddweud wrthym"),
        ("20 November 2026, 05:00", "20 Tachwedd 2026, 05:00"),
        ("no account of ours", "dim un o'n cyfrifon ni"),
        ("notices from the platform", "hysbysiadau gan y platfform"),
    ):
        assert words in english
        assert geiriau in welsh
    assert "their own words" not in english + welsh
