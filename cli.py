"""gwylio: what an administrator types.  Each command parses its words, calls one function and says what came of it.

Exit codes: 0 done, 1 the thing checked does not hold, 2 wrong use, 3 something outside failed (try again).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import settings as configuration
from toml_file import FileError
from vocabulary import Clock, GwylioError, Platform, Role, Scope

if TYPE_CHECKING:
    from collectors.consent import Granted
    from moderation.record import Actor
    from pipeline import Installation
    from store.database import Session

DOES_NOT_HOLD, WRONG_USE, OUTSIDE = 1, 2, 3
WAIT_S = 300
"""How long a browser may take to come back from a page of consent."""
LEARN_MORE = "docs/reference/tokens.md"
WRITING = "docs/reference/notices.md"
SHOWN_ASIDE = 20


class Tongue(StrEnum):
    WELSH = "welsh"
    ENGLISH = "english"


app = typer.Typer(
    name="gwylio",
    help="Watch your own social-media accounts, and answer the people who write there, in time and in their language.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
report_app = typer.Typer(help="The weekly report of response times.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)
user_app = typer.Typer(help="Members of staff.", no_args_is_help=True)
account_app = typer.Typer(help="Corporate accounts.", no_args_is_help=True)
policy_app = typer.Typer(help="Policy packs.", no_args_is_help=True)
app.add_typer(report_app, name="report")
app.add_typer(audit_app, name="audit")
app.add_typer(user_app, name="user")
app.add_typer(account_app, name="account")
app.add_typer(policy_app, name="policy")
search_app = typer.Typer(
    help="Saved searches: what is said of the body by people who did not write to it.",
    short_help="Saved searches of what is said of us.",
    no_args_is_help=True,
)
app.add_typer(search_app, name="search")


classifiers_app = typer.Typer(help="The classifiers, and how far to trust them.", no_args_is_help=True)
app.add_typer(classifiers_app, name="classifiers")
webhook_app = typer.Typer(help="What platforms push to us, beside what we ask of them.", no_args_is_help=True)
app.add_typer(webhook_app, name="webhook")

token_app = typer.Typer(help="Tokens of the API, for other programs.", no_args_is_help=True)
app.add_typer(token_app, name="token")
notices_app = typer.Typer(help="Messages to colleagues, by e-mail and Teams.", no_args_is_help=True)
app.add_typer(notices_app, name="notices")

ConfigFile = Annotated[Path | None, typer.Option("--config", help="The configuration file; gwylio.toml unless said.")]
FileOrInput = Annotated[Path | None, typer.Argument(help="A file; standard input where none is named.")]


def main() -> None:
    """Run, and turn what goes wrong into a sentence and an exit code."""
    _log_to_standard_error()
    for out in (sys.stdout, sys.stderr):
        out.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(prog_name="gwylio")
    except FileError as error:
        _complain(str(error))
        sys.exit(WRONG_USE)
    except GwylioError as error:
        _complain(str(error))
        sys.exit(_code_of(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(OUTSIDE)
    except Exception as error:
        if not _is_unreachable(error):
            raise
        _complain("the database cannot be reached or written; is it running, is database_url right, is there room?")
        sys.exit(OUTSIDE)


@app.command(short_help="Make configuration, key and database.")
def init(config: ConfigFile = None) -> None:
    """Make the configuration, the secret key and the database, where they are not there yet."""
    import opening
    from store.database import Store

    file = config or Path(configuration.FILE)
    if not file.exists():
        file.write_text(_FIRST_CONFIGURATION, encoding="utf-8")
        print(f"wrote {file}: put your body's name and policy pack in it")
    settings = configuration.load(file)
    if configuration.make_key_file(settings.key_file):
        print(f"wrote {settings.key_file}: back it up, apart from the database; without it no token can be read")
    with Store(
        settings.database, audit_key=configuration.keys(settings).audit, head_file=settings.audit_head_file
    ) as store:
        opening.make_ready(store, now=datetime.now(UTC))
    print(f"the database is ready: {store.url.render_as_string(hide_password=True)}")
    print("next: `gwylio user add`, `gwylio account add`, `gwylio check`, `gwylio run`")


@app.command(short_help="Say everything that is wrong, at once.")
def check(config: ConfigFile = None) -> None:
    """Say everything that is wrong with configuration, policy, areas, database and accounts, at once."""
    import opening

    for remark in opening.remarks(config):
        _complain(remark)
    problems = list(opening.problems(config, now=datetime.now(UTC)))
    for problem in problems:
        _complain(problem)
    if problems:
        raise typer.Exit(WRONG_USE)
    print("nothing is wrong")


@app.command(short_help="Bring the database to this version.")
def migrate(config: ConfigFile = None) -> None:
    """Bring the database to the schema of this version."""
    from store import schema, search
    from store.database import Store

    settings = configuration.load(config)
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store:
        schema.upgrade(store.engine)
        while store.write(search.catch_up_backlog):
            pass  # in pieces, so that it may be broken off and go on another time
    print("the database has the schema of this version")


@user_app.command("add")
def user_add(  # noqa: PLR0917 - Typer hands them over by name
    username: str,
    name: Annotated[str, typer.Option(help="Full name, as colleagues see it.")],
    role: Annotated[list[Role], typer.Option(help="May be given more than once.")],
    area: Annotated[list[str] | None, typer.Option(help="Service area; every area unless said.")] = None,
    language: Annotated[str, typer.Option(help="Language of the screens and of messages: cy or en.")] = "en",
    email: Annotated[str, typer.Option(help="Where warnings and reminders are sent.")] = "",
    config: ConfigFile = None,
) -> None:
    """Add a member of staff.  The password is asked for, or read from standard input where it is no terminal."""
    from moderation import passwords, staff
    from web.security import hash_password

    with _opened(config) as here:
        if language not in {"cy", "en"}:
            raise typer.BadParameter("the language is cy or en")
        if email:
            _mailbox(email)
        grants = _grants(here, role, area)
        password = _secret(f"Password for {username}")
        if fault := passwords.fault(password, (username, name)):
            raise typer.BadParameter(f"this password will not do: {fault}")
        kept = hash_password(password)

        def act(session: Session) -> None:
            staff.add(
                session,
                username=username,
                full_name=name,
                password_hash=kept,
                grants=grants,
                language=language,
                email=email,
                actor=_acting(),
                now=datetime.now(UTC),
            )

        here.store.write(act)
    print(f"{username} may sign in")


@user_app.command("email", short_help="Say where somebody is written to.")
def user_email(username: str, address: str, config: ConfigFile = None) -> None:
    """Say where a member of staff is written to; an empty ADDRESS: nowhere."""
    from moderation import staff

    with _opened(config) as here:
        if address:
            _mailbox(address)
        user_id = _user(here, username)
        here.store.write(
            lambda session: staff.change_email(session, user_id, address, actor=_acting(), now=datetime.now(UTC))
        )
    print(f"{username} is written to at {address}" if address else f"{username} is not written to any more")


@user_app.command("list", short_help="Who there is, and what they may do.")
def user_list(config: ConfigFile = None) -> None:
    """Show members of staff: user name, whether they may sign in, second factor, roles with their service areas."""
    from store import people, second_factors

    with _opened(config) as here, here.store.read() as session:
        granted, factors = people.all_grants(session), second_factors.everybody(session)
        for user in people.everyone(session):
            roles = ", ".join(f"{role.value}:{place}" for role, place in granted.get(user.id, ()))
            factor = "second factor" if user.id in factors else "no second factor"
            print(f"{user.username}\t{'active' if user.active else 'left'}\t{factor}\t{roles}")


@user_app.command("grant", short_help="Say what somebody may do.")
def user_grant(
    username: str,
    role: Annotated[list[Role], typer.Option(help="May be given more than once.")],
    area: Annotated[list[str] | None, typer.Option(help="Service area; every area unless said.")] = None,
    config: ConfigFile = None,
) -> None:
    """Say what a member of staff may do from now on, in place of what they could.  They sign in again."""
    from moderation import staff

    with _opened(config) as here:
        grants, user_id = _grants(here, role, area), _user(here, username)
        here.store.write(
            lambda session: staff.change_grants(session, user_id, grants, actor=_acting(), now=datetime.now(UTC))
        )
    print(f"{username}: {', '.join(f'{each.value}:{place}' for each, place in grants)}")


@user_app.command("leave", short_help="Somebody has left.")
def user_leave(
    username: str,
    back: Annotated[bool, typer.Option("--back", help="They are back.")] = False,
    config: ConfigFile = None,
) -> None:
    """Sign a member of staff out everywhere and let them in no more.  What they did stays under their name."""
    from moderation import staff

    with _opened(config) as here:
        user_id = _user(here, username)
        here.store.write(
            lambda session: staff.change_active(session, user_id, active=back, actor=_acting(), now=datetime.now(UTC))
        )
    print(f"{username} may sign in" if back else f"{username} can no longer sign in")


@user_app.command("invite", short_help="A link by which somebody chooses a password.")
def user_invite(username: str, config: ConfigFile = None) -> None:
    """Print a link by which somebody new, or who has forgotten their password, chooses one, once."""
    from moderation import staff
    from web.security import new_token, token_hash

    with _opened(config) as here:
        user_id, token = _user(here, username), new_token()
        until = here.store.write(
            lambda session: staff.invite(session, user_id, token_hash(token), actor=_acting(), now=datetime.now(UTC))
        )
        base = here.settings.public_url or f"http://{here.settings.host}:{here.settings.port}"
    print(f"{base}/cy/invitation/{token}")
    _complain(f"give {username} this link; it works once, until {until:%Y-%m-%d %H:%M} UTC")


@user_app.command("reset-factor", short_help="Take a second factor away.")
def user_reset_factor(username: str, config: ConfigFile = None) -> None:
    """Take away the second factor of somebody whose telephone is lost; they enrol another when they sign in."""
    from moderation import second_factor

    with _opened(config) as here:
        user_id = _user(here, username)
        gone = here.store.write(
            lambda session: second_factor.reset(session, user_id, actor=_acting(), now=datetime.now(UTC))
        )
    print(f"{username} enrols anew at the next sign-in" if gone else f"{username} has no second factor")


@token_app.command("add", short_help="A new token, printed once.")
def token_add(  # noqa: PLR0917 - Typer hands them over by name
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may be used for; may be given more than once.")],
    user: Annotated[str, typer.Option(help="The user name of whoever it acts for.")] = "",
    service: Annotated[str, typer.Option(help="Or the user name of a service; made with --role where it is new.")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="With a new service: what it may do.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="And in which service areas; every area unless said.")] = None,
    days: Annotated[int, typer.Option(help="How many days it lasts: 30, 90 or 365.")] = 90,
    config: ConfigFile = None,
) -> None:
    """Print a new token, once: for a member of staff, whose rights are then the most it can do, or for a service."""
    from moderation import api_tokens
    from store import api_tokens as rows
    from web.security import new_api_token, token_hash

    if bool(user) == bool(service):
        raise typer.BadParameter("give --user NAME or --service NAME")
    now, actor, token = datetime.now(UTC), _acting(), new_api_token()
    with _opened(config) as here:
        grants = _grants(here, role, area) if role else []
        owner = _user(here, user) if user else 0

        def act(session: Session) -> tuple[int, datetime]:
            known = {each.username: each.id for each in rows.services(session) if each.active}
            user_id = owner or known.get(service) or 0
            if not user_id:
                added = api_tokens.add_service(
                    session, username=service, full_name=service, grants=grants, actor=actor, now=now
                )
                user_id = added.id
            given = api_tokens.give(
                session, user_id, token_hash(token), name=name, scopes=scope, days=days, actor=actor, now=now
            )
            return given.id, given.expires_at

        number, until = here.store.write(act)
    print(token)
    _complain(f"token {number}, good until {until:%Y-%m-%d %H:%M} UTC; it is shown this once")


@token_app.command("list", short_help="Every token, and whose it is.")
def token_list(config: ConfigFile = None) -> None:
    """Show tokens: number, whether it opens anything, owner, until when, last used, scopes, name."""
    from store import api_tokens

    now = datetime.now(UTC)
    with _opened(config) as here, here.store.read() as session:
        for token, owner in api_tokens.everything(session):
            stands = "revoked" if token.revoked_at else "good" if token.opens(now) and owner.active else "over"
            used = f"{token.last_used:%Y-%m-%d}" if token.last_used else "never"
            words = (str(token.id), stands, owner.username, f"{token.expires_at:%Y-%m-%d}", used)
            print("\t".join([*words, ",".join(token.scopes), token.name]))


@token_app.command("revoke", short_help="A token opens nothing any more.")
def token_revoke(number: int, config: ConfigFile = None) -> None:
    """Revoke a token by its number in `gwylio token list`."""
    from moderation import api_tokens

    with _opened(config) as here:
        here.store.write(lambda session: api_tokens.revoke(session, number, actor=_acting(), now=datetime.now(UTC)).id)
    print(f"token {number} opens nothing any more")


@notices_app.command("test", short_help="Send a test message.")
def notices_test(
    to: Annotated[str, typer.Option(help="An e-mail address.")] = "",
    teams: Annotated[str, typer.Option(help="Or a Teams channel: a service area, communications or senior.")] = "",
    config: ConfigFile = None,
) -> None:
    """Send a test message, in both languages, to an e-mail address or a Teams channel; nothing else is done."""
    from moderation import notices
    from pipeline.channels import Letter
    from pipeline.notifying import MAIL, channels
    from store.notices import TEAMS

    if bool(to) == bool(teams):
        raise typer.BadParameter("give --to ADDRESS, or --teams NAME")
    with _opened(config) as here:
        ways, places = channels(here.settings), here.settings.teams_places
        way = ways.get(MAIL if to else TEAMS)
        if not here.settings.send_notices:
            raise typer.BadParameter("send_notices is false: nothing leaves this machine")
        if way is None:
            raise typer.BadParameter(f"{'mail' if to else 'Teams'} is not set up; see {WRITING}")
        if to:
            _mailbox(to)
        elif teams not in places:
            raise typer.BadParameter(f"there is no Teams channel {teams}; there are: {', '.join(sorted(places))}")
        said = [voice.test() for voice in notices.voices(None, here.areas, here.policy, here.settings.public_url)]
        now = datetime.now(UTC)
        way.send(Letter(to or places[teams], said, f"test:{now.isoformat()}", now))
    print(f"the {'mail server' if to else 'channel'} has taken the message; see whether it arrives")


@notices_app.command("list", short_help="Messages to colleagues, by state.")
def notices_list(config: ConfigFile = None) -> None:
    """Show how many messages to colleagues are in each state; those that wait for a person are said one by one."""
    from store import notices

    with _opened(config) as here, here.store.read() as session:
        for state, many in sorted(notices.counts(session).items()):
            print(f"{state.value}\t{many}")
        stuck = notices.for_a_person(session)
    for notice in stuck:
        _complain(f"message {notice.id} to {notice.recipient}, {notice.made_at:%Y-%m-%d %H:%M}: {notice.trouble}")
    if stuck:
        raise typer.Exit(DOES_NOT_HOLD)


@account_app.command("add")
def account_add(  # noqa: PLR0917 - Typer hands them over by name
    slug: Annotated[str, typer.Argument(help="Your own short name for the account, such as cyngor-x.")],
    platform: Annotated[Platform, typer.Option()],
    native_id: Annotated[str, typer.Option("--id", help="The account's own id on the platform.")],
    name: Annotated[str, typer.Option(help="The name it shows.")],
    area: Annotated[str, typer.Option(help="The service area that answers unless a rule says otherwise.")],
    home: Annotated[
        str,
        typer.Option(
            help="Where it lives: for Mastodon its server, for WordPress its site; for Bluesky only where that is not "
            "bsky.social."
        ),
    ] = "",
    open_since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Open cases for comments since this date; since now unless said."),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Register a corporate account.  Then give it a token with `gwylio account connect`."""
    from collectors.ways import NEED_A_HOME
    from moderation.deadlines import LONDON
    from store import accounts, audit

    with _opened(config) as here:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug):
            raise typer.BadParameter(f"{slug!r} is no short name: use small letters, digits and hyphens")
        if area not in here.areas:
            raise typer.BadParameter(f"there is no service area {area}; there are: {', '.join(here.areas.slugs)}")
        now = datetime.now(UTC)

        def act(session: Session) -> None:
            accounts.add(
                session,
                slug=slug,
                platform=platform,
                native_id=native_id,
                display_name=name,
                service_area=area,
                home=home,
                open_since=open_since.replace(tzinfo=LONDON) if open_since else None,
                now=now,
            )
            audit.append(
                session, actor=_typist(), action="account.add", subject=f"account:{slug}", now=now,
                after={"platform": platform.value, "area": area, **({"home": home} if home else {})},
            )  # fmt: skip

        here.store.write(act)
    homeless = " --home ADDRESS" if platform in NEED_A_HOME and not home else ""
    print(f"{slug} is registered; next: `gwylio account connect {slug}{homeless}`")


@account_app.command("connect", short_help="Let Gwylio into an account.")
def account_connect(
    slug: str,
    token: Annotated[
        bool, typer.Option("--token", help="Give a token that you have already, or an object of keys as JSON.")
    ] = False,
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste the address that your browser was sent to; nothing listens here.")
    ] = False,
    home: Annotated[
        str, typer.Option(help="Where it lives, if that was not said when it was added, or has changed.")
    ] = "",
    config: ConfigFile = None,
) -> None:
    """Let Gwylio into an account: by the platform's page of consent, by a password made for it, or with a token.

    What is read from standard input is taken for a token.  Whatever comes of it is kept encrypted.
    """
    from pipeline import connecting
    from pipeline.connecting import How

    with _opened(config) as here:
        how = connecting.how(here, slug)
        if home:
            connecting.moved(here, slug, home, actor=_typist(), now=datetime.now(UTC))
        if token or not sys.stdin.isatty():
            how = How.TOKEN
        elif how is How.TOKEN and (platform := connecting.missing_app(here, slug)):
            print(
                f"no app is configured for {platform}: put its client_id in [apps.{platform}] of gwylio.toml, and its "
                f"secret in GWYLIO_APPS__{platform.upper()}__CLIENT_SECRET, to be led through consent; see {LEARN_MORE}"
            )
        told = {How.CONSENT: _by_consent, How.TYPED: _by_typing, How.TOKEN: _by_token}[how](here, slug, paste)
    for permission in told.wanting if told else ():
        _complain(f"{slug}: consent was given without {permission}; what needs it will be refused")
    until = f", until {told.expires:%Y-%m-%d}" if told and told.expires and not told.renews else ""
    renewed = ", and it is renewed by itself" if told and told.renews else ""
    print(f"{slug} has its token{until}{renewed}; `gwylio collect --account {slug}` tries it")


def _by_consent(here: Installation, slug: str, paste: bool) -> Granted:
    """Lead an administrator to the page of consent and back."""
    from collectors import consent, way_back
    from pipeline import connecting

    asking = connecting.begin(here, slug, now=datetime.now(UTC))
    address = None
    if way_back.is_here(asking.redirect_uri) and not paste:
        with way_back.WayBack(asking.redirect_uri, lambda found: consent.is_of(asking, found)) as door:
            print(f"Open this address in a browser on this machine, and allow what is asked:\n\n{asking.address}\n")
            print(
                f"Waiting for your browser for {WAIT_S // 60} minutes (elsewhere? stop with Ctrl-C, and give --paste)"
            )
            sys.stdout.flush()
            address = door.wait(WAIT_S)
        if address is None:
            raise typer.BadParameter("nobody came back; begin again, with --paste where the browser is elsewhere")
    else:
        print(f"Open this address in a browser, and allow what is asked:\n\n{asking.address}\n")
        address = _secret(
            "Then copy the whole address that the browser was sent to, and paste it here (it is not shown)"
        )
    return connecting.finish(here, slug, asking, address, actor=_typist(), now=datetime.now(UTC))


def _by_typing(here: Installation, slug: str, paste: bool) -> Granted:
    """Ask for a name, and for a password that was made for us."""
    from pipeline import connecting

    *names, secret = connecting.asked_for(here, slug)
    keys = {name: str(typer.prompt(f"{name.capitalize()} of {slug}")) for name in names}
    keys[secret] = _secret(f"Password that was made for Gwylio there ({LEARN_MORE})")
    return connecting.typed(here, slug, keys, actor=_typist(), now=datetime.now(UTC))


def _by_token(here: Installation, slug: str, paste: bool) -> None:
    from pipeline import connecting

    connecting.bare(here, slug, _secret(f"Token for {slug}"), actor=_typist(), now=datetime.now(UTC))


@search_app.command("add")
def search_add(
    account: Annotated[str, typer.Argument(help="The slug of the account whose token searches.")],
    name: Annotated[str, typer.Option(help="What the search is called.")],
    query: Annotated[str, typer.Option(help="What to look for, in the platform's own words; never one person.")],
    purpose: Annotated[str, typer.Option(help="Why, for whoever reads the record.")],
    review_on: Annotated[
        datetime,
        typer.Option(
            "--review-on", formats=["%Y-%m-%d"], help="Until when it is made unless begun anew: within six months."
        ),
    ],
    config: ConfigFile = None,
) -> None:
    """Begin a saved search.  One that would follow a person is refused, and none is made after its day of review."""
    from moderation import saved_searches
    from moderation.record import Actor

    with _opened(config) as here:
        body = here.settings.body
        here.store.write(
            lambda session: saved_searches.begin(
                session,
                account,
                name=name,
                query=query,
                purpose=purpose,
                review_on=review_on.date(),
                body=(body.cy, body.en),
                actor=Actor(_typist()),
                now=datetime.now(UTC),
            )
        )
    print(f"{name} is searched for from the next round of {account} on")


@search_app.command("list", short_help="Every search that is made.")
def search_list(config: ConfigFile = None) -> None:
    """Show every search that is made: account, name, words, purpose, who asked, and the day of review."""
    from store import searches

    with _opened(config) as here, here.store.read() as session:
        for account, row in searches.everything(session):
            print(f"{account.slug}\t{row.name}\t{row.query}\t{row.purpose}\t{row.asked_by}\t{row.review_on}")


@search_app.command("end")
def search_end(account: str, name: str, config: ConfigFile = None) -> None:
    """End a saved search; what it found stays."""
    from moderation import saved_searches
    from moderation.record import Actor

    with _opened(config) as here:
        here.store.write(
            lambda session: saved_searches.end(session, account, name, actor=Actor(_typist()), now=datetime.now(UTC))
        )
    print(f"{name} is searched for no more")


@webhook_app.command("show", short_help="What to enter at a platform.")
def webhook_show(platform: Platform, config: ConfigFile = None) -> None:
    """Show what to enter at a platform so that it tells us at once: address, token, and what to subscribe to."""
    from collectors.webhooks import DOORS, verify_token

    settings = configuration.load(config)
    door = DOORS.get(platform)
    if door is None:
        raise typer.BadParameter(f"{platform.value} pushes nothing; {', '.join(sorted(DOORS))} do")
    public = [each for each in settings.allowed_hosts if each.strip("[]") not in configuration.LOOPBACK]
    secret = settings.signing_secret(platform)
    print(f"address: https://{public[0] if public else 'YOUR-HOST'}/webhooks/{platform.value}")
    if door.asks_for_token:
        print(f"verify token: {verify_token(configuration.keys(settings).credentials, platform)}")
    print(f"subscribe to: {', '.join(door.subscribe)}")
    if not public:
        _complain("no public name is in allowed_hosts; the platform must reach this app by one, over HTTPS")
    if not secret:
        name = "WEBHOOK_SECRET" if platform in configuration.SIGNS_APART else "CLIENT_SECRET"
        _complain(f"GWYLIO_APPS__{platform.name}__{name} is not set: whatever {platform.value} pushes is refused")
    if not public or not secret:
        raise typer.Exit(DOES_NOT_HOLD)


@webhook_app.command("list", short_help="What was heard, and what was put aside.")
def webhook_list(config: ConfigFile = None) -> None:
    """Show for each account its platform, the latest notice, how many came, how many wait, and how many were put aside.

    What named no account of ours has a line of its own, and the latest that were put aside are said with their reason.
    """
    from store import webhooks

    with _opened(config) as here, here.store.read() as session:
        for each in webhooks.heard(session):
            slug = each.account.slug if each.account else "-"
            counts = f"{each.events}\t{each.waiting}\t{each.put_aside}"
            print(f"{slug}\t{each.platform.value}\t{each.latest:%Y-%m-%dT%H:%M:%SZ}\t{counts}")
        for row in reversed(webhooks.put_aside(session, limit=SHOWN_ASIDE)):
            _complain(f"notice {row.id} from {row.platform.value}, {row.received_at:%Y-%m-%d %H:%M}: {row.trouble}")


@webhook_app.command("end", short_help="Expect no more notices for an account.")
def webhook_end(account: str, config: ConfigFile = None) -> None:
    """Expect no more of an account's webhook, after you have unsubscribed there: its silence is no alarm any more."""
    from store import accounts, audit, webhooks

    with _opened(config) as here:

        def act(session: Session) -> int:
            row = accounts.by_slug(session, account)
            gone = webhooks.expect_none(session, row.id)
            audit.append(
                session, actor=_typist(), action="webhook.end", subject=f"account:{account}",
                now=datetime.now(UTC), after={"events": gone},
            )  # fmt: skip
            return gone

        print(f"{account}: {here.store.write(act)} notices forgotten; it is read in rounds, as before")


@policy_app.command("explain")
def policy_explain(name: str, language: Annotated[str, typer.Option("--language", help="cy or en")] = "en") -> None:
    """Say a policy pack in plain sentences."""
    from moderation import policy, policy_words, service_areas
    from words import is_screen

    if not is_screen(language):
        raise typer.BadParameter("the language is cy or en")
    for sentence in policy_words.explain(policy.load(name), language, service_areas.load()):
        print(sentence)


@policy_app.command("try", short_help="What another pack would have decided about the last month.")
def policy_try(
    name: Annotated[str, typer.Argument(help="The pack to try, by name or path.")],
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 28,
    limit: Annotated[int, typer.Option(min=1, help="At most so many comments, the newest.")] = 10_000,
    shown: Annotated[int, typer.Option(min=0, help="How many cases to list.")] = 40,
    config: ConfigFile = None,
) -> None:
    """Decide the comments of the last month anew under another pack, and say what would differ.

    First the sentences in which the packs differ, then how many comments each difference concerns, then the cases.
    Nothing is changed: to adopt the pack, name it in gwylio.toml. Every case keeps the pack that decided it.
    """
    from moderation import policy
    from reports import dry_run

    with _opened(config) as here, here.store.read() as session:
        other = policy.load(name, areas=here.areas.slugs)
        since = datetime.now(UTC) - timedelta(days=days)
        print("\n".join(dry_run.told(session, here.policy, other, here.areas, since=since, limit=limit, shown=shown)))


@app.command(short_help="Web app and schedule, in one process.")
def run(config: ConfigFile = None) -> None:
    """Run everything on this machine: the web app and the schedule, in one process."""
    import scheduler

    with _opened(config) as here:
        clock = scheduler.build(here)
        clock.start()
        try:
            _serve(here)
        finally:
            clock.shutdown(wait=True)


@app.command(short_help="The web app alone.")
def web(config: ConfigFile = None) -> None:
    """Run the web app alone; on PostgreSQL, beside `gwylio scheduler`."""
    with _opened(config) as here:
        _serve(here)


@app.command("scheduler", short_help="The schedule alone.")
def scheduler_command(
    once: Annotated[bool, typer.Option("--once", help="Run every job once and stop.")] = False,
    config: ConfigFile = None,
) -> None:
    """Run the schedule alone: collect, classify, dispatch, escalate, report."""
    import signal
    import threading

    import scheduler

    with _opened(config) as here:
        if once:
            scheduler.run_once(here, now=datetime.now(UTC))
            return
        stopped = threading.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: stopped.set())
        clock = scheduler.build(here)
        clock.start()
        stopped.wait()
        clock.shutdown(wait=True)


@app.command(short_help="Collect one round, and place what it brings.")
def collect(
    account: Annotated[str | None, typer.Option(help="One account's slug; all of them unless said.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One round (there is no other way; kept for scripts).")] = True,
    config: ConfigFile = None,
) -> None:
    """Collect one round of comments, and put them in the queue."""
    import pipeline
    from store import accounts

    with _opened(config) as here:
        with here.store.read() as session:
            slugs = [account] if account else [each.slug for each in accounts.active(session)]
        failed = False
        for slug in slugs:
            told = pipeline.collect(here, slug, now=datetime.now(UTC))
            print(f"{slug}: {told.new} new, {told.changed} changed{', to be continued' if told.incomplete else ''}")
            for trouble in told.troubles:
                failed = True
                _complain(f"{slug}: {trouble}")
        placed = pipeline.read_waiting(here, now=datetime.now(UTC))
        print(f"{placed} read and placed")
    if failed:
        raise typer.Exit(OUTSIDE)


@app.command("import", short_help="Bring in comments from a file.")
def import_command(
    file: Path,
    account: Annotated[str, typer.Option(help="The slug of the account that the comments were left on.")],
    history: Annotated[bool, typer.Option("--history", help="Keep them as history: no case is opened.")] = False,
    open_since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Open cases only for those since this date.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Bring in comments from a CSV or JSON-lines export, or written down by hand.

    A column `origin` that says `manual` marks what was written down by hand.  A column `evidence` names files
    to keep beside the comment, by their paths from the folder of FILE, several with `;` between them.
    """
    import pipeline
    from moderation.deadlines import LONDON

    with _opened(config) as here:
        since = open_since.replace(tzinfo=LONDON) if open_since else None
        told = pipeline.bring_in(
            here, file, account, history=history, open_since=since, actor=_typist(), now=datetime.now(UTC)
        )
        placed = pipeline.read_waiting(here, now=datetime.now(UTC))
    print(f"{told.new} new, {told.changed} changed, {told.known} known already; put in the queue: {placed}")
    if told.evidence:
        print(f"files of evidence kept: {told.evidence}")
    if told.new and not placed and not history:
        print(f"all of it is from before {account} was registered, so it is history; --open-since opens cases for it")
    if told.bad:
        _complain(f"rows that could not be read: {told.bad}; they stand with their reasons in {told.beside}")
        for line, reason in told.first_bad:
            _complain(f"line {line}: {reason}")
        raise typer.Exit(WRONG_USE)


@app.command(short_help="JSON lines in, what was seen in each out.")
def classify(
    file: FileOrInput = None,
    policy: Annotated[str, typer.Option(help="The pack whose thresholds decide what is flagged.")] = "powys",
) -> None:
    """Read comments as JSON lines, and answer what was seen in each as JSON lines, in the same order."""
    from classifiers import panel, stream
    from moderation import policy as packs
    from moderation import summing_up

    rules = summing_up.rules_of(packs.load(policy))
    with _text_of(file) as lines:
        for line in stream.classify_lines(lines, panel.open_panel(), rules):
            print(line)


@classifiers_app.command("evaluate", short_help="How well they do on labelled comments.")
def classifiers_evaluate(
    data: Annotated[list[Path], typer.Option(help="A folder of labelled sets; may be given more than once.")],
    policy: Annotated[str, typer.Option(help="The pack whose thresholds decide what is flagged.")] = "powys",
    write: Annotated[Path | None, typer.Option(help="A page to put the tables into, between its two marks.")] = None,
) -> None:
    """Read every labelled set in a folder, and print what was found, missed and wrongly flagged, with intervals.

    Sets are threads in our own form (.txt), or tables with a column `text` (.csv, .csv.gz, .tsv). A folder called
    `train` is never read: what was learnt from measures nothing.
    """
    from classifiers import evaluation, labelled, panel
    from moderation import policy as packs

    pack, asked = packs.load(policy), panel.open_panel()
    missing = [folder for folder in data if not folder.is_dir()]
    if missing:
        raise typer.BadParameter(f"there is no folder {missing[0]}")
    sets = [found for folder in data for found in labelled.sets_in(folder)]
    swaps = [found for folder in data for found in evaluation.swaps_in(folder)]
    if not sets and not swaps:
        raise typer.BadParameter(f"no labelled comments in {', '.join(map(str, data))}")
    lines = [
        *evaluation.report(evaluation.judged(name, rows, asked, pack.threshold) for name, rows in sets),
        *evaluation.fairness(swaps, asked),
    ]
    if write:
        evaluation.put_into(write, lines)
    else:
        print("\n".join(lines))


@classifiers_app.command("compare", short_help="Several models side by side, before one is adopted.")
def classifiers_compare(
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, help="At most so many comments, the newest.")] = 5_000,
    config: ConfigFile = None,
) -> None:
    """Read the comments of the last days with the classifiers that ship and with every candidate, and compare.

    Candidates stand in gwylio.toml, each a table [classifiers.candidates.NAME] with `model` and `labels`. For every
    label that one of them knows: what each would have flagged, how far they agree, and differences to read.
    """
    from classifiers import panel, personal_data
    from opening import named_model
    from reports import comparison
    from store import comments

    with _opened(config) as here:
        models = here.settings.classifiers
        tables = [*([models.offensive] if models.offensive else []), *models.candidates.values()]
        if not tables:
            raise typer.BadParameter("there is no table [classifiers.candidates.NAME] in gwylio.toml to compare with")
        ours = personal_data.ours_in(here.areas.contacts)
        others = [named_model(table) for table in tables]
        labels = sorted({label for table in tables for label in table.labels.values()})
        with here.store.read() as session:
            found = comments.newest_since(session, datetime.now(UTC) - timedelta(days=days), limit)
        rows = list(comparison.compared(found, panel.open_panel(ours), others, labels, here.policy))
        print("\n".join(comparison.told(rows, found, ours)))


@classifiers_app.command("preview", short_help="What another threshold would have done.")
def classifiers_preview(
    label: Annotated[str, typer.Option(help="The label, such as abuse; or needs_response.")],
    threshold: Annotated[float, typer.Option(min=0, max=1, help="The threshold to try.")],
    language: Annotated[Tongue | None, typer.Option(help="Only comments with Welsh in them, or without.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    config: ConfigFile = None,
) -> None:
    """Show what would have been flagged at another threshold, and whether officers' corrections agree.

    Nothing is changed: whoever may decide it writes the figure in the policy pack.
    """
    from reports import thresholds
    from store import findings
    from vocabulary import Label, Question

    known: dict[str, Label | Question] = {str(each): each for each in (*Label, Question.NEEDS_RESPONSE)}
    if label not in known:
        raise typer.BadParameter(f"there is no label {label}; there are {', '.join(known)}")
    about, welsh = known[label], None if language is None else language is Tongue.WELSH
    with _opened(config) as here, here.store.read() as session:
        rows = findings.scored(session, about, since=datetime.now(UTC) - timedelta(days=days))
        seen = thresholds.preview(rows, about, here.policy, threshold, welsh=welsh)
    print(f"{label} at {threshold:.2f}, over {seen.comments} comments of the last {days} days:")
    print(f"  flagged now {seen.flagged_now}, then {seen.flagged_then}")
    print(f"  of {seen.corrected} that an officer corrected, right now {seen.right_now}, then {seen.right_then}")
    for heading, references in (("no longer flagged", seen.no_longer), ("newly flagged", seen.newly)):
        if references:
            more = f" and {len(references) - thresholds.LISTED} more" if len(references) > thresholds.LISTED else ""
            print(f"  {heading}: {', '.join(references[: thresholds.LISTED])}{more}")
    table = "welsh_thresholds" if welsh else "thresholds"
    print(f"To decide it, write in the policy pack, under [{table}]:  {label} = {threshold:.2f}")


@classifiers_app.command("export", short_help="Officers' corrections as training data.")
def classifiers_export(
    out: Annotated[Path, typer.Option(help="The file to write, one JSON object a line.")],
    config: ConfigFile = None,
) -> None:
    """Write what officers corrected, without authors and with personal data masked.

    Names in running text cannot all be known: read the file before it leaves the house.
    """
    from classifiers import personal_data
    from reports import thresholds
    from store import findings

    with _opened(config) as here, here.store.read() as session:
        lines = list(
            thresholds.export_lines(findings.corrected_comments(session), personal_data.ours_in(here.areas.contacts))
        )
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} corrected comments written to {out}; read the file before it leaves the house")


@app.command(short_help="A CSV of arrivals in, their due dates out.")
def due(
    file: FileOrInput = None,
    policy: Annotated[str, typer.Option(help="A policy pack, by name or path.")] = "powys",
    clock: Annotated[Clock, typer.Option(help="Which rule counts the days.")] = Clock.ANSWER,
    explain: Annotated[bool, typer.Option("--explain", help="Add a column with the days counted.")] = False,
) -> None:
    """Read a CSV of arrivals (received_at, with zone), and answer the same rows with their due dates."""
    import csv

    from moderation import calendar, due_file
    from moderation import policy as packs

    pack = packs.load(policy)
    days = calendar.calendars([*calendar.seed_holidays(), *pack.closure_days])
    out = csv.writer(sys.stdout, lineterminator="\n")
    with _text_of(file, newline="") as lines:
        out.writerows(due_file.due_rows(lines, clock, pack.response, days, counted=explain))


@report_app.command("weekly")
def report_weekly(
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    week: Annotated[str | None, typer.Option(help="An ISO week such as 2026-W47; last week unless said.")] = None,
    config: ConfigFile = None,
) -> None:
    """Write the weekly report: HTML and CSV, in Welsh and in English."""
    from reports import weekly

    with _opened(config) as here:
        now = datetime.now(UTC)
        chosen = weekly.Week.parse(week) if week else weekly.Week.before(now)
        for path in weekly.publish(here.store, here.settings, here.policy, here.areas, chosen, out, now=now):
            print(path)


@audit_app.command("verify", short_help="Prove the trail, or name its first bad row.")
def audit_verify(config: ConfigFile = None) -> None:
    """Prove that no row of the audit trail was changed, taken away or moved; else name the first bad one."""
    from store import audit

    with _opened(config) as here, here.store.read() as session:
        head = audit.read_head(here.settings.audit_head_file)
        broken = audit.verify(session, here.keys.audit, head)
        rows = audit.count(session)
    if broken:
        _complain(f"the audit trail does not hold: {broken.reason}")
        raise typer.Exit(DOES_NOT_HOLD)
    if rows and head is None:
        _complain(f"the audit trail's end cannot be proved: {here.settings.audit_head_file} is not there")
        raise typer.Exit(DOES_NOT_HOLD)
    print(f"the audit trail holds: {rows} rows")


@audit_app.command("export")
def audit_export(config: ConfigFile = None) -> None:
    """Write every row of the audit trail as JSON lines."""
    import json

    from store import audit

    with _opened(config) as here, here.store.read() as session:
        for row in audit.rows(session):
            print(json.dumps(row, ensure_ascii=False))


@app.command(short_help="The whole job, with invented people.")
def demo(
    once: Annotated[bool, typer.Option("--once", help="From collection to weekly report, without a browser.")] = False,
    out: Annotated[Path | None, typer.Option(help="Where the demo keeps its things; var/demo unless said.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other dates.")] = 7,
    port: Annotated[int, typer.Option(help="The web app's port.")] = 8080,
) -> None:
    """Show the whole job on this machine with an invented county council and simulated platforms."""
    import demo as world

    if once:
        world.once(out or Path("var/demo-once"), seed=seed, now=datetime.now(UTC))
    else:
        world.live(out or Path("var/demo"), seed=seed, port=port)


@app.command(short_help="The simulated platforms alone.")
def simulate(
    port: Annotated[int, typer.Option(help="Port on loopback; any free one unless said.")] = 0,
    faults: Annotated[Path | None, typer.Option(help="A TOML file of faults to play.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other dates and other chances.")] = 7,
    empty: Annotated[
        bool, typer.Option("--empty", help="One account on each platform and nothing said; tell it what happens.")
    ] = False,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M"], help="A clock (UTC) that stands there until it is set; else the real one."
        ),
    ] = None,
) -> None:
    """Run the simulated platforms on loopback, with the demo council's story in them or with nothing at all.

    docs/reference/simulator.md says how to point a client at it, set its clock, and make things go wrong.
    """
    import demo as world

    stands = at.replace(tzinfo=UTC) if at else None
    world.simulate(port=port, faults=faults, seed=seed, now=datetime.now(UTC), stands=stands, empty=empty)


@contextmanager
def _opened(config: Path | None) -> Iterator[Installation]:
    import opening

    with opening.installation(configuration.load(config), clock=lambda: datetime.now(UTC)) as here:
        yield here


def _serve(here: Installation) -> None:
    import opening

    settings = here.settings
    print(f"Gwylio is at http://{settings.host}:{settings.port}/  (stop with Ctrl-C)", flush=True)
    opening.serve(here)


@contextmanager
def _text_of(file: Path | None, newline: str | None = None) -> Iterator[Iterator[str]]:
    if file is None:
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline=newline)  # type: ignore[union-attr]
        yield sys.stdin
        return
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline=newline) as lines:
            yield lines
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None


def _typist() -> str:
    """Who typed it, for the audit trail: the name that this machine knows them by."""
    import getpass

    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):
        return "command line"


def _acting() -> Actor:
    """The same, for what is done in the name of somebody who is no user."""
    from moderation.record import Actor

    return Actor(_typist())


def _user(here: Installation, username: str) -> int:
    from store import people

    with here.store.read() as session:
        return people.by_username(session, username).id


def _grants(here: Installation, roles: list[Role], areas: list[str] | None) -> list[tuple[Role, str]]:
    """Every role in every area that was named; in all areas where none was."""
    from store import people

    unknown = sorted(set(areas or ()) - set(here.areas.slugs))
    if unknown:
        raise typer.BadParameter(
            f"there is no service area {', '.join(unknown)}; there are: {', '.join(here.areas.slugs)}"
        )
    return [(each, place) for each in roles for place in (areas or [people.EVERY_AREA])]


def _secret(what: str) -> str:
    secret = typer.prompt(what, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not secret:
        raise typer.BadParameter("nothing was given")
    return str(secret)


def _log_to_standard_error() -> None:
    """One JSON object a line, with ids and kinds of errors only; standard output belongs to the answers."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _complain(words: str) -> None:
    """A sentence for the terminal, which must not obey what it may quote from a file."""
    print(re.sub(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f]", lambda odd: ascii(odd[0])[1:-1], words), file=sys.stderr)


def _is_unreachable(error: Exception) -> bool:
    """Asked only once something went wrong, so that `gwylio due` never loads a database."""
    from store.database import Unreachable

    return isinstance(error, Unreachable)


def _mailbox(address: str) -> None:
    if not configuration.MAILBOX.fullmatch(address):
        raise typer.BadParameter(f"{address!r} is no e-mail address")


def _code_of(error: GwylioError) -> int:
    from collectors.base import CollectorError
    from pipeline.channels import ChannelError

    return OUTSIDE if isinstance(error, CollectorError | ChannelError) else WRONG_USE


_FIRST_CONFIGURATION = """\
# Gwylio.  `gwylio check` says what is wrong with this file; `gwylio --help` is the map.

policy = "powys"            # a pack in config/policies, or the path of your own
state_dir = "var"           # database, secret key, audit head, reports
# database_url = "postgresql://gwylio@localhost/gwylio"
# public_url = "https://gwylio.example.gov.uk"        # for the links in messages to colleagues

[body]
cy = "Ein cyngor"
en = "Our council"

# [mail]                    # by what warnings leave; the password is GWYLIO_MAIL__PASSWORD
# host = "smtp.example.gov.uk"
# sender = "gwylio@example.gov.uk"

# [sign_in.entra]           # by whom colleagues sign in; the secret is GWYLIO_SIGN_IN__ENTRA__CLIENT_SECRET
# tenant = "00000000-0000-0000-0000-000000000000"
# client_id = "00000000-0000-0000-0000-000000000000"
"""

if __name__ == "__main__":
    main()
