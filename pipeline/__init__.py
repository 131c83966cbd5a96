"""One comment, from its platform to the queue, and our reply back: the map of the walk.

    collect        a page of comments and its cursor are kept, together        pipeline/collecting.py
    read_waiting   the panel reads what waits, and each comment is placed      pipeline/reading.py
    send_reply     an officer's words are checked and put in the outbox        pipeline/replying.py
    dispatch       the outbox leaves, once, with proof                         pipeline/replying.py
    warn           whoever the policy names is told, once                      pipeline/clocks.py
    watch          an account that is not heard is noticed                     pipeline/health.py
    receive        what a platform pushes to us is kept before it is answered  pipeline/webhooks.py
    settle         the platform is asked what that was about                   pipeline/webhooks.py
    tend           a token is renewed before it dies, or its end is foretold   pipeline/tokens.py

Each step takes an `Installation` and `now`.  It reads what it needs, lets the pure parts decide,
and writes the outcome in one transaction.  Requests to platforms happen between transactions,
never inside one.
"""

from pipeline.clocks import recompute_due, refresh_holidays, warn, working_days
from pipeline.collecting import Collected, Imported, bring_in, collect, keep_page, recheck
from pipeline.health import watch
from pipeline.installation import Collectors, Installation
from pipeline.reading import place, read_waiting, readings_of
from pipeline.replying import Dispatched, dispatch, hide, send_reply
from pipeline.webhooks import Mentioned, Settled, receive, settle
from pipeline.tokens import tend

__all__ = [
    "Collected",
    "Collectors",
    "Dispatched",
    "Imported",
    "Installation",
    "Mentioned",
    "Settled",
    "bring_in",
    "collect",
    "dispatch",
    "hide",
    "keep_page",
    "place",
    "read_waiting",
    "readings_of",
    "receive",
    "recheck",
    "recompute_due",
    "refresh_holidays",
    "send_reply",
    "settle",
    "tend",
    "warn",
    "watch",
    "working_days",
]
