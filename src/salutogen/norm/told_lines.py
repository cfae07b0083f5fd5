"""Lines as they may be told where persons are hidden: level in steps, errors of told numbers.

A line goes through the mean of its units. Over occasions every form counts, over persons every
person: with the exact levels of both, the mean problems of one who left follow by arithmetic, and
so they do from a window that this person is not in beside one that everybody is in. A step is as
much as two persons more or fewer move the level: far less than its standard error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salutogen.norm.line_claims import Change, Expected, LineClaims
from salutogen.norm.lines import Line, LineKey, Lines
from salutogen.norm.norm import Norm
from salutogen.norm.terms_of_few import terms_of_few, types_of_few, units_of, without_terms
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


def told_widening(line: Line, audience: Audience) -> float:
    """Return what squared errors of a line are multiplied by when they are told.

    Errors at three exposures, or a covariance, tell with the SD of the residuals how many there
    are: they are those of the number as it is told.
    """
    n = line.n_persons
    return n / audience.told_size(n) if n else 1.0


def told_line(line: Line, audience: Audience, raised: float = 0.0) -> Line:
    """Return a line as it may be told; the same line where persons are shown."""
    shift, wider = told_shift(line, audience, raised), told_widening(line, audience)
    if not shift and wider == 1.0:
        return line
    constant = np.array([term == INTERCEPT for term in line.terms])
    coefficients = tuple((np.array(line.coefficients) + constant * shift).tolist())
    claims = None if line.claims is None else _told_claims(line.claims, shift, wider)
    return replace(
        line, coefficients=coefficients, covariance=line.covariance * wider, claims=claims
    )


def _told_claims(claims: LineClaims, shift: float, wider: float) -> LineClaims:
    test = claims.test
    if test is not None and wider != 1.0:
        from scipy.special import fdtrc

        F = test.F / wider
        test = replace(test, F=F, p=float(fdtrc(test.df1, test.df2, F)))
    return replace(
        claims,
        covariance=claims.covariance * wider,
        at={name: _raised(place, shift, wider) for name, place in claims.at.items()},
        change=_widened(claims.change, claims.change.change, wider),
        test=test,
    )


def _raised(place: Expected, shift: float, wider: float) -> Expected:
    made = _widened(place, place.P, wider)
    low, high = (None if end is None else end + shift for end in (made.low, made.high))
    return replace(made, P=place.P + shift, low=low, high=high)


def _widened[R: (Expected, Change)](found: R, middle: float, wider: float) -> R:
    """Widen the error and the interval around a value."""
    by = float(np.sqrt(wider))
    low, high = (
        None if end is None else middle + by * (end - middle) for end in (found.low, found.high)
    )
    return replace(found, se=None if found.se is None else by * found.se, low=low, high=high)


def changed(line: Line, audience: Audience) -> int | None:
    """Return the persons whose values a line takes otherwise than they are.

    Where persons are hidden they are also the few far ones that hardly pull a robust line: beside
    the line of least squares it would tell where these few lie.
    """
    few = line.n_far is not None and not audience.individuals and audience.is_small(line.n_far)
    return line.n_far if few else line.n_changed


def _without_few(line: Line, key: LineKey, norm: Norm, audience: Audience) -> Line:
    """Leave out the coefficients that few persons tell; one exposure alone stays, and is drawn."""
    if line.predictors == ("E",) and not line.covariates and line.standardiser is None:
        return line
    units = units_of(norm, key)
    line = replace(line, untold_types=types_of_few(line, units, audience))
    terms = terms_of_few(line, units, audience)
    return without_terms(line, tuple(term for term in terms if term != "E"))


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
    lines = {key: replace(line, n_changed=changed(line, audience)) for key, line in lines.items()}
    if norm.external is None:
        lines = {key: _without_few(line, key, norm, audience) for key, line in lines.items()}
    mixed = norm.mixed
    if mixed is not None:
        n = norm.lines.occasion.n_persons
        mixed = replace(
            mixed,
            intercept=audience.told_mean(mixed.intercept, 1.0, n),
            split_intercept=audience.told_mean(mixed.split_intercept, 1.0, n),
        )
    return replace(norm, lines=Lines(lines), mixed=mixed)
