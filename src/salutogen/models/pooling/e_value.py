"""How strong an unmeasured confounder would have to be to explain an effect away."""

from __future__ import annotations

import numpy as np

from salutogen.errors import ModelError

RATIO_PER_SD = 0.91  # log risk ratio that goes with a difference of one SD (VanderWeele 2017)


class EValue(float):
    """An E-value: the number itself is that of the estimate.

    Attributes
    ----------
    estimate : float
        Least risk ratio by which an unmeasured confounder must be related to both cause and outcome
        to explain the estimate away.
    limit : float or None
        The same for the limit of the interval that is nearer to no effect: 1 where the interval
        holds no effect; None where no limit was given.
    """

    limit: float | None

    def __new__(cls, estimate: float, limit: float | None = None) -> EValue:
        """Make one of the E-values of an estimate and of a limit."""
        made = super().__new__(cls, estimate)
        made.limit = limit
        return made

    @property
    def estimate(self) -> float:
        """The number itself."""
        return float(self)

    def __repr__(self) -> str:
        limit = "None" if self.limit is None else f"{self.limit:.6g}"
        return f"EValue(estimate={float(self):.6g}, limit={limit})"


def e_value(ratio: float, low: float | None = None, high: float | None = None) -> EValue:
    """Return the E-value of a risk ratio (VanderWeele & Ding 2017).

    Parameters
    ----------
    ratio : float
        Risk ratio; below 1 it is turned over.
    low, high : float, optional
        Limits of its interval; one of them is enough.

    Raises
    ------
    ModelError
        A ratio that is not above 0, or limits that do not lie around it.

    Examples
    --------
    Breastfeeding and deaths by respiratory infection (VanderWeele & Ding 2017):

    >>> e_value(3.9, low=1.8, high=8.7)
    EValue(estimate=7.26303, limit=3)
    """
    for name, value in (("ratio", ratio), ("low", low), ("high", high)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ModelError(f"{name}: expected a ratio above 0, got {value}.")
    if (low is not None and low > ratio) or (high is not None and high < ratio):
        raise ModelError(f"low, high: expected limits around {ratio}, got {low} and {high}.")
    near, far = (low, high) if ratio >= 1 else (high, low)
    if near is None:
        if far is not None:
            raise ModelError(f"The limit of a ratio of {ratio} that is nearer to 1 is missing.")
        return EValue(_of(ratio))
    holds_no_effect = near <= 1 if ratio >= 1 else near >= 1
    return EValue(_of(ratio), 1.0 if holds_no_effect else _of(near))


def _of(ratio: float) -> float:
    above = ratio if ratio >= 1 else 1 / ratio
    return float(above + np.sqrt(above * (above - 1)))


def e_value_of_difference(
    difference: float, low: float | None = None, high: float | None = None
) -> EValue:
    """Return the approximate E-value of a difference in SD of the outcome.

    A difference of d SD is taken as a risk ratio of exp(0.91 d) (VanderWeele 2017, after Chinn
    2000); the SD counts as known.

    Examples
    --------
    >>> round(float(e_value_of_difference(0.5)), 3)
    2.529
    """
    ratios = [None if d is None else float(np.exp(RATIO_PER_SD * d)) for d in (low, high)]
    return e_value(float(np.exp(RATIO_PER_SD * difference)), *ratios)
