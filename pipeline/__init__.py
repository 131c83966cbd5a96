"""One comment, from its platform to the queue, and our reply back: the map of the walk.

    collect        a page of comments and its cursor are kept, together        pipeline/collecting.py
    read_waiting   the panel reads what waits, and each comment is placed      pipeline/reading.py
    enter          what nothing collects is written down, with its evidence    pipeline/entering.py
    look_at_reply  an officer sees what their words would meet                 pipeline/replying.py
    send_reply     an officer's words are checked and put in the outbox        pipeline/replying.py
    approve_reply  where the policy asks, a colleague lets them go             pipeline/replying.py
    record_reply   a reply that was given elsewhere stops the clocks too       pipeline/entering.py
    hand_over      a case goes where it belongs, and its author is told so     pipeline/handing_over.py
    dispatch       the outbox leaves, once, with proof                         pipeline/replying.py
    ask_removal    a comment comes down by a rule and a person, evidence first pipeline/removing.py
    warn           whoever the policy names is told, once                      pipeline/clocks.py
    tell_waiting   whoever is waited for is told, once                         pipeline/waiting.py
    begin_incident what must be acted on at once is recorded, and told        pipeline/incidents.py
    notify         what each is to hear becomes one message, and leaves once   pipeline/notifying.py
    register_digest what is late in the register is told, once                 pipeline/notifying.py
    watch          an account that is not heard is noticed                     pipeline/health.py
    receive        what a platform pushes to us is kept before it is answered  pipeline/webhooks.py
    settle         the platform is asked what that was about                   pipeline/webhooks.py
    tend           a token is renewed before it dies, or its end is foretold   pipeline/tokens.py

Each step takes an `Installation` and `now`.  It reads what it needs, lets the pure parts decide,
and writes the outcome in one transaction.  Requests to platforms happen between transactions,
never inside one.
"""

from moderation.working_days import working_days
from pipeline.clocks import recompute_due, refresh_holidays, warn
from pipeline.collecting import Collected, Imported, bring_in, collect, keep_page, recheck
from pipeline.entering import EntryRefused, enter, hand_out, record_reply
from pipeline.handing_over import hand_over
from pipeline.health import watch
from pipeline.incidents import begin_incident
from pipeline.installation import Collectors, Installation
from pipeline.notifying import Notified, notify, register_digest, senior_digest
from pipeline.noting import note
from pipeline.reading import place, read_waiting, readings_of
from pipeline.removing import abilities, act_on_removal, ask_removal, carry_out, show_again
from pipeline.replying import (
    Dispatched,
    Looked,
    approve_reply,
    dispatch,
    into_outbox,
    languages_of,
    look_at_reply,
    opinion_of,
    send_reply,
    takes_replies,
)
from pipeline.tokens import tend
from pipeline.waiting import tell_waiting
from pipeline.waves import answer_wave, wave_of
from pipeline.webhooks import Mentioned, Settled, receive, settle

__all__ = [
    "Collected",
    "Collectors",
    "Dispatched",
    "EntryRefused",
    "Imported",
    "Installation",
    "Looked",
    "Mentioned",
    "Notified",
    "Settled",
    "abilities",
    "act_on_removal",
    "answer_wave",
    "approve_reply",
    "ask_removal",
    "begin_incident",
    "bring_in",
    "carry_out",
    "collect",
    "dispatch",
    "enter",
    "hand_out",
    "hand_over",
    "into_outbox",
    "keep_page",
    "languages_of",
    "look_at_reply",
    "note",
    "notify",
    "opinion_of",
    "place",
    "read_waiting",
    "readings_of",
    "receive",
    "recheck",
    "recompute_due",
    "record_reply",
    "refresh_holidays",
    "register_digest",
    "send_reply",
    "senior_digest",
    "settle",
    "show_again",
    "takes_replies",
    "tell_waiting",
    "tend",
    "warn",
    "watch",
    "wave_of",
    "working_days",
]
