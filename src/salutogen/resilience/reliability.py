"""How much of SR is error: reliability of a residual, and its standard error of measurement."""

from __future__ import annotations

import numpy as np

from salutogen.columns import POINTS, Record, figure, record
from salutogen.scores import Scores


def reliability_of_score(
    reliability_P: float, correlation: float, reliability_E: float = 1.0
) -> float:
    """Reliability of SR: `(rP + r^2 rE - 2 r^2) / (1 - r^2)`.

    Parameters
    ----------
    reliability_P, reliability_E : float
        Reliabilities of P and E at the level that is scored.
    correlation : float
        Observed correlation of E and P at that level.

    Notes
    -----
    True-score variance of P - b E over its total variance, with uncorrelated errors and b the
    observed slope.
    """
    r2 = correlation**2
    return (reliability_P + r2 * reliability_E - 2.0 * r2) / (1.0 - r2)


@record
class Measurement(Record):
    """Error of measurement of one occasion's SR.

    Attributes
    ----------
    reliability_P, reliability_E : float or None
        `reliability_E` is 1 where none is known: a checklist's items need not agree, so exposure
        is then taken as free of error (the sensitivity table shows what follows if it is not).
    reliability : float or None
        Of SR; None where no reliability of P is known, or the assumptions contradict the data.
    sem : float or None
        Standard error of measurement of one occasion's SR, points of P. A mean over k occasions
        has sem / sqrt(k).
    assumed_E : bool
        Whether reliability_E = 1 is an assumption.
    """

    reliability: float | None = figure("Reliability of one occasion's SR, of its answers")
    reliability_P: float | None = figure("Reliability of P")
    reliability_E: float = figure("Reliability of E; 1 where none is known")
    assumed_E: bool = figure(
        "Whether the reliability of E is an assumption", key="reliability_E_assumed"
    )
    sem: float | None = figure("Standard error of measurement of one SR", unit=POINTS)


def measure(scores: Scores, P: np.ndarray, r: float | None) -> Measurement:
    """Take the reliabilities the study knows and derive those of SR.

    Parameters
    ----------
    scores : Scores
    P : ndarray
        P of the scored occasions.
    r : float or None
        Observed correlation of E and P over them.

    Notes
    -----
    The error of SR is that of P and that of E times the slope, whatever the shape of the line:
    `sem² = var(P) (1 - rP + r² (1 - rE))`.
    """
    reliability_E = exposure_reliability(scores)
    assumed = reliability_E is None
    rE = 1.0 if reliability_E is None else reliability_E
    rP = scores.reliability_p
    reliability = sem = None
    if rP is not None and r is not None and r**2 < 1:
        value = reliability_of_score(rP, r, rE)
        if 0.0 <= value <= 1.0:
            reliability = value
            share = 1.0 - rP + r**2 * (1.0 - rE)
            sem = float(np.std(P, ddof=1)) * float(np.sqrt(share))
    return Measurement(
        reliability_P=rP,
        reliability_E=rE,
        reliability=reliability,
        sem=sem,
        assumed_E=assumed,
    )


def exposure_reliability(scores: Scores) -> float | None:
    """Reliability of E from those the study file gives for its types (Mosier 1943).

    `1 - sum w^2 s^2 (1 - r) / var(E)` over types with weight w and SD s; None unless every type
    has one.
    """
    given = [
        scores.study.plan.instruments[name].reliability
        if name in scores.study.plan.instruments
        else None
        for name in scores.exposure_types
    ]
    if not given or any(value is None for value in given):
        return None
    rows = scores.valid_rows(*scores.type_columns)
    values = {name: rows[name].to_numpy() for name in scores.type_columns}
    spread = [float(np.std(own, ddof=1)) for own in values.values()]
    weights = (
        [1.0 / value for value in spread] if scores.combine == "composite" else [1.0] * len(spread)
    )
    combined = np.zeros(rows.height)
    for weight, name in zip(weights, scores.type_columns, strict=True):
        combined = combined + weight * values[name]
    error = sum(
        (weight * sd) ** 2 * (1.0 - value)
        for weight, sd, value in zip(weights, spread, given, strict=True)
        if value is not None
    )
    return 1.0 - error / float(np.var(combined, ddof=1))
