"""Powers and products about a centre of their variable: calendar years lose no digits.

With t = c + d, the columns t, t², t³ are combinations of d, d², d³ and the constant. Working with
d from the rows on, nothing cancels; the way back is a matrix of binomial terms, whose inverse is
the one with −c. This holds for a set of columns that has, with each, its lower powers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

from salutogen.models.formula import INTERCEPT, NAME, split_at

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


def local_columns(
    columns: Mapping[str, Float], plain: Callable[[str], Float | None]
) -> tuple[dict[str, Float], dict[str, float]]:
    """Return the columns about centres of their variables, and these centres.

    Parameters
    ----------
    columns : mapping of str to array (n,)
        Predictors by name; the constant is there without being named.
    plain : callable
        Gives the values of a variable by name, None where it is not a numeric column.
    """
    powers = {name: monomial(name) for name in columns}
    if any(degree(name) > 1 and plain(name) is not None for name in columns):
        return dict(columns), {}  # a column of the frame whose name only looks like a product
    names = [INTERCEPT, *columns]
    repeated = sorted({v for p in powers.values() if sum(k for _, k in p) > 1 for v, _ in p})
    shifts, local = {}, {}
    for variable in closed_variables(names, repeated):
        values = plain(variable)
        if values is not None:
            shifts[variable] = float(values.sum() / len(values))
            local[variable] = values - shifts[variable]
    by_powers = {p: columns[name] for name, p in powers.items()}
    made = {}
    for name, p in powers.items():
        rest = tuple((variable, k) for variable, k in p if variable not in shifts)
        if rest == p:
            made[name] = columns[name]
            continue
        factors = [local[variable] for variable, k in p if variable in shifts for _ in range(k)]
        value = factors[0] if not rest else by_powers[rest] * factors[0]
        for factor in factors[1:]:
            value = value * factor
        made[name] = value
    return made, shifts
