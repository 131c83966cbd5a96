"""An installation, opened from its settings: keys, database, policy and areas, or everything that stands in the way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import settings as configuration
from moderation import budgets, late_duties, removal_letters, saved_replies, service_areas, telling, word_bank
from moderation import policy as packs
from moderation.budgets import Budgets
from moderation.calendar import seed_holidays
from moderation.deadlines import london_date
from moderation.policy import Policy
from moderation.service_areas import Areas
from moderation.working_days import working_days
from pipeline import Collectors, Installation, tokens
from pipeline.channels import OutOfReach
from pipeline.notifying import MAIL, channels, reach_of
from pipeline.provider import Provider, ProviderAway
from settings import HubModel, Keys, Settings
from store import accounts, audit, holidays, notices, people, schema
from store.database import Session, Store, Unreachable
from store.notices import TEAMS
from toml_file import FileError, Problem
from vocabulary import Clock, GwylioError, Role

LETS_GO_S = 3
"""How long the web app, told to stop, waits for what is still being answered."""

if TYPE_CHECKING:
    from classifiers.hub import Hub
    from classifiers.panel import Panel


WAYS = {MAIL: "the mail server", TEAMS: "Microsoft Teams"}
LISTED = 10


class PortTaken(GwylioError):
    """The port of the web app is in use, or is not ours to use."""


def panel_of(areas: Areas, policy: Policy, model: HubModel | None = None) -> Callable[[], Panel]:
    """Opens the classifiers the first time that somebody needs them.

    They know the contacts of the areas, and those of the bodies to which the policy points people.  `model` is the
    operator's own, the last of the panel.  Where it cannot be opened nothing is read; `gwylio check` says why.  One
    thread opens them and the others wait: some of what they are made of does not bear being imported twice at once.
    """
    turn = threading.Lock()

    @cache
    def made() -> Panel:
        from classifiers import panel, personal_data

        also = [named_model(model)] if model else []
        return panel.open_panel(personal_data.ours_in([*areas.contacts, *policy.contacts]), also, areas.examples)

    def opened() -> Panel:
        with turn:
            return made()

    return opened


def named_model(model: HubModel) -> Hub:
    """The operator's own model, opened.

    Raises:
        classifiers.base.ModelError: with what to do about it.
    """
    from classifiers.hub import open_model

    return open_model(model.model, model.labels, revision=model.revision, allow_download=model.allow_download)


@contextmanager
def installation(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Iterator[Installation]:
    """Everything one running Gwylio is made of; closed again at the end.

    Raises:
        configuration.NoKey, schema.SchemaBehind, toml_file.FileError, StoreError: with what to do about it.
    """
    areas, policy, spending = decided(settings)
    keys = configuration.keys(settings)
    with Store(settings.database, audit_key=keys.audit, head_file=settings.audit_head_file) as store:
        schema.check(store.engine)
        yield Installation(
            settings,
            keys,
            store,
            policy,
            areas,
            spending,
            panel_of(areas, policy, settings.classifiers.offensive),
            Collectors(settings, keys, store, spending),
            clock=clock,
        )


def decided(settings: Settings) -> tuple[Areas, Policy, Budgets]:
    """What the body decided: its service areas, its policy pack, and what reading may cost.

    Raises:
        toml_file.FileError: with every problem of all files, those of the saved replies among them.
    """
    problems: list[Problem] = []
    areas: Areas | None = None
    policy: Policy | None = None
    spending: Budgets | None = None
    try:
        areas = service_areas.load(settings.config_dir / "service_areas.toml")
    except FileError as error:
        problems.extend(error.problems)
    try:
        policy = packs.load(
            settings.policy, areas=areas.slugs if areas else (), folder=settings.config_dir / "policies"
        )
    except FileError as error:
        # With no list of areas every route would be blamed for what one file lacks.
        problems.extend(each for each in error.problems if areas or "service area" not in each.reason)
    try:
        spending = budgets.load(settings.config_dir / "budgets.toml")
    except FileError as error:
        problems.extend(error.problems)
    try:
        saved_replies.load(settings.config_dir / saved_replies.FILE)
        saved_replies.load(settings.config_dir / removal_letters.FILE)
    except FileError as error:
        problems.extend(error.problems)
    try:
        word_bank.load(settings.config_dir / word_bank.FILE)
    except FileError as error:
        problems.extend(error.problems)
    if areas is None or policy is None or spending is None or problems:
        raise FileError(problems)
    return areas, policy, spending


def make_ready(store: Store, *, now: datetime) -> None:
    """Bring the schema to the head and seed the holidays; harmless where both are there."""
    schema.upgrade(store.engine)
    days = [(day.day, day.division, day.title_en, day.title_cy, day.source) for day in seed_holidays()]

    def seed(session: Session) -> None:
        fresh = holidays.keep(session, days, now=now)
        if fresh:
            audit.append(
                session,
                actor=audit.SYSTEM,
                action="holidays.keep",
                subject="holidays",
                now=now,
                after={"new": len(fresh)},
            )

    store.write(seed)


def problems(config: Path | None, *, now: datetime | None = None) -> Iterator[str]:
    """Everything that is wrong, one sentence each: configuration, areas, policy, model, key, database, people, tokens.

    Without `now` nothing is said of tokens that run out.
    """
    try:
        settings = configuration.load(config)
    except FileError as error:
        yield from map(str, error.problems)
        return
    except GwylioError as error:
        yield str(error)
        return
    try:
        decided(settings)
    except FileError as error:
        yield from map(str, error.problems)
    if settings.classifiers.offensive:
        try:
            named_model(settings.classifiers.offensive)
        except GwylioError as error:
            yield str(error)
    try:
        keys = configuration.keys(settings)
    except GwylioError as error:
        yield str(error)
        return
    yield from _sign_in_problems(settings, now)
    for private in (settings.key_file, settings.state_dir / "gwylio.sqlite3"):
        if private.is_file() and private.stat().st_mode & 0o077:
            yield f"{private} can be read by others on this machine; run `chmod 600 {private}`"
    yield from _database_problems(settings, keys, now)


def _sign_in_problems(settings: Settings, now: datetime | None) -> Iterator[str]:
    """What keeps people from coming in by the directory; without `now` it is not asked."""
    entra = settings.sign_in.entra
    if entra is None:
        return
    if not settings.public_url:
        yield "public_url is not set: the directory could not send anybody back (docs/reference/sign-in.md)"
    try:
        areas: Collection[str] = service_areas.load(settings.config_dir / "service_areas.toml").slugs
    except FileError:
        areas = ()  # said already
    granted = [grant for grants in entra.roles.values() for grant in grants]
    unknown = sorted({area for _, _, area in (grant.partition(":") for grant in granted) if area} - set(areas))
    if areas and unknown:
        yield f"sign_in.entra.roles: there is no service area {_listed(unknown)}"
    try:
        entra.secret()
        if now is not None:
            Provider(entra).look(now=now)
    except configuration.NoKey as error:
        yield f"sign_in.entra: {error}"
    except ProviderAway as error:
        yield f"nobody can sign in by Microsoft: {entra.address} does not answer as it should ({error.what})"


def _database_problems(settings: Settings, keys: Keys, now: datetime | None) -> Iterator[str]:
    try:
        with Store(settings.database, audit_key=keys.audit) as store:
            schema.check(store.engine)
            with store.read() as session:
                audit.check_key(session, keys.audit)
                registered = [each for each in accounts.health(session) if each[0].active]
                if not registered:
                    yield "no account is registered; add one with `gwylio account add`"
                for account, streams in registered:
                    moment = now or account.created_at
                    complaint = tokens.complaint(tokens.standing(account, streams, key=keys.credentials, now=moment))
                    if complaint:
                        yield complaint
                yield from _unwritten(session, settings)
                yield from _unheard(session, settings, now)
                if not people.anybody(session):
                    yield "nobody may sign in; add a member of staff with `gwylio user add`"
    except GwylioError as error:
        yield str(error)
    except Unreachable as error:
        yield f"the database cannot be reached: {type(error).__name__}; is it running, and is database_url right?"


def _unheard(session: Session, settings: Settings, now: datetime | None) -> Iterator[str]:
    """Warnings that nobody on the way up can be written to about: by service area, by case, and of the register."""
    reach = reach_of(session, settings)
    if not reach.is_set_up:
        return
    try:
        areas, policy, _ = decided(settings)
    except FileError:
        return  # said already
    if cut_off := [slug for slug in sorted(areas.slugs) if not reach.reaches(slug)]:
        yield (
            f"nobody can be written to about cases of: {_listed(cut_off)}; give somebody of each, of communications or "
            "of senior management an address with `gwylio user email USERNAME ADDRESS`"
        )
    if now is not None:
        if unheard := telling.unheard(session, None, now=now):
            ids = _listed([str(each.case_id) for each in unheard])
            yield f"cases with a warning that reached nobody: {len(unheard)} (case {ids}); see the page Escalations"
        calendar = working_days(session, policy)[Clock.ANSWER]
        book = late_duties.open_book(session, now=now)
        if late := late_duties.unheard(book, policy, reach, calendar, london_date(now)):
            accounts_late = sorted({each.account.slug for each in late})
            yield f"late in the account register, and nobody can be told: {len(late)} ({_listed(accounts_late)})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")


def _unwritten(session: Session, settings: Settings) -> Iterator[str]:
    """What keeps messages from colleagues: ways that are shut, messages that are stuck, people without an address."""
    for name, way in channels(settings).items():
        try:
            way.knock()
        except OutOfReach as error:
            yield f"{WAYS[name]} cannot be reached, or lets us not in ({error.what}); warnings wait until it can"
    stuck = notices.for_a_person(session)
    if stuck:
        listed = ", ".join(str(notice.id) for notice in stuck[:LISTED])
        yield f"messages to colleagues that wait for a person: {len(stuck)} (message {listed}); see the page Messages"
    if settings.mail.host and settings.send_notices:
        silent = [each.username for each in notices.colleagues(session) if not each.email and each.grants]
        if silent:
            names = _listed(silent)
            yield f"no e-mail address is known of: {names}; give each with `gwylio user email USERNAME ADDRESS`"


def remarks(config: Path | None) -> Iterator[str]:
    """What is as it was set up, and worth knowing: by which ways colleagues are written to."""
    try:
        settings = configuration.load(config)
        areas = service_areas.load(settings.config_dir / "service_areas.toml")
    except GwylioError:
        return
    yield from _ways_in(settings)
    if not settings.send_notices:
        yield "send_notices = false: messages to colleagues are kept on the page Messages, and none leaves"
        return
    if not settings.mail.host:
        yield "mail: not set up; warnings are shown in the web app and mailed to nobody (docs/reference/notices.md)"
    else:
        yield f"mail: {settings.mail.host}:{settings.mail.port}, from {settings.mail.sender}"
        if not settings.public_url:
            yield "public_url is not set: messages have no links"
    known = {*areas.slugs, *(role.value for role in Role)}
    places = sorted(settings.teams_places)
    yield f"Teams: {', '.join(places)}" if places else "Teams: not set up"
    for place in places:
        if place not in known:
            yield f"Teams: there is no service area or role {place}, so nothing will be posted there"


def _ways_in(settings: Settings) -> Iterator[str]:
    sign_in = settings.sign_in
    if sign_in.entra is not None:
        yield f"sign-in: by Microsoft (directory {sign_in.entra.tenant}), and by password for {sign_in.passwords}"
    if not sign_in.second_factor:
        yield "sign-in: a password is enough for administrators too (sign_in.second_factor is empty)"


def serve(here: Installation, *, demo_password: str = "") -> None:
    """Serve the web app until somebody stops it; with the password of a demo world's people, where it is one.

    Raises:
        PortTaken: somebody else is there.
        toml_file.FileError: the saved replies have changed since they were read, and not for the better.
    """
    import uvicorn

    from web import pages
    from web.app import create_app

    settings = here.settings
    port_free(settings.host, settings.port)
    pages.warm_up()
    uvicorn.run(
        create_app(here, demo_password=demo_password),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=LETS_GO_S,  # the streams of open pages would not end by themselves
        proxy_headers=settings.https,  # without a proxy of ours in front, whom a request claims to be from is a claim
    )


def port_free(host: str, port: int) -> None:
    """Nothing, where the web app can have its port.

    Raises:
        PortTaken: it cannot; with what to do about it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]
        raise PortTaken(
            f"port {port} of {host} cannot be used ({reason}): stop what uses it, or "
            "choose another port: `gwylio demo --port 8090`, or port = 8090 in gwylio.toml"
        ) from None
