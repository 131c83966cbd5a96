"""Signing in by the directory: a real provider over HTTP, the whole way there and back, and those who lie on it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from pipeline.provider import LEFT_ALONE, Provider, ProviderAway
from settings import Entra, SignIn
from store import audit, people
from store.audit import AuditRow
from tests.directory import CLIENT, TENANT, Claims, Directory, directory, query_of, signed, unsigned
from tests.web.test_users import link_on, send
from tests.web.world import Site, Visitor, open_site, sign_in, token_in
from web.security import SESSION_COOKIE
from web.steps import STANDS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own, on what authlib is leaving

OTHER_TENANT = "99999999-2222-3333-4444-555555555555"
OUT = "/en/sign-in/entra"


@pytest.fixture(scope="module")
def entra() -> Iterator[Directory]:
    with directory() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _honest(entra: Directory) -> None:
    entra.forge, entra.document = None, {}


@pytest.fixture
def site(council: Path, tmp_path: Path, entra: Directory) -> Iterator[Site]:
    """A site on the clock of the machine, as the provider is."""
    opened = open_to(council, tmp_path, entra)
    yield opened
    opened.close()


def open_to(council: Path, folder: Path, entra: Directory, **over: object) -> Site:
    facts = {"tenant": TENANT, "client_id": CLIENT, "client_secret": "cyfrinach", "issuer": entra.issuer, **over}
    passwords = facts.pop("passwords", "everybody")
    site = open_site(
        council,
        folder,
        public_url="http://localhost",
        sign_in=SignIn(second_factor=(), passwords=passwords, entra=Entra(**facts)),  # type: ignore[arg-type]
    )
    site.now = datetime.now(UTC)
    return site


def invited(site: Site, entra: Directory, username: str, subject: str) -> Visitor:
    """Somebody who came once by their link, and is signed in."""
    entra.knows(subject)
    link = link_on(send(site.visitor("nia"), f"users/{site.users[username]}/invite").text)
    visitor = site.visitor()
    page = visitor.get(link).text
    way = re.search(r'href="(/\w\w/sign-in/entra\?invitation=[\w-]+)"', page)
    assert way
    assert there_and_back(visitor, entra, subject, way[1]).status_code == 303
    return visitor


def there_and_back(visitor: Visitor, entra: Directory, subject: str, way: str = OUT):
    url = visitor.get(way).headers["location"]
    return visitor.get(entra.comes(url, subject))


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/en/account").status_code == 200


def test_a_colleague_comes_by_their_link_once_and_by_the_directory_ever_after(site: Site, entra: Directory) -> None:
    assert is_in(invited(site, entra, "rhys", "gwrthrych-1"))
    visitor = site.visitor()
    url = visitor.get(f"{OUT}?to=/en/queue%3Fshow%3Durgent").headers["location"]
    asked = query_of(url)
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    back = visitor.get(entra.comes(url, "gwrthrych-1"))
    assert back.headers["location"] == "/en/queue?show=urgent"
    assert entra.exchanged[-1]["code_verifier"]
    assert "Rhys Morgan" in visitor.get("/en/queue").text
    with site.store.read() as session:
        last = session.query(AuditRow).order_by(AuditRow.number.desc()).first()
        trail = str(list(audit.rows(session)))
    assert last is not None
    assert (last.actor, last.action, last.after) == ("rhys", "user.sign_in", {"by": "provider"})
    assert "cyfrinach" not in trail


def test_the_directory_is_asked_what_it_is_once_and_for_its_keys_when_they_change(site: Site, entra: Directory) -> None:
    invited(site, entra, "rhys", "gwrthrych-1")
    documents = [path for path in entra.asked if path.endswith("openid-configuration")]
    there_and_back(site.visitor(), entra, "gwrthrych-1")
    assert [path for path in entra.asked if path.endswith("openid-configuration")] == documents
    entra.new_key()
    site.now += timedelta(seconds=61)
    assert there_and_back(site.visitor(), entra, "gwrthrych-1").status_code == 303


def test_a_stranger_is_nobody_here_whatever_their_address_says(site: Site, entra: Directory) -> None:
    entra.knows("dieithryn", preferred_username="rhys", email="rhys@cyngor.example", name="Rhys Morgan")
    visitor = site.visitor()
    refused = there_and_back(visitor, entra, "dieithryn", "/cy/sign-in/entra")
    assert (refused.status_code, is_in(visitor)) == (403, False)
    with site.store.read() as session:
        before = audit.count(session)
    site.visitor().get(f"{OUT}/back?code=x&state=y")
    with site.store.read() as session:
        assert audit.count(session) == before, "who proves nothing leaves nothing"
    assert "Mae Microsoft yn eich adnabod" in refused.text.replace("&#39;", "'")


def test_whoever_left_here_does_not_come_in_there(site: Site, entra: Directory) -> None:
    visitor = invited(site, entra, "rhys", "gwrthrych-1")
    send(site.visitor("nia"), f"users/{site.users['rhys']}/active", active="no")
    assert not is_in(visitor)
    assert there_and_back(site.visitor(), entra, "gwrthrych-1").status_code == 403


def test_signing_out_ends_our_session_and_offers_to_end_theirs(site: Site, entra: Directory) -> None:
    visitor = invited(site, entra, "rhys", "gwrthrych-1")
    out = visitor.post("/en/sign-out", data={"csrf": token_in(visitor.get("/en/account").text)})
    page = visitor.get(out.headers["location"]).text
    assert f'href="{entra.issuer}/oauth2/end_session"' in page
    assert not is_in(visitor)
    assert "end_session" not in site.visitor().get("/en/sign-in").text


def change(**claims: object):
    """A token that says something else, rightly signed; None takes a claim away."""

    def forge(said: Claims, key: RSAKey) -> str:
        return signed({name: value for name, value in (said | claims).items() if value is not None}, key)

    return forge


def by_another_key(said: Claims, key: RSAKey) -> str:
    return signed(said, RSAKey.generate_key(2048, {"kid": key.kid or ""}))


LIES = {
    "another issuer": change(iss="https://login.microsoftonline.com/common/v2.0"),
    "another audience": change(aud="another-app"),
    "an audience beside ours, for another": change(aud=[CLIENT, "another-app"], azp="another-app"),
    "expired": change(iat=int(time.time()) - 7_200, exp=int(time.time()) - 3_600),
    "never expires": change(exp=None),
    "of tomorrow": change(nbf=int(time.time()) + 86_400),
    "another nonce": change(nonce="one-of-theirs"),
    "no nonce": change(nonce=None),
    "another tenant": change(tid=OTHER_TENANT),
    "no tenant": change(tid=None),
    "no object id": change(oid=None),
    "alg: none": unsigned,
    "another key": by_another_key,
    "no token": lambda said, key: "",
    "no token at all": lambda said, key: "\ud800.x.y",
}


def test_a_token_that_lies_lets_nobody_in(site: Site, entra: Directory) -> None:
    invited(site, entra, "rhys", "gwrthrych-1")
    for name, forge in LIES.items():
        visitor = site.visitor()
        entra.forge = forge
        answer = there_and_back(visitor, entra, "gwrthrych-1")
        assert (answer.status_code, is_in(visitor), "does not prove who you are" in answer.text) == (
            403,
            False,
            True,
        ), name
        assert SESSION_COOKIE not in answer.cookies, name
    entra.forge = change()
    assert there_and_back(site.visitor(), entra, "gwrthrych-1").status_code == 303, "the same, and no lie"


def test_what_comes_back_to_another_browser_or_twice_or_late_lets_nobody_in(site: Site, entra: Directory) -> None:
    invited(site, entra, "rhys", "gwrthrych-1")
    victim, attacker = site.visitor(), site.visitor()
    theirs = entra.comes(attacker.get(OUT).headers["location"], "gwrthrych-1")
    assert victim.get(theirs).status_code == 403, "it was begun in no browser of theirs"
    victim.get(OUT)
    assert victim.get(theirs).status_code == 403, "it was begun in another"
    assert not is_in(victim)

    visitor = site.visitor()
    url = visitor.get(OUT).headers["location"]
    back = entra.comes(url, "gwrthrych-1")
    wrong = back.replace(query_of(back)["state"], "another")
    assert visitor.get(wrong).status_code == 403
    assert visitor.get(back).status_code == 403, "the browser brings nothing any more"

    kept = dict(attacker.cookies)
    assert attacker.get(theirs).status_code == 303
    again = site.visitor(cookies=kept)
    assert (again.get(theirs).status_code, is_in(again)) == (403, False), "a code is good once"

    late = site.visitor()
    back = entra.comes(late.get(OUT).headers["location"], "gwrthrych-1")
    site.now += STANDS + timedelta(seconds=1)
    assert late.get(back).status_code == 403
    for odd in ("", "?error=access_denied&state=x", "?code=&state=", "?state=a&state=b", f"?code={'x' * 5_000}"):
        assert late.get(f"{OUT}/back{odd}").status_code == 403, odd


def test_nobody_is_sent_to_another_site_by_way_of_the_directory(site: Site, entra: Directory) -> None:
    invited(site, entra, "rhys", "gwrthrych-1")
    for to in ("https://elsewhere.example", "//elsewhere.example", "/en//elsewhere.example", "/en/\\elsewhere"):
        answer = there_and_back(site.visitor(), entra, "gwrthrych-1", f"{OUT}?to={to}")
        assert answer.headers["location"] == "/en/queue", to


def test_an_identity_that_is_somebody_elses_is_not_taken_by_an_invitation(site: Site, entra: Directory) -> None:
    invited(site, entra, "rhys", "gwrthrych-1")
    link = link_on(send(site.visitor("nia"), f"users/{site.users['elin']}/invite").text)
    taken = there_and_back(site.visitor(), entra, "gwrthrych-1", f"{OUT}?invitation={link.rpartition('/')[2]}")
    used = there_and_back(site.visitor(), entra, "gwrthrych-1", f"{OUT}?invitation=guess")
    assert (taken.status_code, used.status_code) == (403, 403)
    assert "Elin" not in site.visitor().get("/en/queue").text


def test_where_the_directory_gives_roles_it_has_the_last_word(council: Path, tmp_path: Path, entra: Directory) -> None:
    roles = {"Gwastraff": ("officer:waste",), "Archwilio": ("auditor",)}
    site = open_to(council, tmp_path, entra, roles=roles)

    def holds(username: str) -> list[tuple[str, str]]:
        with site.store.read() as session:
            user = people.by_username(session, username)
            return [(row.role.value, row.area) for row in people.grants(session, user.id)]

    facts = {"preferred_username": "Sian.Bevan@cyngor.example", "name": "Siân Bevan"}
    entra.knows("gwrthrych-9", roles=["Gwastraff", "Archwilio", "Arall"], **facts)
    assert there_and_back(site.visitor(), entra, "gwrthrych-9").status_code == 303
    assert holds("sian.bevan@cyngor.example") == [("officer", "waste"), ("auditor", "*")]
    entra.knows("gwrthrych-9", roles=["Archwilio"], **facts)
    visitor = site.visitor()
    assert there_and_back(visitor, entra, "gwrthrych-9").status_code == 303
    assert (is_in(visitor), holds("sian.bevan@cyngor.example")) == (True, [("auditor", "*")])
    entra.knows("gwrthrych-9", **facts)
    assert there_and_back(site.visitor(), entra, "gwrthrych-9").status_code == 403, "no role of ours any more"
    entra.knows("gwrthrych-10", roles=["Gwastraff"], preferred_username="rhys")
    assert there_and_back(site.visitor(), entra, "gwrthrych-10").status_code == 403, "that name is somebody else's"
    site.close()


def test_passwords_can_be_left_to_administrators(council: Path, tmp_path: Path, entra: Directory) -> None:
    site = open_to(council, tmp_path, entra, passwords="administrators")
    assert sign_in(site.visitor(), "rhys").status_code == 422
    assert sign_in(site.visitor(), "nia").status_code == 303
    page = site.visitor().get("/cy/sign-in").text
    assert "Mewngofnodi gyda Microsoft" in page
    assert "gweinyddwyr yn unig" in page
    site.close()


def test_without_a_directory_there_is_no_way_to_it(still_site: Site) -> None:
    visitor = still_site.visitor()
    assert "Microsoft" not in visitor.get("/en/sign-in").text
    assert [visitor.get(path).status_code for path in (OUT, f"{OUT}/back")] == [404, 404]


@pytest.mark.parametrize(
    ("says", "what"),
    [
        ({"issuer": "https://elsewhere.example"}, "another issuer"),
        ({"token_endpoint": "http://elsewhere.example/token"}, "names no token_endpoint"),
        ({"jwks_uri": ""}, "names no jwks_uri"),
    ],
)
def test_a_directory_that_is_not_what_it_should_be_is_not_gone_to(
    site: Site, entra: Directory, says: dict[str, str], what: str
) -> None:
    entra.document = says
    with pytest.raises(ProviderAway, match=what):
        Provider(Entra(tenant=TENANT, client_id=CLIENT, issuer=entra.issuer)).look(now=site.now)
    assert site.visitor().get(OUT).status_code == 502
    entra.document = {}
    assert site.visitor().get(OUT).status_code == 502, "it is left alone for a while"
    site.now += LEFT_ALONE
    assert site.visitor().get(OUT).status_code == 303


def test_a_directory_that_is_away_is_said_to_be_away(council: Path, tmp_path: Path, entra: Directory) -> None:
    site = open_to(council, tmp_path, entra, issuer="http://127.0.0.1:9")
    answer = site.visitor().get("/en/sign-in/entra")
    assert (answer.status_code, "does not answer at the moment" in answer.text) == (502, True)
    site.close()
