"""Requests that the law puts a clock on, and complaints.

A request for information need not say so: "under the Freedom of Information Act" and "how much
did you spend on" are both (FOIA 2000 s.8).  A request for what is held about oneself is a
subject access request (UK GDPR Article 15); asking for it to be erased is not.  A first report
of a fault is not a complaint.
"""

from __future__ import annotations

from classifiers.cues import Asked, Cue, open_clues
from classifiers.weighing import Heeded, Scales, Weighed
from vocabulary import Label, Reason

ASKED = (
    Asked(
        Label.FOI_REQUEST,
        -3.0,
        (
            Cue(Reason("freedom of information is named"), 5.0, "foi_named"),
            Cue(Reason("recorded figures are asked for"), 4.0, "figures"),
            Cue(Reason("records are asked for"), 3.6, "records"),
            Cue(Reason("a price, a drawing or a form, not a record"), -2.5, "not_a_record"),
        ),
    ),
    Asked(
        Label.SUBJECT_ACCESS,
        -3.8,
        (
            Cue(Reason("subject access is named"), 5.5, "access_named"),
            Cue(Reason("what is held about oneself is asked for"), 5.0, "about_oneself"),
            Cue(Reason("erasure, not access"), -3.5, "erasure"),
        ),
    ),
    Asked(
        Label.COMPLAINT,
        -2.6,
        (
            Cue(Reason("a complaint is named"), 3.2, "complaint_named"),
            Cue(Reason("dissatisfaction is expressed"), 2.8, "dissatisfied"),
            Cue(Reason("it has happened before"), 1.9, "before"),
            Cue(Reason("praise or thanks"), -1.8, "praise"),
        ),
    ),
)


def open_requests(scales: Scales) -> Weighed:
    """Raises WordListError when the word file cannot be read."""
    return Heeded("requests/2", scales, open_clues(ASKED, "requests.toml"))
