"""Lines as they may be told where persons are hidden: their level in steps.

A line goes through the mean of its units. Over occasions every form counts, over persons every
person: with the exact levels of both, the mean problems of one who left follow by arithmetic, and
so they do from a window that this person is not in beside one that everybody is in. A step is as
much as two persons more or fewer move the level: far less than its standard error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salutogen.norm.line_claims import Expected
from salutogen.norm.lines import Line, LineKey, Lines
from salutogen.norm.norm import Norm
from salutogen.page.audience import Audience

INTERCEPT = "intercept"
_LEAST = 1e-12  # of the variance of problems, left by a line through every unit


def told_shift(line: Line, audience: Audience, raised: float = 0.0) -> float:
    """Return how far the told level of a line lies above its own, points of P.

    Parameters
    ----------
    line : Line
    audience : Audience
    raised : float
        What the level is raised by before it is told in steps.
    """
    if audience.individuals or INTERCEPT not in line.terms:
        return 0.0
    sd = line.residual_sd / float(np.sqrt(max(1.0 - line.r_squared, _LEAST)))
    return audience.told_mean(line.intercept + raised, sd, line.n_persons) - line.intercept


def told_line(line: Line, audience: Audience, raised: float = 0.0) -> Line:
    """Return a line with its level as it may be told; the same line where persons are shown."""
    shift = told_shift(line, audience, raised)
    if not shift:
        return line
    constant = np.array([term == INTERCEPT for term in line.terms])
    coefficients = tuple((np.array(line.coefficients) + constant * shift).tolist())
    claims = line.claims
    if claims is not None:
        at = {name: _raised(place, shift) for name, place in claims.at.items()}
        claims = replace(claims, at=at)
    return replace(line, coefficients=coefficients, claims=claims)


def _raised(place: Expected, shift: float) -> Expected:
    low, high = (None if end is None else end + shift for end in (place.low, place.high))
    return replace(place, P=place.P + shift, low=low, high=high)


def told_norm(norm: Norm, audience: Audience) -> Norm:
    """Return a norm whose lines may be told; those of another study are as it tells them.

    The lines that persons are scored with stay as they are: this one is for pages and files.
    """
    if audience.individuals:
        return norm
    lines: dict[LineKey, Line] = {
        key: line if norm.external and key.period is None else told_line(line, audience)
        for key, line in norm.lines.items()
    }
    mixed = norm.mixed
    if mixed is not None:
        n = norm.lines.occasion.n_persons
        mixed = replace(
            mixed,
            intercept=audience.told_mean(mixed.intercept, 1.0, n),
            split_intercept=audience.told_mean(mixed.split_intercept, 1.0, n),
        )
    return replace(norm, lines=Lines(lines), mixed=mixed)
