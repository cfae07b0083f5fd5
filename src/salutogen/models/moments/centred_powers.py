"""Powers and products about a centre of their variable: calendar years lose no digits.

With t = c + d, the columns t, t², t³ are combinations of d, d², d³ and the constant. Working with
d from the rows on, nothing cancels; the way back is a matrix of binomial terms, whose inverse is
the one with −c. This holds for a set of columns that has, with each, its lower powers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.models.formula.mixed_formula import INTERCEPT, NAME, split_at

Float = NDArray[np.float64]
Monomial = tuple[tuple[str, int], ...]

POWER = re.compile(rf"I\((?:{NAME.pattern}) \*\* (\d)\)")


def monomial(name: str) -> Monomial:
    """Read a column's name as powers of variables; what is neither is a variable of its own."""
    powers: dict[str, int] = {}
    for part in split_at(name, ":") if name != INTERCEPT else []:
        plain, power = NAME.fullmatch(part), POWER.fullmatch(part)
        variable, times = part, 1
        if plain is not None:
            variable = plain[1] or plain[2]
        elif power is not None:
            variable, times = power[1] or power[2], int(power[3])
        powers[variable] = powers.get(variable, 0) + times
    return tuple(sorted(powers.items()))


def degree(name: str) -> int:
    """Number of factors of a column."""
    return sum(times for _, times in monomial(name))


def closed_variables(names: Collection[str], variables: Collection[str]) -> list[str]:
    """Which of the variables can be shifted within a set of columns.

    Those for which the set has, with each column, the column with one power less.
    """
    present = {monomial(name) for name in names}
    return [
        variable
        for variable in variables
        if all(_without(powers, variable, 1) in present for powers in present)
    ]


def _without(powers: Monomial, variable: str, times: int) -> Monomial:
    lowered = ((name, k - times if name == variable else k) for name, k in powers)
    return tuple((name, k) for name, k in lowered if k > 0)


def shift_matrix(names: Sequence[str], shifts: Mapping[str, float]) -> Float:
    """Return T with ``columns = local columns · T``, local ones about the shifts.

    Parameters
    ----------
    names : sequence of str
        Columns, closed for the shifted variables.
    shifts : mapping of str to float
        Centre of each variable that is shifted.

    Returns
    -------
    array (len(names), len(names))
        Ones on the diagonal. The inverse is the matrix of the opposite shifts.
    """
    powers = [dict(monomial(name)) for name in names]
    T = np.eye(len(names))
    for i, low in enumerate(powers):
        for j, high in enumerate(powers):
            T[i, j] = _coefficient(low, high, shifts)
    return T


def _coefficient(low: dict[str, int], high: dict[str, int], shifts: Mapping[str, float]) -> float:
    """Coefficient of one local product of powers in a product of powers."""
    value = 1.0
    for variable in {*low, *high}:
        k, j = high.get(variable, 0), low.get(variable, 0)
        if j > k or (j < k and variable not in shifts):
            return 0.0
        value *= comb(k, j) * shifts.get(variable, 0.0) ** (k - j)
    return value


def shiftable(names: Sequence[str], is_number: Callable[[str], bool]) -> list[str]:
    """Which variables' powers and products can be made about a centre.

    Parameters
    ----------
    names : sequence of str
        Predictors; the constant is there without being named.
    is_number : callable
        Whether a name is that of a numeric column of the frame.
    """
    if any(degree(name) > 1 and is_number(name) for name in names):
        return []  # a column of the frame whose name only looks like a product
    powers = [monomial(name) for name in names if degree(name) > 1]
    repeated = sorted({variable for product in powers for variable, _ in product})
    return [name for name in closed_variables((INTERCEPT, *names), repeated) if is_number(name)]


def local_columns(columns: Mapping[str, Any], away: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns with some variables about their centres.

    Parameters
    ----------
    columns : mapping of str to array (n,) or expression
        Predictors by name.
    away : mapping of str to array (n,) or expression
        The shifted variables, less their centre.
    """
    powers = {name: monomial(name) for name in columns}
    by_powers = {p: columns[name] for name, p in powers.items()}
    made = {}
    for name, p in powers.items():
        rest = tuple((variable, k) for variable, k in p if variable not in away)
        factors = [away[variable] for variable, k in p if variable in away for _ in range(k)]
        if not factors:
            made[name] = columns[name]
            continue
        value = by_powers[rest] * factors[0] if rest else factors[0]
        for factor in factors[1:]:
            value = value * factor
        made[name] = value
    return made
