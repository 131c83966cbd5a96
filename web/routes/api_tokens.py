"""Tokens of the API: one's own, and for administrators everybody's, and the programs that have rights of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response
from pydantic import Field

from moderation import api_tokens
from store import api_tokens as rows
from store import people
from store.people import EVERY_AREA
from vocabulary import Role, Scope
from web.gate import ADMINISTERING
from web.routes.users import MORE, GrantFields, granted_by
from web.security import new_api_token, token_hash
from web.visit import LARGEST, Fields, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

DONE: Final = {
    "revoked": N_("The token is revoked: it opens nothing any more."),
    "service": N_("The service is there. Give it a token."),
    "ended": N_("The service has ended, and its tokens open nothing any more."),
    "nothing": N_("Nothing has changed."),
}
FAULTS: Final = {
    "name": N_("Say what the token is for."),
    "scopes": N_("Say what it may be used for."),
    "service_name": N_("Say what the service is called."),
    "username": N_("Small letters, digits, full stops and hyphens, beginning with a letter; and nobody else's."),
    "grants": N_("Give at least one role with a service area; a service does not administer."),
}


class TokenFields(Fields):
    """`owner` is the id of a service; the reader themselves where it is empty."""

    name: Text = ""
    owner: str = ""
    scopes: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    days: int = 90


class ServiceFields(GrantFields):
    username: Text = ""
    service_name: Text = ""


@router.get("/api-tokens", name="api_tokens")
def tokens(visit: SomeVisit, done: str = "") -> Response:
    return _page(visit, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/api-tokens", name="give_api_token")
def give(visit: SomeVisit, fields: Annotated[TokenFields, Form()]) -> Response:
    """A new token, shown this once."""
    scopes = [scope for scope in Scope if scope.value in fields.scopes]
    owner = _owner(visit, fields.owner)
    faults = [*([] if fields.name.strip() else ["name"]), *([] if scopes else ["scopes"])]
    if owner is None or fields.days not in api_tokens.LASTS:
        return visit.go("api-tokens", done="nothing")
    if faults:
        return _page(visit, faults=faults, typed=fields)
    token = new_api_token()
    kept = visit.store.write(
        lambda session: api_tokens.give(
            session,
            owner,
            token_hash(token),
            name=fields.name[: api_tokens.LONGEST_NAME],
            scopes=scopes,
            days=fields.days,
            actor=visit.actor,
            now=visit.now,
        )
    )
    back = f"/{visit.words.other}/api-tokens"
    return visit.page("api_token.html", token=token, kept=kept, scopes=scopes, toggle=back)


@router.post("/api-tokens/{token_id}/revoked", name="revoke_api_token")
def revoke(visit: SomeVisit, token_id: int) -> Response:
    """One's own token opens nothing any more; for administrators anybody's."""
    owner = None if _administers(visit) else visit.reader.user_id
    try:
        visit.store.write(
            lambda session: api_tokens.revoke(
                session, min(token_id, LARGEST), actor=visit.actor, now=visit.now, owner=owner
            )
        )
    except api_tokens.UnknownToken:
        return visit.go("api-tokens", done="nothing")
    return visit.go("api-tokens", done="revoked")


@router.post("/api-tokens/services", name="add_service")
def add_service(visit: SomeVisit, fields: Annotated[ServiceFields, Form()]) -> Response:
    """A program with rights of its own."""
    grants = granted_by(visit, fields)
    try:
        visit.store.write(
            lambda session: api_tokens.add_service(
                session,
                username=fields.username.strip(),
                full_name=fields.service_name,
                grants=grants or (),
                actor=visit.actor,
                now=visit.now,
            )
        )
    except api_tokens.ServiceRefused:
        return _page(visit, faults=["grants" if fields.service_name.strip() else "service_name"], service=fields)
    except (people.UserExists, people.UnfitUsername):
        return _page(visit, faults=["username"], service=fields)
    return visit.go("api-tokens", done="service")


@router.post("/api-tokens/services/{user_id}/ended", name="end_service")
def end_service(visit: SomeVisit, user_id: int) -> Response:
    try:
        visit.store.write(
            lambda session: api_tokens.end_service(session, min(user_id, LARGEST), actor=visit.actor, now=visit.now)
        )
    except api_tokens.UnknownToken:
        return visit.go("api-tokens", done="nothing")
    return visit.go("api-tokens", done="ended")


def _administers(visit: Visit) -> bool:
    return bool(visit.reader.roles() & ADMINISTERING)


def _owner(visit: Visit, written: str) -> int | None:
    """Whose the token will be: the reader's, or for administrators a service's; None for anybody else's."""
    if not written:
        return visit.reader.user_id
    with visit.store.read() as session:
        services = {str(each.id): each.id for each in rows.services(session) if each.active}
    return services.get(written) if _administers(visit) else None


def _page(
    visit: Visit,
    *,
    done: str = "",
    faults: Sequence[str] = (),
    typed: TokenFields | None = None,
    service: ServiceFields | None = None,
) -> Response:
    administers = _administers(visit)
    with visit.store.read() as session:
        everything = rows.everything(session, None if administers else visit.reader.user_id)
        services, granted = rows.services(session) if administers else (), people.all_grants(session)
    return visit.page(
        "api_tokens.html",
        status=422 if faults else 200,
        toggle=f"/{visit.words.other}/api-tokens",
        tokens=[
            (token, user, [Scope(each) for each in token.scopes if each in set(Scope)]) for token, user in everything
        ],
        opens=lambda token, user: token.opens(visit.now) and user.active,
        services=[(each, granted.get(each.id, [])) for each in services],
        administers=administers,
        scopes=tuple(Scope),
        lasts=api_tokens.LASTS,
        typed=typed or TokenFields(),
        service=service or ServiceFields(),
        every_role=tuple(role for role in Role if role not in ADMINISTERING),
        areas=visit.here.areas.slugs,
        every_area=EVERY_AREA,
        more=MORE,
        done=done,
        faults=[{"text": visit.words.gettext(FAULTS[each]), "href": f"#{each}"} for each in faults],
    )
