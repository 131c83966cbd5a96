"""The ways by which a message reaches a colleague, and what may go wrong on each.

A way either says that the message has been taken, or surely has not (`NotTaken`), or it does not
know (`NoAnswer`).  Only what surely was not taken is tried again by itself.  No error quotes what a
server said or an address: a webhook's address is a secret, and a mailbox is somebody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from moderation.notices import Said
from vocabulary import GwylioError


class ChannelError(GwylioError):
    """A message was not confirmed.  `what` is a word and a number, fit for a record."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the message was not confirmed: {what}")
        self.what = what


class NotTaken(ChannelError):
    """Nothing was delivered.  `for_good`: trying again will not help."""

    def __init__(self, what: str, *, for_good: bool = False) -> None:
        super().__init__(what)
        self.for_good = for_good


class OutOfReach(NotTaken):
    """The way itself is shut (no connection, sign-in refused): the other messages wait for the next round."""


class NoAnswer(ChannelError):
    """The message had left when the line broke; nobody knows whether it was taken."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way.  `to` is a mailbox or the address of a webhook; `key` is the same at every attempt."""

    to: str
    said: Sequence[Said]
    key: str
    at: datetime


class Channel(Protocol):
    """A way to people."""

    def send(self, letter: Letter) -> None:
        """Hand the message over.

        Raises:
            NotTaken, OutOfReach, NoAnswer: as they say.
        """
        ...

    def knock(self) -> None:
        """See that the way is open, without sending anything.

        Raises:
            OutOfReach: it is not.
        """
        ...


class Kept:
    """Sends nothing: the message stays where it can be read, on its page."""

    def send(self, letter: Letter) -> None:
        return

    def knock(self) -> None:
        return
