"""An account's token in words: how it stands, why, and what exactly a person does about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from collectors import consent, way_back
from collectors.ways import NEED_A_HOME
from pipeline.connecting import How
from pipeline.tokens import Health, Standing
from store.accounts import AccountRow
from web.due import Left
from web.token_guides import GUIDES
from words import Words
from words.names import N_

SOON: Final = 3
"""Days left from which the end of a token looks like today's work."""


# --- how it stands


def left(words: Words, how: Standing) -> Left:
    """How a token stands, in a few words with their colour and shape."""
    match how.health:
        case Health.MISSING if how.account.platform not in GUIDES:
            return Left("done", words.gettext("Needs no token"))
        case Health.MISSING:
            return Left("late", words.gettext("No token yet"))
        case Health.UNREADABLE:
            return Left("late", words.gettext("The token does not open"))
        case Health.DEAD:
            return Left("late", words.gettext("The token is dead"))
        case Health.LIMITED:
            return Left("soon", words.gettext("The token may not do everything"))
        case _:
            return _alive(words, how)


def _alive(words: Words, how: Standing) -> Left:
    if how.days is None and how.account.credential_renews:
        return Left("calm", words.gettext("The token renews itself"))
    if how.days is None:
        return Left("calm", words.gettext("The token does not run out"))
    if not how.days:
        return Left("today", words.gettext("Token: less than a day left"))
    kind = "calm" if how.health is Health.WELL else "today" if how.days <= SOON else "soon"
    return Left(kind, words.ngettext("Token: {n} day left", "Token: {n} days left", how.days))


NOTHING: Final = N_("Nothing is read from this account, and no reply leaves.")
MEANS: Final[Mapping[Health, str]] = {
    Health.MISSING: NOTHING,
    Health.UNREADABLE: NOTHING,
    Health.DEAD: NOTHING,
    Health.DYING: N_("The token still works. Somebody must connect the account again by {day}."),
    Health.LIMITED: N_("The token works, and the platform does not allow it everything that we ask for."),
    Health.WELL: N_("The token works, and nothing has to be done."),
}
NO_NEED: Final = N_("Nothing reads this platform, so the account needs no token.")


def means(words: Words, how: Standing) -> str:
    """What that means for whoever answers here."""
    if how.health is Health.MISSING and how.account.platform not in GUIDES:
        return words.gettext(NO_NEED)
    return words.gettext(MEANS[how.health], day=words.day(how.until) if how.until else "")


OTHER_KEY: Final = N_("It was encrypted with another key: the key file was replaced, or the database is another's.")
REFUSES_PART: Final = N_(
    "{platform} refuses part of it: a permission was not given, or somebody's role was taken away."
)
REFUSED: Final = N_(
    "{platform} no longer accepts it, although it had not run out. Somebody took it back there, perhaps without "
    "knowing; below is what does that."
)
NOT_RENEWED: Final = N_(
    "{platform} no longer renews it: somebody took it back there, or a new token was lost on its way to us."
)
STUCK: Final = N_(
    "It could not be renewed when it was time. Gwylio tries every five minutes, and all is well again as soon as "
    "{platform} answers."
)
NO_APP: Final = N_("It cannot be renewed, because no app of {platform} is configured here any more.")
RENEWING_ENDED: Final = N_("It was renewed until {day}; then {platform} wanted somebody's consent again.")
RENEWING_ENDS: Final = N_("It is renewed until {day}; then {platform} wants somebody's consent again.")
RAN_OUT: Final = N_("It ran out on {day}, and this one could not be renewed.")
RUNS_OUT: Final = N_("It runs out on {day}, and this one cannot be renewed.")


def why(words: Words, how: Standing, *, led: bool) -> str:
    """What made it so; empty where nothing has to be explained.  `led`: there is an app with which to renew it."""
    match how.health:
        case Health.UNREADABLE:
            said = OTHER_KEY
        case Health.LIMITED:
            said = REFUSES_PART
        case Health.DEAD | Health.DYING:
            said = _end(how, led=led)
        case _:
            return ""
    day = words.day(how.until) if how.until else ""
    return words.gettext(said, platform=words.name(how.account.platform), day=day)


def _end(how: Standing, *, led: bool) -> str:
    dead = how.health is Health.DEAD
    if dead and how.why:
        return NOT_RENEWED if consent.NOT_RENEWED in how.why else REFUSED
    if how.stuck:
        return STUCK if led else NO_APP
    if how.account.credential_renews:
        return RENEWING_ENDED if dead else RENEWING_ENDS
    return RAN_OUT if dead else RUNS_OUT


# --- what a person does


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, what is typed for it, if anything is, and what may be done instead."""

    words: str
    typed: str = ""
    instead: Step | None = None


KEY_FIRST: Final = N_(
    "Put back the key that belongs to this database: secret.key from its backup, or GWYLIO_SECRET_KEY. Then nothing "
    "else has to be done. Only where it is lost for good, go on with this and every other account."
)
REGISTER: Final = N_(
    "Register an app for the council with {platform}, and put what {platform} calls it into gwylio.toml, under this "
    "heading. docs/reference/tokens.md says how; then this page says how to go on."
)
BY_HAND: Final = N_("Or give a token that you have already. On the machine where Gwylio runs, in its folder, type:")
TYPE: Final = N_("On the machine where Gwylio runs, in its folder, type:")
TYPE_ELSEWHERE: Final = N_(
    "Where your browser is on another machine, type this instead. In the end, paste the address that the browser was "
    "sent to, even where it shows an error:"
)
PASTE: Final = N_(
    "Copy the whole address that the browser was sent to in the end, even where it shows an error, and paste it into "
    "the terminal. It is not shown there."
)
TRY: Final = N_("Try it. From then on this page says that the token works.")


def steps(words: Words, how: Standing, way: How, redirect_uri: str) -> Iterator[Step]:
    """Exactly what a person does so that this account has a token that works, in order."""
    account = how.account
    guide = GUIDES.get(account.platform)
    if guide is None:
        return
    homeless = account.platform in NEED_A_HOME and not account.home
    connect = f"gwylio account connect {account.slug}{' --home …' if homeless else ''}"
    if how.health is Health.UNREADABLE:
        yield Step(words.gettext(KEY_FIRST))
    if way is How.TOKEN:
        yield Step(said(words, REGISTER, account), f"[apps.{account.platform.value}]")
        yield Step(words.gettext(BY_HAND), f"{connect} --token")
    else:
        yield from (Step(said(words, each, account)) for each in guide.first)
        heard = way is How.CONSENT and way_back.is_here(redirect_uri)
        elsewhere = Step(words.gettext(TYPE_ELSEWHERE), f"{connect} --paste") if heard else None
        yield Step(words.gettext(TYPE), connect, elsewhere)
        yield Step(said(words, guide.then, account))
        if way is How.CONSENT and not heard:
            yield Step(words.gettext(PASTE))
    yield Step(words.gettext(TRY), f"gwylio collect --account {account.slug}")


def said(words: Words, message: str, account: AccountRow) -> str:
    """A message of a guide, about this account."""
    return words.gettext(
        message,
        platform=words.name(account.platform),
        name=account.display_name,
        id=account.native_id,
        home=account.home or words.gettext("its own server"),
    )
