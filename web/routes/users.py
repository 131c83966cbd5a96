"""Members of staff, for administrators: who there is, what they may do where, and how they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response
from pydantic import Field

from moderation import second_factor, staff
from pipeline import inviting
from settings import MAILBOX
from store import accounts, identities, people, second_factors
from store import register as rows
from store.people import EVERY_AREA, UserRow
from vocabulary import Role
from web.gate import NotThere
from web.pages import NAMES
from web.security import new_token, token_hash
from web.visit import Fields, SomeVisit, Text, Visit
from words import Screen
from words.names import N_

router = APIRouter(prefix="/{language}")

MORE: Final = 3
"""How many roles more can be given at once."""
LARGEST_ID: Final = 2**53
DONE: Final[Mapping[str, str]] = {
    "email": N_("Kept."),
    "grants": N_("Kept. They sign in again, and see what they may do now."),
    "left": N_("They can no longer sign in, and are signed out everywhere."),
    "back": N_("They may sign in again."),
    "factor": N_("The second factor is taken away. They enrol another when they sign in."),
    "nothing": N_("Nothing has changed."),
}
FAULTS: Final[Mapping[str, str]] = {
    "username": N_("Small letters, digits, full stops and hyphens, beginning with a letter; and nobody else's."),
    "name": N_("Say what they are called."),
    "email": N_("That is no e-mail address."),
    "grants": N_("Give at least one role, each with a service area."),
    "own": N_("What you may do yourself is for another administrator to decide."),
    "last": N_("This is the last administrator. Make somebody else one first."),
}


class GrantFields(Fields):
    """`kept` are grants as `role:area`; `role` and `area` go by pairs, a pair without a role is none."""

    kept: Annotated[tuple[Text, ...], Field(max_length=200)] = ()
    role: Annotated[tuple[Text, ...], Field(max_length=MORE)] = ()
    area: Annotated[tuple[Text, ...], Field(max_length=MORE)] = ()


class AddFields(GrantFields):
    username: Text = ""
    name: Text = ""
    email: Text = ""
    written_in: Screen = "cy"


class EmailFields(Fields):
    email: Text


class ActiveFields(Fields):
    active: Literal["yes", "no"]


@router.get("/users", name="users")
def users(visit: SomeVisit) -> Response:
    return _list(visit)


@router.post("/users", name="add_user")
def add_user(visit: SomeVisit, fields: Annotated[AddFields, Form()]) -> Response:
    """Somebody new, who comes in by a link."""
    email, grants = fields.email.strip(), granted_by(visit, fields)
    wrong = [
        *(["name"] if not fields.name.strip() else []),
        *(["email"] if email and not MAILBOX.fullmatch(email) else []),
        *(["grants"] if not grants else []),
    ]
    if wrong or grants is None:
        return _list(visit, faults=wrong or ["grants"], typed=fields)
    try:
        user = visit.store.write(
            lambda session: staff.add(
                session,
                username=fields.username.strip(),
                full_name=fields.name,
                email=email,
                language=fields.written_in,
                grants=grants,
                actor=visit.actor,
                now=visit.now,
            )
        )
    except (people.UserExists, people.UnfitUsername):
        return _list(visit, faults=["username"], typed=fields)
    return _invite(visit, user)


@router.get("/users/{user_id}", name="user")
def user_page(visit: SomeVisit, user_id: int, done: str = "") -> Response:
    said = visit.words.gettext(DONE[done]) if done in DONE else ""
    return _one(visit, _user(visit, user_id), done=said)


@router.post("/users/{user_id}/email", name="user_email")
def user_email(visit: SomeVisit, user_id: int, fields: Annotated[EmailFields, Form()]) -> Response:
    user, email = _user(visit, user_id), fields.email.strip()
    if email and not MAILBOX.fullmatch(email):
        return _one(visit, user, fault="email")
    visit.store.write(lambda session: staff.change_email(session, user.id, email, actor=visit.actor, now=visit.now))
    return visit.go(f"users/{user.id}", done="email")


@router.post("/users/{user_id}/grants", name="user_grants")
def user_grants(visit: SomeVisit, user_id: int, fields: Annotated[GrantFields, Form()]) -> Response:
    """What somebody may do from now on: what was left ticked, and what was added."""
    user, grants = _user(visit, user_id), granted_by(visit, fields)
    if not grants:
        return _one(visit, user, fault="grants")
    try:
        changed = visit.store.write(
            lambda session: staff.change_grants(session, user.id, grants, actor=visit.actor, now=visit.now)
        )
    except staff.OwnRights:
        return _one(visit, user, fault="own")
    except staff.LastAdministrator:
        return _one(visit, user, fault="last")
    return visit.go(f"users/{user.id}", done="grants" if changed else "nothing")


@router.post("/users/{user_id}/active", name="user_active")
def user_active(visit: SomeVisit, user_id: int, fields: Annotated[ActiveFields, Form()]) -> Response:
    """Somebody has left, or is back."""
    user, active = _user(visit, user_id), fields.active == "yes"
    try:
        visit.store.write(
            lambda session: staff.change_active(session, user.id, active=active, actor=visit.actor, now=visit.now)
        )
    except staff.OwnRights:
        return _one(visit, user, fault="own")
    except staff.LastAdministrator:
        return _one(visit, user, fault="last")
    return visit.go(f"users/{user.id}", done="back" if active else "left")


@router.post("/users/{user_id}/invite", name="user_invite")
def user_invite(visit: SomeVisit, user_id: int) -> Response:
    """A link by which they choose a password: for somebody new, or who has forgotten theirs."""
    user = _user(visit, user_id)
    return _invite(visit, user) if user.active else _one(visit, user)


@router.post("/users/{user_id}/second-factor", name="user_factor")
def user_factor(visit: SomeVisit, user_id: int) -> Response:
    """Their telephone is lost, and they have no recovery code left."""
    user = _user(visit, user_id)
    gone = visit.store.write(lambda session: second_factor.reset(session, user.id, actor=visit.actor, now=visit.now))
    return visit.go(f"users/{user.id}", done="factor" if gone else "nothing")


def _user(visit: Visit, user_id: int) -> UserRow:
    """The member of staff with this id.

    Raises:
        NotThere: there is none.
    """
    with visit.store.read() as session:
        found = session.get(UserRow, user_id) if 0 < user_id < LARGEST_ID else None
    if found is None or found.service:
        raise NotThere
    return found


def granted_by(visit: Visit, fields: GrantFields) -> list[tuple[Role, str]] | None:
    """What a form gives; None where it names no role or area of ours."""
    new = [f"{role}:{area or EVERY_AREA}" for role, area in zip(fields.role, fields.area, strict=False) if role]
    found = []
    for each in (*fields.kept, *new):
        role, _, area = each.partition(":")
        if role not in set(Role) or (area not in visit.here.areas.slugs and area != EVERY_AREA):
            return None
        found.append((Role(role), area))
    return found


def _invite(visit: Visit, user: UserRow) -> Response:
    """A new link: mailed where that can be done, and else shown to whoever asked, once."""
    token = new_token()
    until = visit.store.write(
        lambda session: staff.invite(session, user.id, token_hash(token), actor=visit.actor, now=visit.now)
    )
    base = visit.here.settings.public_url or str(visit.request.base_url).rstrip("/")
    language: Screen = "cy" if user.language == "cy" else "en"
    link = f"{base}/{language}/invitation/{token}"
    said = staff.invitation(link, until, language)
    mailed = bool(user.email) and inviting.mailed(visit.here.settings, user.email, said, now=visit.now)
    return visit.page("invited.html", user=user, link="" if mailed else link, until=until, toggle="")


def _list(visit: Visit, *, faults: Sequence[str] = (), typed: AddFields | None = None) -> Response:
    with visit.store.read() as session:
        everyone, granted = people.everyone(session), people.all_grants(session)
        factors, outside = second_factors.everybody(session), identities.everybody(session)
    must = visit.here.settings.sign_in.second_factor
    return visit.page(
        "users.html",
        status=422 if faults else 200,
        users=[
            (user, granted.get(user.id, []), user.id in factors, user.id in outside)
            for user in sorted(everyone, key=lambda each: (not each.active, each.full_name, each.id))
        ],
        no_password=staff.NO_PASSWORD,
        lacking={
            user.id
            for user in everyone
            if user.active
            and user.id not in factors | outside
            and second_factor.needed([role for role, _ in granted.get(user.id, [])], must)
        },
        waived=not must,
        languages=NAMES,
        typed=typed or AddFields(written_in=visit.words.language),
        faults=[{"text": visit.words.gettext(FAULTS[each]), "href": f"#{each}"} for each in faults],
        **_choices(visit),
    )


def _one(visit: Visit, user: UserRow, *, done: str = "", fault: str = "") -> Response:
    with visit.store.read() as session:
        granted = [(row.role, row.area) for row in people.grants(session, user.id)]
        factor = second_factors.of(session, user.id)
        outside = user.id in identities.everybody(session)
        known = {each.id: each for each in accounts.everyone(session)}
        held = staff.held_by(user.full_name, rows.administrators(session), known)
    return visit.page(
        "user.html",
        status=422 if fault else 200,
        toggle=f"/{visit.words.other}/users/{user.id}",
        user=user,
        granted=granted,
        factor=factor,
        outside=outside,
        own=user.id == visit.reader.user_id,
        held=held if not user.active else (),
        no_password=staff.NO_PASSWORD,
        faults=[{"text": visit.words.gettext(FAULTS[fault]), "href": f"#{fault}"}] if fault else (),
        done=done,
        **_choices(visit),
    )


def _choices(visit: Visit) -> dict[str, object]:
    return {"every_role": list(Role), "areas": sorted(visit.here.areas.slugs), "more": MORE, "every_area": EVERY_AREA}
