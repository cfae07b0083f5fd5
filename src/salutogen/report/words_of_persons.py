"""What the opening says of persons and of how far their scores can be believed."""

from __future__ import annotations

import numpy as np

from salutogen.findings import Persons
from salutogen.page.section import Text
from salutogen.page.words import number, percent, say, signed
from salutogen.report.context import Context, quantiles


def persons_in_words(context: Context) -> Text:
    """Say how far persons differ from what their exposure lets expect."""
    persons = context.persons
    scored = persons["SR"].drop_nulls().to_numpy()
    if not scored.size:
        return ""
    first, third = quantiles(scored, (0.25, 0.75), context.audience.smallest)
    spread = (
        f"Half of the persons lie between {signed(first)} and {signed(third)} points of SR."
        if first is not None
        else ""
    )
    if "SR_low" not in persons.columns or "SR_high" not in persons.columns:
        return spread
    low = persons["SR_low"].cast(float).to_numpy()
    high = persons["SR_high"].cast(float).to_numpy()
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return spread
    n, resilient = int(known.sum()), int((high[known] < 0).sum())
    return say(
        "{spread}Of {known:# person|# persons} whose score has an interval, {resilient} had "
        "clearly fewer problems than their exposure lets expect (interval below 0, more "
        "resilient) and {reactive} clearly more (interval above 0, over-reactive); for the others "
        "the score does not settle it.",
        spread=f"{spread} " if spread else "",
        known=Persons(n),
        resilient=Persons(resilient, of=n),
        reactive=Persons((low[known] > 0).sum(), of=n - resilient),
    )


def belief_in_words(context: Context) -> str:
    """Say how reliable the scores are, and what of exposure is left in them."""
    summary = context.resilience.summary
    told = []
    reliability = summary.reliability
    if reliability is not None:
        judged = (
            "enough to rank persons" if reliability >= 0.8 else "fit for groups more than persons"
        )
        told.append(f"The reliability of an occasion's SR is {number(reliability, 2)}: {judged}.")
    icc = summary.icc_single
    if icc is not None:
        told.append(
            f"{percent(icc)} of the differences between single SR scores lie between persons and "
            "last; the rest comes and goes."
        )
    left = summary.sr_exposure_correlation
    if left.between is not None:
        told.append(
            f"Between persons SR keeps a correlation of {signed(left.between)} with exposure, "
            f"within persons {signed(left.within)}; 0 would be free of it."
        )
    return f"Can it be believed? {' '.join(told)}" if told else ""
