"""Errors of a line over occasions: how many persons each coefficient rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from salutogen.findings import Findings, Persons
from salutogen.models.linear_algebra import Factored
from salutogen.models.regression.explained import ExplainedShare
from salutogen.models.support import Support, least_squares_support
from salutogen.namespaces import told_term
from salutogen.norm.line_claims import CLUSTERED, LineClaims, line_claims, without_interval

if TYPE_CHECKING:
    from salutogen.norm.lines import Line

FEWEST_DF = 1.0


@dataclass(frozen=True, kw_only=True)
class ClusteredErrors:
    """Errors clustered by person (CR1), where enough persons tell a coefficient.

    Attributes
    ----------
    covariance, fallback : ndarray, shape (p, p)
        NaN for coefficients that rest on fewer than three effective persons; and the one that
        stands in for sums of coefficients: NaN where exposure's terms are among those.
    term_df : ndarray, shape (p,)
        Degrees of freedom of each coefficient.
    joint_df : float
        Those of exposure's terms together: their mean.
    thin : mapping of str to int
        Persons that each term without an error rests on.
    """

    covariance: np.ndarray
    fallback: np.ndarray
    term_df: np.ndarray
    joint_df: float
    thin: Mapping[str, int]
    support: Support
    most: float

    def degrees(self, row: np.ndarray) -> float:
        """Degrees of freedom of a sum of coefficients: effective persons - 1, at most G - 1.

        Few exposed persons of many tell the slope no better than few persons of few: the number
        of equal persons that would tell as much takes the place of G (Carter, Schnepel &
        Steigerwald 2017).
        """
        if not np.any(row):
            return self.most
        return float(np.clip(self.support.effective(row) - 1.0, FEWEST_DF, self.most))


def clustered_errors(
    design: np.ndarray | Factored,
    terms: Sequence[str],
    person: np.ndarray,
    covariance: np.ndarray,
    *,
    exposure: Sequence[str],
    most: float,
) -> ClusteredErrors:
    """Find which errors of a line over occasions rest on enough persons.

    Parameters
    ----------
    design : ndarray, shape (n, p), or Factored
    terms : sequence of str
    person : ndarray, shape (n,)
    covariance : ndarray, shape (p, p)
        Clustered by person (CR1).
    exposure : sequence of str
        Those of the terms that are exposure's.
    most : float
        Degrees of freedom of a coefficient that all persons tell.
    """
    support = least_squares_support(design, terms, cluster=person)
    rows = np.eye(len(terms))
    thin: dict[str, int] = {}
    lacking = np.zeros(len(terms), dtype=bool)
    for index, (term, row) in enumerate(zip(terms, rows, strict=True)):
        if support.lack(row, small_sample=False):
            alone = support.alone(row)[1]
            thin[term] = alone or max(round(support.effective(row)), 1)
            lacking[index] = True
    known = np.where(lacking[:, None] | lacking[None, :], np.nan, covariance)
    blind = any(term in thin for term in exposure)
    found = ClusteredErrors(
        covariance=known,
        fallback=np.full_like(covariance, np.nan) if blind else covariance,
        term_df=np.full(len(terms), most),
        joint_df=most,
        thin=thin,
        support=support,
        most=most,
    )
    term_df = np.array([found.degrees(row) for row in rows])
    own = term_df[[terms.index(term) for term in exposure]]
    return replace(found, term_df=term_df, joint_df=float(np.mean(own)))


def clustered_claims(
    errors: ClusteredErrors, *, share: tuple[ExplainedShare, dict[str, float]], **parts: Any
) -> LineClaims:
    """What a line over occasions says of exposure; `parts` as in `line_claims`.

    Where too few persons tell exposure's terms, exposure's share has no interval either.
    """
    if not np.isfinite(errors.fallback).all():
        share = (without_interval(share[0], share[0].share), share[1])
    return line_claims(
        covariance=errors.covariance,
        fallback=errors.fallback,
        term_df=errors.term_df,
        degrees=errors.degrees,
        joint_df=errors.joint_df,
        interval=CLUSTERED,
        share=share,
        **parts,
    )


def tell_thin_support(lines: Iterable[tuple[str, Line]], findings: Findings) -> None:
    """Say which coefficients of lines over occasions have no error, and on how many they rest."""
    thin = [
        (f"{told_term(term)} ({name})", n, line)
        for name, line in lines
        for term, n in line.thin.items()
    ]
    if thin:
        most = max(line.n_persons for _, _, line in thin)
        findings.tell(
            "coefficient-without-support",
            named=[name for name, _, _ in thin],
            persons=Persons(max(n for _, n, _ in thin), of=most),
            whole=Persons(most),
        )
