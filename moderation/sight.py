"""Who opens a case: the roles that do, those that are only shown something of it, and what a restricted case asks.

Pure.  The gate in front of the pages and the messages to colleagues go by the same rule, so that nobody
is written to about a case that they could not open.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from vocabulary import Role

EVERY_AREA = "*"
SHOWN_ONLY = frozenset({Role.TRANSLATOR, Role.SAFEGUARDING, Role.LEGAL, Role.SENIOR})
"""Roles that open no case by themselves: they see what is put before them, on pages of their own."""
MAY_OPEN = frozenset({Role.OFFICER, Role.COMMUNICATIONS, Role.SAFEGUARDING})
"""Who opens a restricted case: officers of its area, communications, and safeguarding officers of every area."""


class Sight(StrEnum):
    """What somebody sees of a case: all of it, what is put before them, or that it is not there."""

    OPENS = "opens"
    SHOWN = "shown"
    NOTHING = "nothing"


def roles_in(grants: Collection[tuple[Role, str]], area: str) -> frozenset[Role]:
    """What these grants make somebody in one service area."""
    return frozenset(role for role, where in grants if where in (area, EVERY_AREA))


def opening(held: frozenset[Role], *, restricted: bool) -> frozenset[Role]:
    """Those of the roles somebody has in its area by which they open a case."""
    return held & MAY_OPEN if restricted else held - SHOWN_ONLY


def sight(held: frozenset[Role], *, restricted: bool) -> Sight:
    """What somebody with these roles in its area sees of a case."""
    if opening(held, restricted=restricted):
        return Sight.OPENS
    return Sight.SHOWN if held else Sight.NOTHING
