"""What is doubtful about reactivity, as findings."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.reactivity.models import Fitted
from salutogen.analyses.reactivity.rows import AFFECT, Reactions
from salutogen.analyses.reactivity.settings import ReactivitySettings
from salutogen.findings import Findings, Persons
from salutogen.page.words import number, percent

FLOOR = 0.5  # share of answers of one value from which on differences are cut off


def tell_doubts(
    fitted: Fitted,
    reactions: Reactions,
    title: str,
    settings: ReactivitySettings,
    found: Findings,
) -> None:
    """Tell what keeps persons' estimates from being used, and what the fit says of itself."""
    mean = float(np.mean(fitted.slope_reliability))
    if fitted.slope_by_halves is not None:
        mean = min(mean, fitted.slope_by_halves)
    if mean < settings.reliable:
        found.tell(
            "reactivity-not-reliable",
            variant="alike" if fitted.slope_sd <= 0 else "",
            affect=title,
            reliability=number(mean, 2),
            asked=settings.reliable,
            persons=Persons(reactions.n_persons),
        )
    floor = _commonest(reactions.frame)
    if floor >= FLOOR:
        found.tell("momentary-affect-at-floor", affect=title, share=percent(floor))
    if not fitted.converged:
        found.tell("reactivity-doubtful", affect=title)


def _commonest(frame: pl.DataFrame) -> float:
    """Share of answers that have the commonest value."""
    counts = frame[AFFECT].value_counts()["count"].to_numpy()
    return float(counts.max() / frame.height)
