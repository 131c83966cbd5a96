"""A process that renews one token when it is told to, and may end itself once the platform has answered.

    python -m tests.token_driver FOLDER BASE_URL NOW SLUG [dies]

It says `ready`, waits for a line on standard input, and answers `True`, `False` or the name of an error.
With `dies` its second write never happens: the lease is taken, the platform has answered, and it is gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import opening
from pipeline import tokens
from store.database import Store
from tests.consents import settings_of
from vocabulary import GwylioError

GONE = 9


@dataclass
class EndsInstead:
    """A store that writes once; then the process is no more."""

    store: Store
    written: int = 0

    def read(self) -> Any:
        return self.store.read()

    def write(self, act: Callable[[Any], Any]) -> Any:
        if self.written:
            os._exit(GONE)
        self.written += 1
        return self.store.write(act)


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(folder: str, base_url: str, now: str, slug: str, dies: str = "") -> None:
    with opening.installation(settings_of(Path(folder), base_url)) as opened:
        here = replace(opened, store=EndsInstead(opened.store)) if dies else opened  # type: ignore[arg-type]
        say("ready")
        sys.stdin.readline()
        try:
            say(str(tokens.renew(here, slug, now=datetime.fromisoformat(now))))
        except GwylioError as error:
            say(type(error).__name__)


if __name__ == "__main__":
    main(*sys.argv[1:])
