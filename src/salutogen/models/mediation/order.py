"""What the order of measurements allows to say: mediation, half of it, or association."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from salutogen.errors import ModelError

Kind = Literal["mediation", "half-ordered", "association"]

NO_ORDER = (
    "No time order is told (`measured=`), so that what is found is an association: the reversed "
    "order fits exactly as well."
)
SAME_TIME = (
    "Factor, mechanism and outcome were measured at the same time, so that what is found is an "
    "association: the reversed order fits exactly as well."
)


def kind_of_order(
    measured: Mapping[str, Any] | None, factor: str, mechanisms: Sequence[str], outcome: str
) -> tuple[Kind, tuple[str, ...]]:
    """Return what may be claimed, and why not more.

    Parameters
    ----------
    measured : mapping from column to its time, optional
        Numbers, dates or anything else that has an order.
    factor, outcome : str
    mechanisms : sequence of str

    Raises
    ------
    ModelError
        A column without a time, times that cannot be compared, or a cause that was measured after
        what it is to bring about.
    """
    if measured is None:
        return "association", (NO_ORDER,)
    absent = [name for name in (factor, *mechanisms, outcome) if name not in measured]
    if absent:
        raise ModelError(f"measured: no time for {', '.join(absent)}.")
    try:
        late = [
            f"{later} was measured before {earlier}, which is to bring it about"
            for earlier, later in _steps(factor, mechanisms, outcome)
            if measured[later] < measured[earlier]
        ]
        together = [
            f"{earlier} and {later} were measured at the same time: which of them acts on the "
            "other is assumed, not seen."
            for earlier, later in _steps(factor, mechanisms, outcome)
            if measured[later] == measured[earlier]
        ]
    except TypeError as error:
        raise ModelError(
            "measured: expected times that can be compared, such as numbers or dates, got "
            f"{', '.join(type(value).__name__ for value in measured.values())}."
        ) from error
    if late:
        raise ModelError(f"measured: {'; '.join(late)}. Take a later measurement of it.")
    if measured[outcome] == measured[factor]:
        return "association", (SAME_TIME,)
    return ("half-ordered", tuple(together)) if together else ("mediation", ())


def late_covariates(
    measured: Mapping[str, Any] | None, factor: str, covariates: Sequence[str]
) -> tuple[str, ...]:
    """Say which covariates were measured after the factor, whose consequences they may be."""
    late = [name for name in covariates if measured and name in measured]
    late = [name for name in late if measured and measured[name] > measured[factor]]
    if not late:
        return ()
    return (
        f"{', '.join(late)}: a covariate that was measured after {factor} may be a consequence of "
        "it, and then takes away part of the effect.",
    )


def _steps(factor: str, mechanisms: Sequence[str], outcome: str) -> list[tuple[str, str]]:
    return [(factor, name) for name in mechanisms] + [(name, outcome) for name in mechanisms]
