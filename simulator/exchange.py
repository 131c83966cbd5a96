"""What a request and its answer are, between the server and the pretend platforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, without its token's letters: `token` is looked up and never stored.

    `query` has the last value of each name, `pairs` all of them in order.  `form` is the body, of a
    form or a JSON object.  `headers` are in lower case, and hold no token.  `oauth` is what OAuth 1 signs with.
    `raw_query` is the query as it was sent, for a platform to which an escaped bracket is no bracket.
    """

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, Any]
    token: str = field(default="", repr=False)
    pairs: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    oauth: Mapping[str, str] = field(default_factory=dict, repr=False)
    raw_query: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """The path, and the method that is called there on a platform that has them all under one path."""
        method = self.query.get("method") or self.form.get("method")
        return f"{self.path}?method={method}" if method else self.path


@dataclass(frozen=True, slots=True)
class Written:
    """A reply that was published, for the log that proves it happened once."""

    account: str
    native_id: str
    in_reply_to: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.  `payload` becomes JSON; `body` replaces it when a fault wants other bytes.

    `cut` announces more bytes than are sent.  `written` is what the request published.
    """

    status: int
    payload: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str | None = "application/json; charset=utf-8"
    cut: bool = False
    written: Written | None = None
