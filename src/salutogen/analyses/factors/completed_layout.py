"""Which numbers of a person are completed for factors, and where they stand in a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.completing import CONSTANT, Columns, Wide, categories_known
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.factors.later import Later, Related, of_exposure
from salutogen.analyses.factors.measured import Factor, TimeOrder
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.namespaces import told_term
from salutogen.norm import Line

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
SAME = 1e-8  # of SR, between how it was scored and what the line leaves of means


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where numbers stand among the columns of a set.

    Attributes
    ----------
    P : int
        Mean of later problems.
    terms, along : tuple of int
        Terms of the persons' line, and of the occasions' line; -1 for a constant.
    covariates, factors : tuple of int
    before : mapping from the place of an occasion to tuple of int
        Means up to there.
    covariate_names : tuple of str
    coefficients : tuple of float
        Of the line of occasions.
    """

    P: int
    terms: tuple[int, ...]
    along: tuple[int, ...]
    covariates: tuple[int, ...]
    factors: tuple[int, ...]
    before: Mapping[int, tuple[int, ...]]
    covariate_names: tuple[str, ...]
    coefficients: tuple[float, ...]

    def filled(self, rows: Float, related: Related) -> tuple[list[Factor], Later]:
        """Put a completed set (persons, p) in the place of what was seen; NaN for no member."""
        P, along = rows[:, self.P], _taken(rows, self.along)
        left = P - np.einsum("ij,j->i", along, np.array(self.coefficients))
        scored = related.later.SR
        SR = np.where(np.isfinite(scored), scored, left)
        later = replace(
            related.later,
            P=P,
            SR=np.where(np.isfinite(P), SR, np.nan),
            along=along,
            terms=_taken(rows, self.terms),
            covariates=_taken(rows, self.covariates),
            covariate_names=self.covariate_names,
        )
        factors = [
            replace(
                factor, values=rows[:, place], before=_taken(rows, self.before[factor.place])
            )
            for factor, place in zip(related.factors, self.factors, strict=True)
        ]  # fmt: skip
        return factors, later


def _taken(rows: Float, places: Sequence[int]) -> Float:
    """Columns of rows (persons, p); 1 for a constant, of members only."""
    ones = np.where(np.isfinite(rows[:, 0]), 1.0, np.nan)
    columns = [ones if place == CONSTANT else rows[:, place] for place in places]
    return np.stack(columns, axis=1) if columns else np.empty((len(rows), 0))


def lay_out(
    inputs: AnalysisInputs, settings: FactorsSettings, related: Related, order: TimeOrder
) -> tuple[Layout, Wide]:
    """Collect what is completed, of everyone with later SR or a factor.

    Who lacks a category is left out: categories are not drawn.
    """
    later, line = related.later, inputs.norm.lines.occasion
    coefficients = tuple(float(one) for one in line.coefficients)
    _refuse_other_scores(later, coefficients)
    some = np.isfinite(later.SR)
    for factor in related.factors:
        some |= np.isfinite(factor.values)
    in_line = inputs.norm.lines.person.covariates
    names = [name for name in settings.covariates if name not in in_line]
    # What covariates say is told of those who have everything.
    given = covariate_numbers(
        inputs, names, Findings(), unknown="factor-covariate-unknown", among=some,
        beside=in_line, gaps=True,
    )  # fmt: skip
    members = some & given.persons & categories_known(given.terms, given.values)
    members &= categories_known(later.names, later.terms)
    columns = Columns(members)
    P = columns.add("later problems", later.P)
    terms = columns.add_each([_later(told_term(name)) for name in later.names], later.terms)
    along = columns.add_each([_later(told_term(name)) for name in line.terms], later.along)
    covariates = columns.add_each([told_term(term) for term in given.terms], given.values)
    factors = columns.add_each(
        [factor.title for factor in related.factors],
        np.column_stack([factor.values for factor in related.factors]),
    )
    before = {
        factor.place: columns.add_each(
            [
                f"{kind} up to {inputs.study.labels[factor.place]}"
                for kind in ("problems", *inputs.norm.lines.person.predictors)
            ],
            factor.before,
        )
        for factor in related.factors
    }
    if CONSTANT in (P, *factors):
        raise ModelError("Later problems or a factor are the same in everybody.")
    layout = Layout(
        P=P, terms=terms, along=along, covariates=covariates, factors=factors, before=before,
        covariate_names=given.terms, coefficients=coefficients,
    )  # fmt: skip
    return layout, Wide.of(
        inputs, members, columns.table, columns.names, near=(order.first,),
        without=_held(inputs, order, before), related=_of_exposure(terms, along, later, line),
    )  # fmt: skip


def _of_exposure(terms: Sequence[int], along: Sequence[int], later: Later, line: Line) -> list[int]:
    """Places of all terms of later exposure: of the persons' line, and of the occasions'."""
    own = [*zip(terms, later.exposure, strict=True), *zip(along, of_exposure(line), strict=True)]
    return [place for place, exposure in own if exposure and place != CONSTANT]


def _later(term: str) -> str:
    return f"later {term}"


def _held(
    inputs: AnalysisInputs, order: TimeOrder, before: Mapping[int, object]
) -> set[tuple[str, int]]:
    """Scores that means of a person hold already: of later occasions, and up to a factor's."""
    last = max(before)
    return {
        (score, place)
        for score in ("P", "E")
        for place in range(len(inputs.study.labels))
        if place <= last or order.first <= place <= order.last
    }


def _refuse_other_scores(later: Later, coefficients: Sequence[float]) -> None:
    """Refuse SR that is not what one line of occasions leaves of problems."""
    known = np.isfinite(later.SR)
    left = later.P[known] - np.einsum("ij,j->i", later.along[known], np.array(coefficients))
    if not np.allclose(left, later.SR[known], rtol=0, atol=SAME * max(np.std(later.P[known]), 1)):
        raise ModelError("SR is not what one line leaves of problems, so that it is not completed.")
