"""What an installation needs before it answers anybody: a list, ticked by what is there and never by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from vocabulary import Reason, Role
from words.names import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is there.  `connected` and `read` are accounts with a token and accounts that were collected from."""

    named: bool
    accounts: int
    connected: int
    read: int
    comments: bool
    areas: Collection[str]
    grants: Iterable[tuple[Role, str]]
    reachable: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.  `how` says what to type or where to go; `page` is where in the web app, if it is there."""

    done: bool
    what: Reason
    how: Reason
    page: str = ""


def steps(found: Found) -> tuple[Step, ...]:
    """All of them, in the order in which they are best done."""
    held = list(found.grants)
    everywhere = any(role is Role.OFFICER and area == "*" for role, area in held)
    staffed = {area for role, area in held if role is Role.OFFICER}
    missing = [] if everywhere else sorted(set(found.areas) - staffed)
    communications = any(role is Role.COMMUNICATIONS for role, _area in held)
    return (
        Step(
            found.named,
            Reason(N_("The body has its name, in both languages")),
            Reason(N_("Write [body] with cy and en in gwylio.toml, and start again.")),
        ),
        Step(
            communications,
            Reason(N_("Somebody is communications")),
            Reason(N_("They take escalations and agree to removals. Add them under Users.")),
            "users",
        ),
        Step(
            not missing,
            Reason(N_("Every service area has an officer")),
            Reason(N_("Still without anybody: {n}. Add officers under Users."), {"n": len(missing)}),
            "users",
        ),
        Step(
            found.accounts > 0,
            Reason(N_("An account is registered")),
            Reason(N_("Type: {command}"), {"command": "gwylio account add --help"}),
        ),
        Step(
            found.connected > 0 or found.comments,
            Reason(N_("An account is connected, or its comments are imported")),
            Reason(
                N_("Type: {command}"),
                {"command": "gwylio account connect ACCOUNT, gwylio import FILE --account ACCOUNT"},
            ),
        ),
        Step(
            found.read > 0 or found.comments,
            Reason(N_("Comments have been collected")),
            Reason(N_("The schedule does it by itself within minutes; the page Accounts says how it went.")),
            "accounts",
        ),
        Step(
            found.reachable,
            Reason(N_("Colleagues can be reached, by e-mail or on Teams")),
            Reason(N_("Write [mail] in gwylio.toml; then type: {command}"), {"command": "gwylio notices test"}),
        ),
    )
