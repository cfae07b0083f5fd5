"""Which contrasts test a term of a formula: marginal to the factors it interacts with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.models.formula.design import Design
from salutogen.models.formula.mixed_formula import INTERCEPT

Float = NDArray[np.float64]
Pieces = dict[str, str]


def term_contrasts(design: Design) -> dict[str, Float]:
    """Return the rows (k, p) that test each term but the intercept.

    A term's own columns, and with them those of every interaction that adds only factors,
    averaged over these factors' levels: the slope of t in ``t * arm`` is the mean slope over the
    arms, whatever the coding. That is the hypothesis of SAS's and lmerTest's type III. Covariates
    in an interaction stay at zero.
    """
    size = len(design.names)
    if design.state is None:
        places = {name: i for i, name in enumerate(design.names) if name != INTERCEPT}
        return {name: np.eye(size)[[i]] for name, i in places.items()}
    terms = {
        tuple(factor.expr for factor in term.factors): range(size)[part]
        for term, part in design.state.term_slices.items()
    }
    terms.pop(("1",), None)
    pieces = {
        factors: {i: _pieces(design.names[i], factors) for i in places}
        for factors, places in terms.items()
    }
    found = {}
    for factors, own in pieces.items():
        rows = np.zeros((len(own), size))
        for row, (place, mine) in zip(rows, own.items(), strict=True):
            row[place] = 1.0
            for others, columns in pieces.items():
                extra = set(others) - set(factors)
                if not (extra and set(factors) < set(others) and _are_factors(design, extra)):
                    continue
                for other, theirs in columns.items():
                    if all(theirs[name] == mine[name] for name in factors):
                        row[other] = np.prod(
                            [_mean_coding(design, name, theirs[name], columns) for name in extra]
                        )
        found[":".join(factors)] = rows
    return found


def _pieces(name: str, factors: tuple[str, ...]) -> Pieces:
    """Take a column's name apart: what follows each factor, such as ``[T.b]``."""
    found, rest = {}, name
    for factor, following in zip(factors, (*factors[1:], None), strict=True):
        rest = rest.removeprefix(factor)
        end = len(rest) if following is None else rest.find(f":{following}")
        found[factor] = rest[:end]
        rest = rest[end + 1 :]
    return found


def _are_factors(design: Design, names: set[str]) -> bool:
    """Whether all are coded by levels."""
    encoded = design.state.encoder_state
    return all("contrasts" in encoded.get(name, (None, {}))[1] for name in names)


def _mean_coding(design: Design, factor: str, piece: str, columns: dict[int, Pieces]) -> float:
    """Mean of a factor's coded column over its levels."""
    coded: Any = design.state.encoder_state[factor][1]["contrasts"]
    shown = list(dict.fromkeys(each[factor] for each in columns.values()))
    coding = coded.contrasts.get_coding_matrix(
        coded.levels, reduced_rank=len(shown) < len(coded.levels)
    )
    return float(np.asarray(coding, dtype=float)[:, shown.index(piece)].mean())
