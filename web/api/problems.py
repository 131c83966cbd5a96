"""What is said when a call is not answered: RFC 9457, with a type that stays and words in the caller's language."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from moderation import queue, replies
from moderation.lifecycle import IllegalTransition
from vocabulary import Act, GwylioError
from web.api.access import NoToken, Restricted, ScopeMissing, TooManyCalls, language_of
from web.gate import NotAllowed, NotThere
from web.routes.cases import MATTERS_RUN, NOT_SENT, OUT_OF_REACH
from web.security import HEADERS, KEEP_NOTHING
from words import Words
from words.names import N_

log = structlog.get_logger("gwylio.web")

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:gwylio:problem:"
IF_MATCH: Final = "if-match"
IDEMPOTENCY_KEY: Final = "idempotency-key"


class Kind(NamedTuple):
    """One kind of problem.  `slug` is the end of its type and never changes."""

    status: int
    slug: str
    title: str
    text: str


NO_TOKEN: Final = Kind(
    401, "no-token", N_("A token is needed"), N_("No token came, or it has run out, was revoked or never was one.")
)
SCOPE_MISSING: Final = Kind(
    403, "scope-missing", N_("The token is not for this"), N_("It would need the scope {scope}.")
)
NOT_ALLOWED: Final = Kind(
    403, "not-allowed", N_("Not allowed"), N_("Your role does not allow this. Ask a colleague who may do it.")
)
RESTRICTED: Final = Kind(
    403,
    "restricted-case",
    N_("The case is restricted"),
    N_("It is opened with a purpose, which a person gives on its page; the API cannot give one."),
)
NOT_THERE: Final = Kind(
    404, "not-there", N_("Not found"), N_("It does not exist, or it belongs to a service area that is not yours.")
)
WRONG_METHOD: Final = Kind(
    405, "wrong-method", N_("Not found"), N_("There is nothing at this address that can be asked for in this way.")
)
NOT_POSSIBLE: Final = Kind(
    409,
    "not-possible-now",
    N_("This can no longer be done"),
    N_("The case has moved on. Nothing has been done; look at it again and decide anew."),
)
MATTER_RUNS: Final = Kind(409, "matter-runs", N_("This can no longer be done"), MATTERS_RUN)
NO_REPLY: Final = Kind(409, "no-reply-possible", N_("The reply has not been sent"), OUT_OF_REACH)
STALE: Final = Kind(
    412,
    "stale-case",
    N_("Somebody moved this case while you were reading"),
    N_("Nothing has been done. Look at the case again and decide anew."),
)
TOO_LARGE: Final = Kind(413, "too-large", N_("This is too much at once"), N_("Nothing has been kept."))
NOT_READ: Final = Kind(
    422, "not-readable", N_("The call could not be read"), N_("Nothing has been done. See what is wrong, one by one.")
)
REPLY_REFUSED: Final = Kind(
    422,
    "reply-refused",
    N_("The reply has not been sent"),
    N_("See what stands in its way. Where that can be overridden, say why; the reason is kept and counted."),
)
KEY_USED: Final = Kind(
    422,
    "idempotency-key-used",
    N_("The idempotency key was used for something else"),
    N_("Nothing has been done. Choose a new key for each thing that is to be done once."),
)
NO_KEY: Final = Kind(
    400,
    "idempotency-key-missing",
    N_("An idempotency key is needed"),
    N_("Nothing has been done. Choose a key, and send it again with the same one where no answer came."),
)
NO_VERSION: Final = Kind(
    428,
    "version-missing",
    N_("Say which version you have seen"),
    N_("Nothing has been done. Send the ETag of the case as If-Match."),
)
TOO_MANY: Final = Kind(
    429,
    "too-many-calls",
    N_("Too many calls"),
    N_("Nothing has been done. Seconds to wait before another try: {seconds}."),
)
OURS: Final = Kind(
    500,
    "our-fault",
    N_("Something went wrong on our side"),
    N_("It has been written down under the reference {reference}. Try again; if it stays so, tell your administrator."),
)
KINDS: Final = (
    NO_KEY, NO_TOKEN, SCOPE_MISSING, NOT_ALLOWED, RESTRICTED, NOT_THERE, WRONG_METHOD, NOT_POSSIBLE, MATTER_RUNS,
    NO_REPLY, STALE, TOO_LARGE, NOT_READ, REPLY_REFUSED, KEY_USED, NO_VERSION, TOO_MANY, OURS,
)  # fmt: skip

SAID: Final[Mapping[str, str]] = {
    "missing": N_("this is missing"),
    "extra_forbidden": N_("nobody asks for this"),
    "enum": N_("this is not one of the words that are taken here"),
    "literal_error": N_("this is not one of the words that are taken here"),
    "string_too_long": N_("this is too long"),
    "string_too_short": N_("this is too short"),
    "json_invalid": N_("this is not JSON"),
    "no-reason": N_("say why, in your own words"),
    "no-outcome": N_("choose an outcome of the policy and say why the case is closed"),
    "unknown-area": N_("no service area is called that"),
    "unknown-officer": N_("nobody there can be given a case"),
    "unknown-week": N_("no such week, or it has not begun"),
    "unknown-finding": N_("that cannot be said of it"),
}
"""What is wrong with a part of a call, by its code; ODD for any other."""
ODD: Final = N_("this cannot be read as what it should be")


class Fault(BaseModel):
    """One thing that is wrong with a call."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where it stands, such as `body.reason`.", examples=["body.reason"])
    code: str = Field(description="Which rule it breaks, for programs.", examples=["missing"])
    says: str = Field(description="The same for people.", examples=["this is missing"])
    overridable: bool = Field(default=False, description="Whether a reason in `exception` overrides it.")


class Problem(BaseModel):
    """Why a call was not answered (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(
        description="Which kind of problem, for programs; it never changes.", examples=[TYPE + STALE.slug]
    )
    title: str = Field(description="The kind in a few words.", examples=[STALE.title])
    status: int = Field(description="The HTTP status.", examples=[STALE.status])
    detail: str = Field(description="What it means here, and what to do.", examples=[STALE.text])
    errors: list[Fault] = Field(default=[], description="What is wrong, one by one.")
    allowed: list[Act] = Field(default=[], description="What may be done to the case instead.")
    reference: str = Field(default="", description="What to look for in the log, where the fault is ours.")


class Refused(GwylioError):
    """A call that is well formed and says what cannot be."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


class KeyUsed(GwylioError):
    """An idempotency key that stands for something else."""


BY_ERROR: Final[Mapping[type[Exception], Kind]] = {
    NoToken: NO_TOKEN,
    Restricted: RESTRICTED,
    NotAllowed: NOT_ALLOWED,
    NotThere: NOT_THERE,
    queue.UnknownCase: NOT_THERE,
    queue.StaleCase: STALE,
    queue.MattersRun: MATTER_RUNS,
    KeyUsed: KEY_USED,
}
BY_STATUS: Final[Mapping[int, Kind]] = {400: NOT_READ, 404: NOT_THERE, 405: WRONG_METHOD, 413: TOO_LARGE}


def handlers(api: FastAPI) -> None:
    """Let every error of a call be told as a problem."""
    for kind in BY_ERROR:
        api.add_exception_handler(kind, _known)
    for error, handler in (
        (ScopeMissing, _scope_missing),
        (TooManyCalls, _too_many),
        (IllegalTransition, _not_possible),
        (queue.ClosingRefused, _no_outcome),
        (queue.ReasonNeeded, _no_reason),
        (queue.NotCorrectable, _not_correctable),
        (replies.ReplyRefused, _reply_refused),
        (Refused, _refused),
        (RequestValidationError, _not_read),
        (HTTPException, _of_status),
        (Exception, _ours),
    ):
        api.add_exception_handler(error, handler)


def no_reply(request: Request, error: GwylioError) -> Response:
    """Why a reply cannot leave, whatever it says."""
    return tell(request, NO_REPLY._replace(text=NOT_SENT.get(type(error), OUT_OF_REACH)))


def tell(
    request: Request,
    kind: Kind,
    *,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    **values: Any,
) -> Response:
    words = Words(language_of(request))
    problem = Problem(
        type=TYPE + kind.slug,
        title=words.gettext(kind.title),
        status=kind.status,
        detail=words.gettext(kind.text, **values),
        errors=list(errors),
        **(more or {}),
    )
    # ASCII: what came may hold halves of characters, which no other encoding takes.
    body = json.dumps(problem.model_dump(mode="json", exclude_defaults=True), ensure_ascii=True)
    return Response(
        body,
        kind.status,
        {"content-language": words.language, "vary": "accept-language", **(headers or {})},
        MEDIA_TYPE,
    )


def _known(request: Request, error: Exception) -> Response:
    kind = next(kind for known, kind in BY_ERROR.items() if isinstance(error, known))
    return tell(request, kind, headers={"www-authenticate": "Bearer"} if kind is NO_TOKEN else None)


def _scope_missing(request: Request, error: Exception) -> Response:
    return tell(request, SCOPE_MISSING, scope=error.scope.value if isinstance(error, ScopeMissing) else "")


def _too_many(request: Request, error: Exception) -> Response:
    seconds = error.seconds if isinstance(error, TooManyCalls) else 1
    return tell(request, TOO_MANY, headers={"retry-after": str(seconds)}, seconds=seconds)


def _not_possible(request: Request, error: Exception) -> Response:
    allowed = error.allowed if isinstance(error, IllegalTransition) else ()
    return tell(request, NOT_POSSIBLE, more={"allowed": list(allowed)})


def _no_outcome(request: Request, _error: Exception) -> Response:
    return _faulty(request, "body.outcome", "no-outcome")


def _no_reason(request: Request, _error: Exception) -> Response:
    return _faulty(request, "body.reason", "no-reason")


def _not_correctable(request: Request, _error: Exception) -> Response:
    return _faulty(request, "body.says", "unknown-finding")


def _refused(request: Request, error: Exception) -> Response:
    return _faulty(request, error.field, error.code) if isinstance(error, Refused) else _ours(request, error)


def _faulty(request: Request, field: str, code: str) -> Response:
    says = Words(language_of(request)).gettext(SAID[code])
    return tell(request, NOT_READ, errors=[Fault(field=field, code=code, says=says)])


def _reply_refused(request: Request, error: Exception) -> Response:
    objections = error.objections if isinstance(error, replies.ReplyRefused) else ()
    return tell(request, REPLY_REFUSED, errors=[fault_of(Words(language_of(request)), each) for each in objections])


def fault_of(words: Words, objection: Any) -> Fault:
    """What stands in the way of a reply."""
    return Fault(
        field="body",
        code=objection.code.value,
        says=words.say(objection.why),
        overridable=objection.overridable or objection.confirmable,
    )


def _not_read(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    for each in found:
        if each["type"] == "missing" and each["loc"][0] == "header":
            name = str(each["loc"][-1]).lower()
            if kind := {IF_MATCH: NO_VERSION, IDEMPOTENCY_KEY: NO_KEY}.get(name):
                return tell(request, kind)
    words = Words(language_of(request))
    faults = [
        Fault(
            field=".".join(map(str, each["loc"])),
            code=each["type"],
            says=words.gettext(SAID.get(each["type"], ODD)),
        )
        for each in found
    ]
    return tell(request, NOT_READ, errors=faults)


def _of_status(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else NOT_READ.status
    headers = error.headers if isinstance(error, HTTPException) else None
    return tell(request, BY_STATUS.get(status, NOT_READ._replace(status=status)), headers=headers)


def _ours(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error(
        "call failed",
        reference=reference,
        route=str(getattr(request.scope.get("route"), "name", "")),
        error=type(error).__name__,
    )
    headers = {**HEADERS, "cache-control": KEEP_NOTHING}  # it leaves outside of SafeAnswers
    return tell(request, OURS, headers=headers, more={"reference": reference}, reference=reference)
