"""The life of a removal, as a table.

Read TRANSITIONS top to bottom and you know what may be done.  A pair that is absent is refused.
The buttons of a removal's page and docs/reference/removals.md are drawn from it.

A state says what has been decided.  What is still to be done about it on the platform is kept beside
it, since a platform may fail or refuse, and a person then does it there.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from vocabulary import GwylioError, RemovalState


class RemovalAct(StrEnum):
    """What may happen to a removal."""

    HIDE_FIRST = "hide_first"
    AGREE = "agree"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    CARRY_OUT = "carry_out"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    UNDO = "undo"


A, S = RemovalAct, RemovalState

# fmt: off
TRANSITIONS = MappingProxyType({
    (S.REQUESTED, A.HIDE_FIRST): S.HIDDEN,     # the policy and what was seen let it be hidden before anybody agrees
    (S.REQUESTED, A.AGREE):      S.REQUESTED,  # one of those who must agree; another is still to come
    (S.REQUESTED, A.APPROVE):    S.APPROVED,   # the last of them
    (S.REQUESTED, A.REFUSE):     S.REFUSED,
    (S.REQUESTED, A.WITHDRAW):   S.WITHDRAWN,  # whoever asked thought again
    (S.HIDDEN,    A.AGREE):      S.HIDDEN,
    (S.HIDDEN,    A.APPROVE):    S.APPROVED,
    (S.HIDDEN,    A.REFUSE):     S.REFUSED,    # and is shown again
    (S.HIDDEN,    A.WITHDRAW):   S.WITHDRAWN,  # the same
    (S.APPROVED,  A.CARRY_OUT):  S.REMOVED,
    (S.APPROVED,  A.UNDO):       S.UNDONE,
    (S.REMOVED,   A.APPEAL):     S.APPEALED,
    (S.REMOVED,   A.UNDO):       S.UNDONE,
    (S.APPEALED,  A.UPHOLD):     S.UPHELD,     # it stays down
    (S.APPEALED,  A.OVERTURN):   S.UNDONE,
    (S.UPHELD,    A.UNDO):       S.UNDONE,
})
# fmt: on

AWAITING = frozenset({S.REQUESTED, S.HIDDEN})
"""Somebody must still agree."""
STANDING = frozenset({S.REQUESTED, S.HIDDEN, S.APPROVED, S.REMOVED, S.APPEALED, S.UPHELD})
"""A comment has one of these at most; in the other states another may be asked for."""

NEXT_TO_MOVE = MappingProxyType(
    {
        S.REQUESTED: "whoever must agree",
        S.HIDDEN: "whoever must agree",
        S.APPROVED: "the platform, or a person who does it there",
        S.REMOVED: "nobody, unless the author appeals",
        S.REFUSED: "nobody",
        S.WITHDRAWN: "nobody",
        S.APPEALED: "somebody who neither asked nor agreed",
        S.UPHELD: "nobody",
        S.UNDONE: "nobody",
    }
)


class IllegalRemoval(GwylioError):
    """The table has no such row; `allowed` is what may be done instead."""

    def __init__(self, state: RemovalState, act: RemovalAct) -> None:
        self.state, self.act, self.allowed = state, act, allowed_from(state)
        others = ", ".join(self.allowed) or "nothing"
        super().__init__(f"cannot {act} a removal that is {state}; allowed: {others}")


def next_state(state: RemovalState, act: RemovalAct) -> RemovalState:
    """The state that `act` leads to.

    Raises:
        IllegalRemoval: it may not be done to a removal in this state.
    """
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise IllegalRemoval(state, act) from None


def allowed_from(state: RemovalState) -> tuple[RemovalAct, ...]:
    """What may be done, in the order of the table."""
    return tuple(act for here, act in TRANSITIONS if here is state)


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    arrows = (f"    {here} --> {there}: {act}" for (here, act), there in TRANSITIONS.items())
    ends = (f"    {state} --> [*]" for state in S if not allowed_from(state))
    return "\n".join(["stateDiagram-v2", f"    [*] --> {S.REQUESTED}", *arrows, *ends])


def page() -> str:
    """docs/reference/removals.md."""
    who = "\n".join(f"| `{state}` | {mover} |" for state, mover in NEXT_TO_MOVE.items())
    rows = "\n".join(
        f"| `{state}` | " + ", ".join(f"{act} → `{TRANSITIONS[state, act]}`" for act in allowed_from(state)) + " |"
        for state in S
    )
    return PAGE.format(who=who, rows=rows, diagram=diagram())


PAGE = """\
# The life of a removal

Generated from `moderation/removal_life.py`. To renew it:

    python -c "from moderation import removal_life; print(removal_life.page(), end='')" > docs/reference/removals.md

A comment is hidden or deleted only because a person asked, by a rule of the policy and with a reason. Evidence of it is
kept first. What is owed on the platform stands beside the state: where the platform does not do it, a person does it
there and records it.

| state | who must move next |
|---|---|
{who}

| from | what may be done, and where it leads |
|---|---|
{rows}

```mermaid
{diagram}
```
"""
