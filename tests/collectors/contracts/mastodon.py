"""What Mastodon promises, and what it may do to us."""

from __future__ import annotations

from collectors.base import (
    AuthExpired,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Transient,
    Unconfirmed,
)
from simulator.faults import Kind
from tests.collectors.contracts import Basis, Contract
from vocabulary import Platform

CONTRACT = Contract(
    platform=Platform.MASTODON,
    stream="notifications",
    path="*/notifications",
    write_path="*/statuses",
    home="https://dyffryn.example",
    ends=(
        (Kind.RATE_LIMITED,               RateLimited),
        (Kind.RATE_LIMITED_WITHOUT_RESET, RateLimited),
        (Kind.USAGE_CAPPED,               RateLimited),
        (Kind.EXPIRED,                    AuthExpired),
        (Kind.FORBIDDEN,                  PermissionLost),
        (Kind.REFUSED,                    Refused),
        (Kind.GONE,                       Gone),
        (Kind.SERVER_ERROR,               Transient),
        (Kind.HTML_502,                   Transient),
        (Kind.ERRORS_ONLY,                Malformed),
        (Kind.FALSE_BODY,                 Malformed),
        (Kind.TRUNCATED_JSON,             Malformed),
        (Kind.NEXT_LOOP,                  Malformed),
        (Kind.APPLIED_THEN_504,           Transient),
        (Kind.CUT_SHORT,                  Transient),
        (Kind.DROPPED_BEFORE,             Transient),
        (Kind.DROPPED_AFTER,              Transient),
        (Kind.SLOW,                       Transient),
        (Kind.DRIP,                       Transient),
        (Kind.RETRY_AFTER,                RateLimited),
    ),
    replies=(
        (Kind.RATE_LIMITED,     RateLimited,    False),
        (Kind.USAGE_CAPPED,     RateLimited,    False),
        (Kind.EXPIRED,          AuthExpired,    False),
        (Kind.FORBIDDEN,        PermissionLost, False),
        (Kind.REFUSED,          Refused,        False),
        (Kind.GONE,             Gone,           False),
        (Kind.SERVER_ERROR,     Unconfirmed,    False),
        (Kind.HTML_502,         Unconfirmed,    False),
        (Kind.RETRY_AFTER,      Unconfirmed,    False),
        (Kind.DROPPED_BEFORE,   Unconfirmed,    False),
        (Kind.DROPPED_AFTER,    Unconfirmed,    True),
        (Kind.APPLIED_THEN_504, Unconfirmed,    True),
        (Kind.FALSE_BODY,       Unconfirmed,    True),
        (Kind.TRUNCATED_JSON,   Unconfirmed,    True),
        (Kind.CUT_SHORT,        Unconfirmed,    True),
        (Kind.SLOW,             Unconfirmed,    True),
    ),
    says_hidden=False,
    hides=False,
    harmless=(Kind.PARTIAL_ERRORS, Kind.EMPTY_PAGE_WITH_NEXT, Kind.NO_CONTENT_TYPE),
    basis={"reading": Basis.DOCUMENTATION, "acting": Basis.DOCUMENTATION, "errors": Basis.RECALLED},
)  # fmt: skip
