"""`score_resilience`: SR at every level, with errors, checks and variants."""

from __future__ import annotations

from salutogen.norm import Norm
from salutogen.resilience.levels import (
    score_occasions,
    score_persons,
    score_phases,
    score_windows,
)
from salutogen.resilience.resilience import Resilience
from salutogen.resilience.window_summary import summarise_windows
from salutogen.scores import Scores


def score_resilience(
    scores: Scores, norm: Norm, *, seed: int = 1, bootstrap: int | None = None
) -> Resilience:
    """Score resilience: SR = observed - expected problems, positive = less resilient.

    Parameters
    ----------
    scores : Scores
    norm : Norm
        Lines of every level, from `fit_norm`.
    seed : int
        Of the bootstrap over persons.
    bootstrap : int, optional
        Draws; the study file's `resilience.bootstrap` (1,000) by default, 0 for none.

    Returns
    -------
    Resilience
    """
    windows = score_windows(scores, norm)
    return Resilience(
        scores=scores,
        norm=norm,
        occasions=score_occasions(scores, norm),
        windows=windows,
        persons=score_persons(scores, norm),
        phases=score_phases(scores, norm),
        window_summary=summarise_windows(windows, norm),
        descriptives={},
        summary={},
    )
