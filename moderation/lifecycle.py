"""The life of a case, as a table.

Read TRANSITIONS top to bottom and you know what may be done.  A pair that is absent is refused.
The buttons of a case's page and docs/reference/lifecycle.md are drawn from it.

The first act on a received case need not be to assign it: whoever answers, escalates or closes it
has taken it up.  An answered case takes another answer, so that a reply which a platform confirms
late finds its place; the clock stopped at the first.
"""

from __future__ import annotations

from types import MappingProxyType

from vocabulary import Act, GwylioError, State

# fmt: off
TRANSITIONS = MappingProxyType({
    (State.RECEIVED,             Act.ASSIGN):          State.ASSIGNED,
    (State.RECEIVED,             Act.ASK_TRANSLATION): State.AWAITING_TRANSLATION,
    (State.RECEIVED,             Act.ASK_AUTHOR):      State.AWAITING_AUTHOR,
    (State.RECEIVED,             Act.ESCALATE):        State.ESCALATED,
    (State.RECEIVED,             Act.ANSWER):          State.ANSWERED,
    (State.RECEIVED,             Act.CLOSE):           State.CLOSED,                # thanks, spam: no answer is owed
    (State.ASSIGNED,             Act.ASSIGN):          State.ASSIGNED,              # handed to another area or officer
    (State.ASSIGNED,             Act.ASK_TRANSLATION): State.AWAITING_TRANSLATION,
    (State.ASSIGNED,             Act.ASK_AUTHOR):      State.AWAITING_AUTHOR,
    (State.ASSIGNED,             Act.ESCALATE):        State.ESCALATED,
    (State.ASSIGNED,             Act.ANSWER):          State.ANSWERED,
    (State.ASSIGNED,             Act.CLOSE):           State.CLOSED,
    (State.AWAITING_TRANSLATION, Act.TRANSLATED):      State.ASSIGNED,
    (State.AWAITING_TRANSLATION, Act.WITHDRAW_TRANSLATION): State.ASSIGNED,         # it is no longer needed
    (State.AWAITING_TRANSLATION, Act.ASSIGN):          State.AWAITING_TRANSLATION,  # another owner; the request stands
    (State.AWAITING_TRANSLATION, Act.ESCALATE):        State.ESCALATED,
    (State.AWAITING_TRANSLATION, Act.ANSWER):          State.ANSWERED,
    (State.AWAITING_TRANSLATION, Act.CLOSE):           State.CLOSED,
    (State.AWAITING_AUTHOR,      Act.AUTHOR_REPLIED):  State.ASSIGNED,
    (State.AWAITING_AUTHOR,      Act.ASSIGN):          State.AWAITING_AUTHOR,       # another owner; the question stands
    (State.AWAITING_AUTHOR,      Act.ESCALATE):        State.ESCALATED,
    (State.AWAITING_AUTHOR,      Act.ANSWER):          State.ANSWERED,
    (State.AWAITING_AUTHOR,      Act.CLOSE):           State.CLOSED,                # the author never came back
    (State.ESCALATED,            Act.RETURN):          State.ASSIGNED,              # communications hand it back
    (State.ESCALATED,            Act.ASSIGN):          State.ESCALATED,             # another owner; it stays escalated
    (State.ESCALATED,            Act.ASK_TRANSLATION): State.AWAITING_TRANSLATION,
    (State.ESCALATED,            Act.ASK_AUTHOR):      State.AWAITING_AUTHOR,
    (State.ESCALATED,            Act.ANSWER):          State.ANSWERED,
    (State.ESCALATED,            Act.CLOSE):           State.CLOSED,
    (State.ANSWERED,             Act.ANSWER):          State.ANSWERED,
    (State.ANSWERED,             Act.CLOSE):           State.CLOSED,
    (State.ANSWERED,             Act.REOPEN):          State.ASSIGNED,              # the author wrote again
    (State.CLOSED,               Act.REOPEN):          State.ASSIGNED,
})
# fmt: on

# The states in which an answer, where one is owed, has not been given.
ANSWER_OWED = frozenset(
    {State.RECEIVED, State.ASSIGNED, State.AWAITING_TRANSLATION, State.AWAITING_AUTHOR, State.ESCALATED}
)

# Who must move next.
NEXT_TO_MOVE = MappingProxyType(
    {
        State.RECEIVED: "the service area, or communications",
        State.ASSIGNED: "the officer who owns it",
        State.AWAITING_TRANSLATION: "the translators",
        State.AWAITING_AUTHOR: "the person who wrote",
        State.ESCALATED: "communications",
        State.ANSWERED: "nobody, unless the author writes again; an officer closes it",
        State.CLOSED: "nobody",
    }
)


class IllegalTransition(GwylioError):
    """The table has no such row; `allowed` is what may be done instead."""

    def __init__(self, state: State, act: Act) -> None:
        self.state, self.act, self.allowed = state, act, allowed_from(state)
        super().__init__(f"cannot {act} a case that is {state}; allowed: {', '.join(self.allowed)}")


def next_state(state: State, act: Act) -> State:
    """The state that `act` leads to.

    Raises:
        IllegalTransition: it may not be done to a case in this state.
    """
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise IllegalTransition(state, act) from None


def allowed_from(state: State) -> tuple[Act, ...]:
    """The buttons to draw on a case's page, in the order of the table."""
    return tuple(act for here, act in TRANSITIONS if here is state)


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    arrows = (f"    {here} --> {there}: {act}" for (here, act), there in TRANSITIONS.items())
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.RECEIVED}", *arrows, f"    {State.CLOSED} --> [*]"])


def page() -> str:
    """docs/reference/lifecycle.md."""
    who = "\n".join(f"| `{state}` | {mover} |" for state, mover in NEXT_TO_MOVE.items())
    rows = "\n".join(
        f"| `{state}` | " + ", ".join(f"{act} → `{TRANSITIONS[state, act]}`" for act in allowed_from(state)) + " |"
        for state in State
    )
    return PAGE.format(who=who, rows=rows, diagram=diagram())


PAGE = """\
# The life of a case

Generated from `moderation/lifecycle.py`. To renew it:

    python -c "from moderation import lifecycle; print(lifecycle.page(), end='')" > docs/reference/lifecycle.md

A state says who must move next. Acknowledging, hiding, noting and tagging do not change the state.

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
