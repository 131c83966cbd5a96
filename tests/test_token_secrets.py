"""What opens an account stays where it belongs: in no line, no traceback, no audit row, no page, no byte of a file.

One story is played first, with everything that can go wrong on every platform; then all that it left
behind is searched for every secret that was used in it.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import opening
import pipeline
from collectors import consent, ways
from pipeline import connecting, tokens
from reports import weekly
from reports.weekly import Week
from simulator.faults import Fault, Kind
from store import audit, people
from store.credentials import reveal
from tests.consents import HOMES, IDS, PASSWORDS, Village, browse, slug_of, village, written
from tests.test_cli import BARE, ROOT
from tests.web.world import HASH, Visitor, sign_in
from vocabulary import GwylioError, Platform, Role
from web.app import create_app

P = Platform
RENEWED = (P.X, P.YOUTUBE, P.LINKEDIN, P.TIKTOK, P.THREADS)
KINDS = [kind for kind in Kind if kind not in (Kind.SLOW, Kind.DRIP)]
TYPED = {
    P.BLUESKY: {"identifier": IDS[P.BLUESKY], "password": PASSWORDS[P.BLUESKY]},
    P.WORDPRESS: dict(zip(("username", "password"), PASSWORDS[P.WORDPRESS].split(":"), strict=True)),
}
MISTYPED = "anghywir-planted-password"
BY_HAND = "planted-token-by-hand"


@dataclass
class Story:
    """What was used in it that is secret, by what it is; and what it left behind, by where."""

    dyffryn: Village
    folder: Path
    secrets: dict[str, set[str]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    granted: set[Platform] = field(default_factory=set)

    def secret(self, what: str, *values: str) -> None:
        self.secrets.setdefault(what, set()).update(value for value in values if value)

    def tried(self, act: Callable[[], object]) -> bool:
        """Whether it went well; what it raised is kept."""
        try:
            act()
        except GwylioError as error:
            self.errors.append(error)
            return False
        return True

    # --- one platform

    def consents(self, platform: Platform, *, spoilt: Callable[[str], str] = browse) -> bool:
        """There and back."""
        dyffryn = self.dyffryn
        asking = dyffryn.begin(platform)
        self.secret("verifier", asking.verifier, asking.kept.get("client_secret", ""), asking.kept.get("secret", ""))
        back = spoilt(asking.address)
        return self.tried(
            lambda: connecting.finish(dyffryn.here, slug_of(platform), asking, back, actor="nia", now=dyffryn.now)
        )

    def goes_wrong(self, platform: Platform) -> None:
        """Everything that an administrator and a platform can do amiss on the way in."""
        dyffryn, pretended = self.dyffryn, self.dyffryn.simulator.consent
        assert not self.consents(platform, spoilt=lambda address: browse(address).replace("=", "=x"))

        def too_late(address: str) -> str:
            back = browse(address)
            dyffryn.wait(hours=3)
            return back

        assert not self.consents(platform, spoilt=too_late)
        for kind in KINDS:

            def spoilt(address: str, kind: Kind = kind) -> str:
                back = browse(address)
                dyffryn.simulator.faults.add(Fault(kind, platform=platform))
                return back

            self.consents(platform, spoilt=spoilt)
            dyffryn.simulator.faults.clear()
        other = dyffryn.world.add_account(platform, f"arall-{platform}", "urn:x:77", "Rhywun", f"other-own-{platform}")
        pretended.signed_in[platform] = other.slug
        if platform not in (P.LINKEDIN, P.FACEBOOK, P.INSTAGRAM):
            assert not self.consents(platform)
        pretended.signed_in.clear()
        pretended.denies.add(platform)
        if platform is not P.FLICKR:
            assert not self.consents(platform)
        pretended.denies.clear()
        door = dyffryn.door(platform, client_secret="not-the-secret-planted")
        if platform is not P.MASTODON:
            assert not self.tried(lambda: self.as_a_stranger(platform, door))

    def as_a_stranger(self, platform: Platform, door: consent.Door) -> None:
        way = ways.WAYS[platform]
        asking = way.begin(door)
        way.finish(door, asking, consent.brought_back(asking, browse(asking.address)))

    def connects(self, platform: Platform) -> None:
        if platform in TYPED:
            slug, now, here = slug_of(platform), self.dyffryn.now, self.dyffryn.here
            wrong = {**TYPED[platform], "password": MISTYPED}
            assert not self.tried(lambda: connecting.typed(here, slug, wrong, actor="nia", now=now))
            assert self.tried(lambda: connecting.typed(here, slug, TYPED[platform], actor="nia", now=now))
        else:
            assert self.consents(platform)
        self.granted.add(platform)

    def is_read(self, platform: Platform) -> None:
        """A round, a look at what is gone, and whatever waits to be sent."""
        here, slug = self.dyffryn.here, slug_of(platform)
        now = self.dyffryn.wait(minutes=5)
        told = pipeline.collect(here, slug, now=now)
        self.left[f"round {len(self.left)} of {slug}"] = repr(told)
        self.tried(lambda: pipeline.recheck(here, slug, now=now))
        self.tried(lambda: pipeline.dispatch(here, slug, now=now))
        self.tried(lambda: pipeline.tend(here, slug, now=now))

    def is_renewed(self, platform: Platform) -> None:
        """Once well, and once with each fault; what is lost for good is consented to anew."""
        here, slug = self.dyffryn.here, slug_of(platform)
        for kind in [None, *KINDS]:
            self.dyffryn.wait(days=2)
            if kind is not None:
                self.dyffryn.simulator.faults.add(Fault(kind, platform=platform))
            self.tried(
                lambda: tokens.renew(here, slug, now=self.dyffryn.now, refused=self.dyffryn.row(platform).credential)
            )
            self.dyffryn.simulator.faults.clear()
            self.is_read(platform)
            assert self.consents(platform)

    def dies(self, platform: Platform) -> None:
        """Taken back by the platform, refused when it is used and when it is renewed; then given up by the calendar."""
        here, slug = self.dyffryn.here, slug_of(platform)
        self.tried(lambda: pipeline.tend(here, slug, now=self.dyffryn.now))
        self.dyffryn.simulator.consent.revoke_all(platform)
        self.is_read(platform)
        self.tried(
            lambda: tokens.renew(here, slug, now=self.dyffryn.now, refused=self.dyffryn.row(platform).credential)
        )
        now = self.dyffryn.now
        self.tried(lambda: connecting.bare(here, slug, f"{BY_HAND}-{platform}", actor="nia", now=now))
        self.is_read(platform)

    # --- what people see

    def is_looked_at(self) -> None:
        here, now = self.dyffryn.here, self.dyffryn.now
        app = create_app(here, now=lambda: now)
        here.store.write(
            lambda session: people.add(
                session, username="nia", full_name="Nia Bowen", password_hash=HASH,
                grants=[(Role.COMMUNICATIONS, "*")], now=now,
            )
        )  # fmt: skip
        visitor = Visitor(app, base_url="http://localhost", follow_redirects=False)
        assert sign_in(visitor, "nia").status_code == 303
        paths = ["accounts", "reports/weekly", *(f"accounts/{slug_of(platform)}/token" for platform in IDS)]
        for path in [f"/{language}/{path}" for path in paths for language in ("cy", "en")]:
            answer = visitor.get(path)
            assert answer.status_code == 200, path
            self.left[f"page {path}"] = answer.text
        self.left["standings"] = repr(tokens.standings(here, now=now))
        self.left["settings"] = repr(here.settings) + repr(here.keys) + str(here.settings)
        files = weekly.publish(
            here.store, here.settings, here.policy, here.areas, Week.before(now), self.folder / "reports", now=now
        )
        assert files

    def is_typed(self, environment: dict[str, str]) -> None:
        """The same at a command line, whose words go to a terminal and whose log to standard error."""
        self.dyffryn.world.now = None
        commands: Sequence[tuple[tuple[str, ...], str]] = (
            (("check",), ""),
            (("collect",), ""),
            (("scheduler", "--once"), ""),
            (("account", "connect", slug_of(P.VIMEO)), f"{BY_HAND}-typed\n"),
            (("account", "connect", slug_of(P.MASTODON), "--home", "https://tŵt.example"), '{"access_token": "'),
            (("account", "connect", "nid-oes"), f"{BY_HAND}-nowhere\n"),
            (("collect", "--account", slug_of(P.VIMEO)), ""),
            (("collect", "--account", slug_of(P.MASTODON)), ""),
            (("audit", "verify"), ""),
            (("audit", "export"), ""),
            (("report", "weekly", "--out", str(self.folder / "reports")), ""),
            (("webhook", "list"), ""),
            (("search", "list"), ""),
        )
        for words, says in commands:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "cli", *words],
                input=says, text=True, capture_output=True, check=False, timeout=120,
                cwd=self.folder, env=BARE | {"PYTHONPATH": str(ROOT)} | environment,
            )  # fmt: skip
            assert "Traceback" not in done.stderr, done.stderr
            self.left[f"gwylio {' '.join(words[:2])}"] = done.stdout + done.stderr

    def ends(self) -> None:
        """What the platforms and the village know to be secret, and every byte that is on the disk."""
        pretended, world = self.dyffryn.simulator.consent, self.dyffryn.world
        self.secret("code", *pretended.codes)
        for token, grant in pretended.grants.items():
            # A request token is Flickr's word for an attempt, and stands in the address that is opened.
            self.secret(f"{grant.kind} token", *([token] if grant.kind != "request" else []), grant.secret)
            self.secret("verifier", grant.verifier)
        for (platform, client_id), app in pretended.apps.items():
            self.secret("client secret", app.client_secret)
            self.secret(f"header of {platform}", _basic(client_id, app.client_secret))
        self.secret("client secret", "not-the-secret-planted")
        self.secret("access token", *(account.token for account in world.accounts() if account.platform not in TYPED))
        self.secret("password", *(keys["password"] for keys in TYPED.values()), MISTYPED, BY_HAND)
        self.secret("header of wordpress", base64.b64encode(PASSWORDS[P.WORDPRESS].encode()).decode())
        self.files = {str(path.relative_to(self.folder)): path.read_bytes() for path in _files(self.folder)}

    def found(self, text: str) -> list[str]:
        """What kinds of secrets stand in a text."""
        return [what for what, values in self.secrets.items() if any(value in text for value in values)]


def _basic(name: str, secret: str) -> str:
    return base64.b64encode(f"{name}:{secret}".encode()).decode()


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if path.is_file())


class Heard(logging.Handler):
    """Every line that any library would write, with its traceback; the pretend platforms' own server aside."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("uvicorn"):
            self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("dyffryn")
    heard, root, printed = Heard(), logging.getLogger(), io.StringIO()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        with village(folder) as dyffryn, redirect_stdout(printed), redirect_stderr(printed), capture_logs() as ours:
            told = Story(dyffryn, folder)
            for platform in IDS:
                if platform in ways.WAYS:
                    told.goes_wrong(platform)
                told.connects(platform)
                told.is_read(platform)
                if platform in RENEWED:
                    told.is_renewed(platform)
            told.left["problems"] = "\n".join(opening.problems(None, now=dyffryn.now))
            told.is_looked_at()
            dyffryn.wait(days=400)
            for platform in IDS:
                told.dies(platform)
            told.is_typed(written(dyffryn, folder))
            told.ends()
            told.left["lines of our own"] = "\n".join(map(repr, ours))
            told.left["lines of libraries"] = "\n".join(heard.lines)
            told.left["printed"] = printed.getvalue()
            yield told
    finally:
        root.removeHandler(heard)
        root.setLevel(level)


def test_the_story_left_out_no_platform_and_nothing_that_is_secret(story: Story) -> None:
    assert story.granted == set(IDS)
    kinds = {"client secret", "code", "verifier", "access token", "refresh token", "user token", "short token"}
    assert kinds <= set(story.secrets)
    assert len(story.secrets["refresh token"]) > 100
    assert {type(error).__name__ for error in story.errors} >= {
        "NotOurs", "Declined", "WrongAccount", "Refused", "PermissionLost", "AuthExpired", "RateLimited", "Transient",
        "Malformed",
    }  # fmt: skip
    assert {"credential.keep", "credential.renew", "credential.refused", "credential.dead"} <= {
        act for act, *_ in story.dyffryn.trail()
    }
    assert set(HOMES) <= story.granted


def test_no_secret_is_in_a_line_that_was_written_or_printed_or_in_a_page(story: Story) -> None:
    assert story.left["lines of our own"].count("\n") > 20
    assert story.left["lines of libraries"].count("\n") > 20
    assert {where: story.found(text) for where, text in story.left.items() if story.found(text)} == {}


def test_no_secret_is_in_a_traceback_nor_in_what_an_error_came_of(story: Story) -> None:
    assert len(story.errors) > 200
    for error in story.errors:
        said = "".join(traceback.format_exception(error))
        each: BaseException | None = error
        while each is not None:
            said += repr(each) + str(each) + repr(each.args)
            each = each.__cause__ or each.__context__
        assert story.found(said) == [], type(error).__name__


def test_no_secret_is_in_the_audit_trail(story: Story) -> None:
    with story.dyffryn.here.store.read() as session:
        rows = list(audit.rows(session))
    assert len(rows) > 500
    assert story.found(json.dumps(rows, ensure_ascii=False)) == []


def test_no_secret_is_in_any_byte_on_the_disk(story: Story) -> None:
    """The database's own file and what SQLite keeps beside it while it is open, the reports, the head, all."""
    assert {"gwylio.sqlite3", "gwylio.sqlite3-wal", "audit.head"} <= set(story.files)
    assert [name for name in story.files if name.startswith("reports/")]
    for name, content in story.files.items():
        whole = content.decode("latin-1")
        assert story.found(whole) == [], name


def test_what_is_stored_opens_with_the_key_and_with_no_other(story: Story) -> None:
    """That the search would find something if it were there: the same tokens, once they are decrypted."""
    row, keys = story.dyffryn.row(P.X), story.dyffryn.here.keys
    assert story.found(reveal(row, key=keys.credentials)) != []
    with pytest.raises(GwylioError) as caught:
        reveal(row, key=replace(keys, credentials=b"n" * 43 + b"=").credentials)
    assert story.found("".join(traceback.format_exception(caught.value))) == []
