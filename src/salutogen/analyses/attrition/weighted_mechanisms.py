"""Ways over a mechanism with weights and without, in two steps and in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.attrition.observed import Observed
from salutogen.analyses.attrition.records import TwoWays, WeightedMechanism, told
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.factors.later import of_exposure
from salutogen.analyses.line_of_occasions import line_of_occasions
from salutogen.analyses.mechanism.analysis import MechanismResult
from salutogen.analyses.mechanism.measured import Measured
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models.dropout.weighted import Pulled, Rows, regression_over_rows
from salutogen.models.dropout.weights import DropoutWeights
from salutogen.models.regression.stacked import EstimatedLine
from salutogen.norm.design_matrix import line_matrix
from salutogen.page.words import without_counts

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]


def weighted_mechanisms(
    inputs: AnalysisInputs, observed: Observed, weights: DropoutWeights | None, found: Findings
) -> tuple[WeightedMechanism, ...]:
    """Fit every step `mechanism` over single occasions, with weights and without."""
    made = []
    for result in inputs.before.values():
        if weights is None or not isinstance(result, MechanismResult) or result.measured is None:
            continue
        try:
            rows = _Paths.of(inputs, observed, result.measured)
            made.append(_told(rows, weights, result))
        except ModelError as error:
            found.tell(
                "attrition-mechanism-not-weighted", name=result.mechanism_title,
                reason=without_counts(error),
            )  # fmt: skip
    return tuple(made)


def _told(rows: _Paths, weights: DropoutWeights, result: MechanismResult) -> WeightedMechanism:
    size = result.difference
    plain_a, a = (rows.to_mechanism(use) for use in (None, weights))
    ways: dict[str, TwoWays] = {}
    for step, found in (("two_step", result.two_step), ("one_step", result.one_step)):
        scored = step == "two_step"
        plain_b, b = (rows.to_problems(use, scored=scored) for use in (None, weights))
        if scored:
            ways["b"] = _two_ways(result.path("b"), plain_b, b)
        plain, weighted = (_product(*pair, size) for pair in ((plain_a, plain_b), (a, b)))
        ways[step] = _two_ways(found.estimate, plain, weighted)
    return WeightedMechanism(
        title=f"{result.factor_title} over {result.mechanism_title}",
        n=rows.n,
        n_mechanism=rows.n_mechanism,
        a=_two_ways(result.path("a"), plain_a, a),
        **ways,
    )


def _two_ways(as_found: float, plain: Pulled, weighted: Pulled) -> TwoWays:
    return TwoWays(
        as_found=as_found,
        unweighted=told(plain),
        weighted=told(weighted),
        moved=told(weighted.plus(plain, -1.0)),
    )


def _product(a: Pulled, b: Pulled, times: float) -> Pulled:
    """Product of two paths, with what each person adds to its error, to first order."""
    return Pulled(
        value=times * a.value * b.value,
        pulls=times * (b.value * a.pulls + a.value * b.pulls),
        df=min(a.df, b.df),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Paths:
    """Rows of both equations.

    Attributes
    ----------
    own : array (persons, 2)
        Factor and mechanism.
    covariates : array (persons, c)
    kept : array of bool (c,)
        Covariates that the line of SR does not hold.
    people, at : array of int (n,)
        Persons with factor, mechanism and covariates who were seen at the mechanism's occasion,
        and that occasion.
    person, occasion : array of int (k,)
        Of later SR.
    SR, P : array (k,)
    X : array (k, p)
        Terms of the line of occasions.
    exposure : array of bool (p,)
    line : EstimatedLine or None
    """

    own: Float
    covariates: Float
    kept: Bool
    people: Int
    at: Int
    person: Int
    occasion: Int
    SR: Float
    P: Float
    X: Float
    exposure: Bool
    line: EstimatedLine | None

    @classmethod
    def of(cls, inputs: AnalysisInputs, observed: Observed, measured: Measured) -> _Paths:
        """Collect them.

        Raises
        ------
        ModelError
            Nothing is left of the mechanism or of later SR up to the end.
        """
        line = inputs.norm.lines.occasion
        own = np.column_stack([measured.factor.values, measured.mechanism.values])
        both = np.isfinite(own).all(axis=1) & ~measured.everyone.out_of_order
        # What covariates say is told by the step itself.
        given = covariate_numbers(
            inputs, measured.asked, Findings(), unknown="mechanism-covariate", among=both
        )
        known = both & np.isfinite(given.values).all(axis=1)
        seen = observed.rows.occasion == measured.mechanism.place
        people = observed.rows.person[seen]
        people = people[known[people]]
        place = pl.col("occasion_index").cast(pl.Int64)
        first = measured.places[measured.outcome]
        table = inputs.scores.table.with_columns(inputs.resilience.occasions["SR"])
        table = table.filter(
            (pl.col("valid") & pl.col("SR").is_not_null()).fill_null(value=False)
            & place.is_between(first, observed.end)  # weights know of no loss after the end
        )
        X = line_matrix(line, inputs.norm.with_covariates(table), level="occasion")
        person = table["person"].to_numpy().astype(np.int64)
        kept = known[person] & np.isfinite(X).all(axis=1)
        if not people.size or not kept.any():
            raise ModelError("nothing of factor, mechanism and later SR comes before the end.")
        SR, P = (table[name].cast(pl.Float64).to_numpy()[kept] for name in ("SR", "P"))
        return cls(
            own=own,
            covariates=given.values,
            kept=np.array([term not in line.terms for term in given.terms], dtype=bool),
            people=people,
            at=np.full(people.size, measured.mechanism.place),
            person=person[kept],
            occasion=table["occasion_index"].to_numpy().astype(np.int64)[kept],
            SR=SR,
            P=P,
            X=X[kept],
            exposure=of_exposure(line),
            line=line_of_occasions(inputs),
        )

    @property
    def n(self) -> int:
        """Persons with later SR."""
        return int(np.unique(self.person).size)

    @property
    def n_mechanism(self) -> int:
        """Persons with the mechanism."""
        return int(self.people.size)

    def to_mechanism(self, weights: DropoutWeights | None) -> Pulled:
        """Path from the factor to the mechanism."""
        columns = np.column_stack(
            [np.ones(self.people.size), self.covariates[self.people], self.own[self.people, 0]]
        )
        rows = Rows(
            person=self.people, occasion=self.at, n_persons=len(self.own), weights=weights
        )  # fmt: skip
        return _last(self.own[self.people, 1], columns, rows)

    def to_problems(self, weights: DropoutWeights | None, *, scored: bool) -> Pulled:
        """Path from the mechanism to SR, or to problems with exposure in the equation."""
        of_line = self.X[:, ~self.exposure] if scored else self.X
        covariates = self.covariates[:, self.kept][self.person]
        columns = np.column_stack([of_line, covariates, self.own[self.person]])
        rows = Rows(
            person=self.person, occasion=self.occasion, n_persons=len(self.own), weights=weights,
            line=self.line if scored else None, through=self.X if scored else None,
        )  # fmt: skip
        return _last(self.SR if scored else self.P, columns, rows)


def _last(y: Float, columns: Float, rows: Rows) -> Pulled:
    names = [f"term {number + 1}" for number in range(columns.shape[1])]
    return regression_over_rows(y, columns, rows, names=names)[-1]
