"""What Flickr promises, and what it may do to us."""

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

# A photograph that is gone is reported, and costs only its own comments.  Its comments are one list, without pages
# that could lead to themselves; those of the list of photographs are in test_flickr.py.
CONTRACT = Contract(
    platform=Platform.FLICKR,
    stream="comments",
    path="*?method=flickr.photos.comments.getList",
    write_path="*?method=flickr.photos.comments.addComment",
    own_id="{}@N99",
    token=(
        '{{"consumer_key": "ck", "consumer_secret": "cs", "access_token": "token0123456789secret{}", '
        '"access_token_secret": "ats"}}'
    ),
    ends=(
        (Kind.RATE_LIMITED,               RateLimited),
        (Kind.RATE_LIMITED_WITHOUT_RESET, RateLimited),
        (Kind.USAGE_CAPPED,               RateLimited),
        (Kind.EXPIRED,                    AuthExpired),
        (Kind.FORBIDDEN,                  PermissionLost),
        (Kind.REFUSED,                    Refused),
        (Kind.SERVER_ERROR,               Transient),
        (Kind.HTML_502,                   Transient),
        (Kind.ERRORS_ONLY,                Malformed),
        (Kind.FALSE_BODY,                 Malformed),
        (Kind.TRUNCATED_JSON,             Malformed),
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
    deletes=True,
    harmless=(Kind.NO_CONTENT_TYPE,),
    # Methods, arguments and codes are documented; the address before an answer, the same words that are published
    # once, and that a photograph's owner may delete what others said, are from others' reports and from memory.
    basis={"reading": Basis.DOCUMENTATION, "acting": Basis.RECALLED, "errors": Basis.DOCUMENTATION},
)  # fmt: skip
