"""Resilience factors: baseline ones beside the persons, repeated ones beside P and E."""

from __future__ import annotations

from salutogen.findings import Findings
from salutogen.scores.answers import FloatArray, Form
from salutogen.scores.checklist import checklist_totals, score_checklist
from salutogen.scores.scale import scale_faults, score_scale

SINGLE = 1


def is_event_list(form: Form) -> bool:
    """Whether a factor is a list of events (nothing prorated) rather than a scale."""
    return form.instrument.is_checklist and not form.instrument.reverse


def check_factor(form: Form, findings: Findings) -> None:
    """Say what keeps a factor from being scored."""
    instrument = form.instrument
    if len(instrument.items) > SINGLE and not is_event_list(form):
        findings.extend(scale_faults(instrument, instrument.scoring))


def score_factor(form: Form, *, prorate: float, most_skipped: float) -> FloatArray:
    """Score a factor in its own direction: one value per row of the form, NaN where missing.

    A single column is taken as it is, because it may be a finished score; several items are
    scored by the instrument's rule, lists of events by the sum of their codes.
    """
    instrument = form.instrument
    if len(instrument.items) == SINGLE:
        values: FloatArray = form.item(instrument.items[0]).values.astype("float64")
        missing = form.item(instrument.items[0]).missing
        if missing is not None:
            values[missing] = float("nan")
        return values
    if is_event_list(form):
        totals = checklist_totals(form)
        return score_checklist(totals, "severity", most_skipped=most_skipped).score
    return score_scale(form, instrument.scoring, prorate=prorate).score
