"""Signing in by Microsoft Entra ID: out to the directory, and back with its word.

Nobody is known by an e-mail address.  Whoever comes back is somebody here because they came once by an invitation,
or because the directory gives them an app role that gwylio.toml says is one of ours.
"""

from __future__ import annotations

import re
from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from moderation import staff
from moderation.record import Actor
from pipeline.provider import NotVouchedFor, Person, Provider, ProviderAway
from store import identities, people
from store.database import Session
from store.people import UserRow
from vocabulary import GwylioError
from web import steps
from web.gate import NotThere, SomeWeb, SomeWords
from web.pages import render
from web.security import same, token_hash
from web.signing_in import actor_of, let_in, own_path, refused
from web.steps import Step
from web.wired import Web
from words import Words
from words.names import N_

log = structlog.get_logger("gwylio.web")
router = APIRouter(prefix="/{language}")

PROVIDER: Final = "provider"
LONGEST: Final = 4_000
DIRECTORY: Final = "the directory"
"""Who the audit trail says changed somebody's roles."""

STRANGER: Final = N_(
    "Microsoft knows you, and Gwylio does not yet. Ask an administrator of Gwylio to invite you, and come by the link "
    "that they give you."
)
LEFT: Final = N_("Your account here is closed. If that is wrong, ask an administrator of Gwylio.")
NOT_PROVED: Final = N_(
    "What came back from Microsoft does not prove who you are. Start again from the sign-in page; if it happens again, "
    "tell your administrator."
)
TOO_LATE: Final = N_("It took more than ten minutes, or was begun in another browser. Start again.")
DECLINED: Final = N_("Microsoft did not let you through. Start again, or ask your administrator.")
AWAY: Final = N_("Microsoft does not answer at the moment. Try again in a few minutes.")
LINK_OVER: Final = N_("The link was used already, or is too old. Ask your administrator for another.")
SOMEBODY_ELSES: Final = N_("This Microsoft account belongs to another user of Gwylio. Ask your administrator.")


class Refused(GwylioError):
    """Somebody is not let in; `said` is what they read, `what` is a word for the log.

    `proved`: the directory vouched for them.  Others leave no row in the trail, or strangers could fill it.
    """

    def __init__(self, said: str, what: str, user: UserRow | None = None, *, proved: bool = False) -> None:
        super().__init__(f"not let in: {what}")
        self.proved = proved
        self.said, self.what, self.who = said, what, actor_of(user) if user else None


@router.get("/sign-in/entra", name="provider_out")
def out(request: Request, web: SomeWeb, words: SomeWords, to: str = "", invitation: str = "") -> Response:
    """To the directory; what must come back from there stays with this browser, sealed."""
    provider = _of(web)
    try:
        departure = provider.depart(_back(request, web, words), now=web.now())
    except ProviderAway as error:
        return _failed(request, web, words, Refused(AWAY, error.what), status=502)
    facts = {
        "state": departure.state,
        "nonce": departure.nonce,
        "verifier": departure.verifier,
        "to": own_path(to),
        "invitation": invitation if re.fullmatch(r"[\w-]{1,100}", invitation) else "",
    }
    answer = RedirectResponse(departure.url, 303)
    steps.put(answer, web, Step(PROVIDER, facts))
    return answer


@router.get("/sign-in/entra/back", name="provider_back")
def back(
    request: Request, web: SomeWeb, words: SomeWords, code: str = "", state: str = "", error: str = ""
) -> Response:
    """From the directory, with its word or without."""
    provider, step = _of(web), steps.brought(request, web, PROVIDER)
    try:
        if step is None or not same(state, step.facts["state"]):
            raise Refused(TOO_LATE, "state")
        if error or not 0 < len(code) <= LONGEST:
            raise Refused(DECLINED, "declined")
        person = provider.arrive(
            code,
            back=_back(request, web, words),
            verifier=step.facts["verifier"],
            nonce=step.facts["nonce"],
            now=web.now(),
        )
        user = _user(web, provider, person, step.facts["invitation"])
    except NotVouchedFor as refusal:
        return _failed(request, web, words, Refused(NOT_PROVED, refusal.what))
    except ProviderAway as away:
        return _failed(request, web, words, Refused(AWAY, away.what), status=502)
    except Refused as refusal:
        return _failed(request, web, words, refusal)
    return let_in(request, web, words, user, to=step.facts["to"], how=PROVIDER, by_provider=True)


def _of(web: Web) -> Provider:
    """The provider of this installation.

    Raises:
        NotThere: it has none.
    """
    if web.provider is None:
        raise NotThere
    return web.provider


def _back(request: Request, web: Web, words: Words) -> str:
    """Where the directory sends people back to: registered there, once for each language."""
    base = web.here.settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}/{words.language}/sign-in/entra/back"


def _user(web: Web, provider: Provider, person: Person, invitation: str) -> UserRow:
    """Who somebody is here.

    Raises:
        Refused: nobody, or nobody any more.
    """
    granted = provider.entra.granted(person.app_roles)

    def act(session: Session) -> UserRow:
        if invitation:
            user: UserRow | None = staff.connect(
                session, token_hash(invitation), person.issuer, person.subject, now=web.now()
            )
        else:
            user = identities.owner(session, person.issuer, person.subject)
        if user is not None and not user.active:
            raise Refused(LEFT, "left", user, proved=True)
        if provider.entra.roles:
            user = _by_roles(session, web, person, user, granted)
        if user is None:
            raise Refused(STRANGER, "stranger", proved=True)
        return user

    try:
        return web.store.write(act)
    except staff.LinkOver:
        raise Refused(LINK_OVER, "invitation", proved=True) from None
    except staff.IdentityTaken:
        raise Refused(SOMEBODY_ELSES, "taken", proved=True) from None


def _by_roles(
    session: Session, web: Web, person: Person, user: UserRow | None, granted: staff.Grants
) -> UserRow | None:
    """Somebody with the roles that the directory gives them: made, changed, or as they were.

    The last administrator stays one: a slip in the directory must not lock everybody out.

    Raises:
        Refused: the directory gives no role of ours any more, or the user name belongs to somebody else.
    """
    actor, now = Actor(DIRECTORY), web.now()
    if not granted:
        raise Refused(STRANGER, "no app role", user, proved=True)
    try:
        if user is not None:
            staff.change_grants(session, user.id, granted, actor=actor, now=now)
            return user
        made = staff.add(
            session,
            username=person.login,
            full_name=person.name or person.login,
            grants=granted,
            actor=actor,
            now=now,
        )
    except (people.UserExists, people.UnfitUsername):
        raise Refused(SOMEBODY_ELSES, "user name", proved=True) from None
    except staff.LastAdministrator:
        return user
    identities.bind(session, made.id, person.issuer, person.subject, now=now)
    return made


def _failed(request: Request, web: Web, words: Words, refusal: Refused, *, status: int = 403) -> Response:
    log.warning("not signed in by the provider", what=refusal.what, user=refusal.who.user_id if refusal.who else None)
    if refusal.proved:
        web.store.write(lambda session: refused(session, web, refusal.who, f"{PROVIDER}: {refusal.what}"))
    answer = render(request, "sign_in_failed.html", words, status=status, said=words.gettext(refusal.said), toggle="")
    steps.drop(answer)
    return answer
