"""Single keys, as a table: what each does, where, and which key it is until its reader chooses another.

A page marks what an act means on it with `data-act`; a key whose act is not on the page does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from words.names import N_


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One act that a key does; `where` is the heading under which the list of keys has it."""

    act: str
    key: str
    text: str
    where: str


EVERYWHERE: Final = N_("On every page")
IN_THE_QUEUE: Final = N_("In the queue")
IN_A_CASE: Final = N_("In a case")

SHORTCUTS: Final = (
    Shortcut("keys", "?", N_("Show these keys"), EVERYWHERE),
    Shortcut("find", "/", N_("Search, or find an act by its name"), EVERYWHERE),
    Shortcut("queue", "u", N_("To the queue"), EVERYWHERE),
    Shortcut("messages", "m", N_("To your messages"), EVERYWHERE),
    Shortcut("undo", "z", N_("Undo your last act on several cases"), EVERYWHERE),
    Shortcut("down", "j", N_("To the next case of the list"), IN_THE_QUEUE),
    Shortcut("up", "k", N_("To the case before it"), IN_THE_QUEUE),
    Shortcut("open", "o", N_("Open the case"), IN_THE_QUEUE),
    Shortcut("tick", "x", N_("Tick the case"), IN_THE_QUEUE),
    Shortcut("show", ".", N_("Show what is new"), IN_THE_QUEUE),
    Shortcut("reply", "r", N_("Write the answer"), IN_A_CASE),
    Shortcut("acknowledge", "a", N_("Write a holding reply, which acknowledges"), IN_A_CASE),
    Shortcut("assign", "s", N_("Assign"), IN_A_CASE),
    Shortcut("hand_over", "d", N_("Hand over to another service area"), IN_A_CASE),
    Shortcut("escalate", "e", N_("Escalate"), IN_A_CASE),
    Shortcut("hide", "h", N_("Ask for a comment to be hidden"), IN_A_CASE),
    Shortcut("translate", "t", N_("Ask for a translation"), IN_A_CASE),
    Shortcut("note", "n", N_("Add a note"), IN_A_CASE),
    Shortcut("close", "c", N_("Close the case"), IN_A_CASE),
    Shortcut("next", "]", N_("To the next case of the queue"), IN_A_CASE),
)


def keys(chosen: Mapping[str, str]) -> dict[str, str]:
    """The key of each act, with those that its reader chose instead."""
    return {each.act: chosen.get(each.act, each.key) for each in SHORTCUTS}


def chosen(wished: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The keys that differ from ours, and those that will not do: not one sign, or one sign for two acts."""
    wishes = {each.act: wished.get(each.act, each.key).strip() or each.key for each in SHORTCUTS}
    taken = Counter(wishes.values())
    odd = [key for key in dict.fromkeys(wishes.values()) if len(key) != 1 or not key.isprintable() or taken[key] > 1]
    return {each.act: wishes[each.act] for each in SHORTCUTS if wishes[each.act] != each.key}, odd
