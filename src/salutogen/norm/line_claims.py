"""What a line lets one say: exposure's own share, and expected problems along exposure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Kind, Record, beside, figure, record
from salutogen.models.linear_algebra import Factored, combine
from salutogen.models.regression.explained import ExplainedShare, explained_share
from salutogen.models.regression.sandwich import (
    hc3_degrees_of_freedom,
    joint_degrees_of_freedom,
    wald_test,
)
from salutogen.namespaces import CURVED
from salutogen.norm.design_matrix import term_matrix, terms_of
from salutogen.page.audience import in_steps, quantile_step, told_quantiles
from salutogen.scores.of_few import others_of_few

if TYPE_CHECKING:
    from salutogen.norm.lines import Shape

PLACES = {"low": 0.1, "middle": 0.5, "high": 0.9}
ALPHA = 0.05
HC3 = "t, errors for unequal scatter (HC3, Satterthwaite degrees of freedom), 95 %"
CLUSTERED = "t, errors clustered by person (CR1), 95 %"
OTHER = "t, errors of the fit, 95 %"


@record
class Expected(Record):
    """Expected problems at one exposure, covariates at their means in the reference set."""

    E: float | None = figure("Exposure; null where types enter separately", unit="units of E")
    P: float = figure("Expected problems there", unit=POINTS)
    se: float | None = figure("Standard error of P", unit=POINTS)
    low: float | None = figure("Lower end of the 95 % interval of P", unit=POINTS)
    high: float | None = figure("Upper end of the 95 % interval of P", unit=POINTS)
    types: Mapping[str, float] = figure("Exposure by type, where types enter separately")


@record
class Change(Record):
    """How far expected problems change from one exposure to another."""

    change: float = figure("Expected problems at the second minus at the first", unit=POINTS)
    se: float | None = figure("Standard error", unit=POINTS)
    low: float | None = figure("Lower end of the 95 % interval", unit=POINTS)
    high: float | None = figure("Upper end of the 95 % interval", unit=POINTS)
    E_from: float | None = figure(
        "First exposure: low, or the lowest where low and high coincide", unit="units of E"
    )
    E_to: float | None = figure("Second exposure, likewise", unit="units of E")


@record
class ExposureTest(Record):
    """Wald F of all terms of exposure."""

    F: float = figure("Wald F")
    df1: int = figure("Degrees of freedom")
    df2: float = figure("Degrees of freedom of the error", kind=Kind.TELLING, step=5)
    p: float = figure("p value")


@record
class LineClaims(Record):
    """What a line lets one say of exposure, with errors that scatter may differ by unit.

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        Of the coefficients: HC3 for independent units, CR1 by person for occasions; NaN for a
        coefficient that rests on one unit.
    df : float
        Degrees of freedom of exposure's terms: the fewest.
    term_df : ndarray, shape (p,)
        Degrees of freedom of the t interval of each coefficient.
    interval : str
        Kind of the intervals.
    share : ExplainedShare
        Squared semipartial correlation of all terms of exposure given covariates.
    share_by_type : mapping of str to float
        The same of each type given the others too, where types enter separately.
    at : mapping of str to Expected
        Expected problems at the 10th, 50th and 90th percentile of exposure.
    change : Change
        From low to high exposure.
    test : ExposureTest or None
        None where the covariance is unknown.
    """

    covariance: np.ndarray = beside()
    df: float = beside()
    term_df: np.ndarray = beside()
    interval: str = beside()
    share: ExplainedShare = beside()
    share_by_type: Mapping[str, float] = beside(default_factory=dict)
    at: Mapping[str, Expected] = beside()
    change: Change = beside()
    test: ExposureTest | None = beside()

    @property
    def shows_exposure(self) -> bool:
        """Whether exposure's terms together differ from 0 (p < .05)."""
        return self.test is not None and self.test.p < ALPHA

    def half_widths(self) -> np.ndarray:
        """Half of the 95 % interval of each coefficient; NaN where it rests on one unit."""
        from scipy.special import stdtrit

        half: np.ndarray = stdtrit(self.term_df, 0.975) * np.sqrt(np.diag(self.covariance))
        return half


def term_degrees(design: Factored, terms: tuple[str, ...], most: float) -> np.ndarray:
    """Degrees of freedom (p,) of the HC3 interval of each coefficient."""
    return np.minimum(hc3_degrees_of_freedom(design, terms), most)


def joint_exposure_df(
    design: Factored, terms: tuple[str, ...], predictors: tuple[str, ...], most: float
) -> float:
    """Degrees of freedom of the HC3 test of all of exposure's terms."""
    own = [any(_belongs(term, name) for name in predictors) for term in terms]
    return float(min(joint_degrees_of_freedom(design, own, terms), most))


def sum_df(design: Factored, terms: tuple[str, ...], most: float, row: np.ndarray) -> float:
    """Degrees of freedom of an HC3 interval of a sum of coefficients."""
    return float(min(hc3_degrees_of_freedom(design, terms, row[None, :])[0], most))


def shares_of(
    outcome: np.ndarray,
    design: Factored,
    terms: tuple[str, ...],
    predictors: tuple[str, ...],
    cluster: np.ndarray | None,
) -> tuple[ExplainedShare, dict[str, float]]:
    """Exposure's own share of the variance of P, and that of each of several types."""
    own = [[_belongs(term, name) for term in terms] for name in predictors]
    together = np.any(own, axis=0).tolist()
    share = explained_share(outcome, design, together, names=terms, cluster=cluster)
    if len(predictors) == 1:
        return share, {}
    return share, {
        name: explained_share(outcome, design, tested, names=terms, cluster=cluster).share
        for name, tested in zip(predictors, own, strict=True)
    }


def line_claims(
    *,
    terms: tuple[str, ...],
    coefficients: np.ndarray,
    covariance: np.ndarray,
    fallback: np.ndarray,
    term_df: np.ndarray,
    degrees: Callable[[np.ndarray], float] | None = None,
    joint_df: float | None = None,
    interval: str,
    share: tuple[ExplainedShare, dict[str, float]],
    predictors: tuple[str, ...],
    shape: Shape,
    knots: tuple[float, ...],
    matrix: np.ndarray,
    table: pl.DataFrame,
    smallest: int = 1,
) -> LineClaims:
    """Work out what a fitted line says of exposure.

    Parameters
    ----------
    terms, coefficients, predictors, shape, knots
        Of the line.
    covariance, fallback : ndarray, shape (p, p)
        Of the coefficients: robust, and the classical one in its place where a coefficient rests on
        one unit.
    term_df : ndarray, shape (p,)
        Degrees of freedom of each coefficient.
    degrees
        Those of a sum of coefficients (p,); the fewest of exposure's terms without it.
    joint_df : float, optional
        Those of the test of all of exposure's terms; the fewest of them without it.
    share : tuple
        From `shares_of`.
    matrix, table
        The units it was fitted to: design matrix and columns.
    smallest : int
        Of persons, where these are hidden: exposures that are told are then values beyond which as
        many of them lie.
    """
    known = covariance if np.isfinite(covariance).all() else fallback
    exposure = np.array([any(_belongs(term, name) for name in predictors) for term in terms])
    df = float(term_df[exposure].min())
    wald = wald_test(coefficients[exposure], known[np.ix_(exposure, exposure)], joint_df or df)
    test = None if wald is None else ExposureTest(F=wald.F, df1=wald.df1, df2=wald.df2, p=wald.p)
    of_sum = degrees or (lambda _: df)
    along = _Along(terms, coefficients, known, of_sum, predictors, shape, knots, matrix, exposure)
    found = share[0]
    if found.low and not (test is not None and test.p < ALPHA):
        found = found._replace(low=0.0)  # one answer to whether there is anything
    places, ends = _places(table, predictors, smallest)
    return LineClaims(
        covariance=covariance,
        df=df,
        term_df=term_df,
        interval=interval,
        share=found,
        share_by_type=share[1],
        at={name: along.expected(place) for name, place in places.items()},
        change=along.change(*ends),
        test=test,
    )


type _Place = dict[str, float]  # exposure by predictor


def _places(
    table: pl.DataFrame, predictors: tuple[str, ...], smallest: int
) -> tuple[dict[str, _Place], tuple[_Place, _Place]]:
    """Low, middle and high exposure, and the two between which a change is told.

    These are low and high, or the ends of exposure where low and high coincide.
    """
    persons = table["person"].n_unique() if "person" in table.columns else table.height
    values = {name: table[name].to_numpy() for name in predictors}

    def at(*shares: float) -> list[_Place]:
        found = {
            name: told_quantiles(one, shares, smallest, persons) for name, one in values.items()
        }
        return [
            {name: float(one[index]) for name, one in found.items()} for index in range(len(shares))
        ]

    places = dict(zip(PLACES, at(*PLACES.values()), strict=True))
    low, high = places["low"], places["high"]
    if low == high:
        low, high = at(0.0, 1.0)
    if low == high and smallest > 1:  # who the few are that have another is not told
        person = table["person"] if "person" in table.columns else None
        around = {name: _around(table[name], person, persons) for name in predictors}
        low = {name: middle - away for name, (middle, away) in around.items()}
        high = {name: middle + away for name, (middle, away) in around.items()}
    return places, (low, high)


def _around(values: pl.Series, person: pl.Series | None, n: int) -> tuple[float, float]:
    """Middle of an exposure that most have the same of, and how far to go to either side.

    One SD from the mean, in steps; where few persons have another they make both, and it is the
    commonest value, with a power of ten.
    """
    mean, sd = float(np.mean(values.to_numpy())), float(np.std(values.to_numpy()))
    if not sd > 0:
        return mean, sd
    if others_of_few(values, person) is not None:
        return float(values.mode().sort()[0]), float(10.0 ** np.floor(np.log10(sd)))
    step = quantile_step(sd, n)
    return in_steps(mean, step), max(in_steps(sd, step), step)


class _Along:
    """A line along exposure, covariates held at their means."""

    def __init__(
        self,
        terms: tuple[str, ...],
        coefficients: np.ndarray,
        covariance: np.ndarray,
        degrees: Callable[[np.ndarray], float],
        predictors: tuple[str, ...],
        shape: Shape,
        knots: tuple[float, ...],
        matrix: np.ndarray,
        exposure: np.ndarray,
    ) -> None:
        self.terms, self.coefficients, self.covariance = terms, coefficients, covariance
        self.predictors, self.shape, self.knots = predictors, shape, knots
        self.exposure = exposure
        self.means = np.where(exposure, 0.0, matrix.mean(axis=0))
        self.degrees = degrees

    def row(self, place: Mapping[str, float]) -> np.ndarray:
        """Design row at one exposure."""
        table = pl.DataFrame({name: [value] for name, value in place.items()})
        names = terms_of(self.predictors, self.shape)
        own = term_matrix(table, names, predictors=self.predictors, knots=self.knots)[0]
        values = dict(zip(names, own.tolist(), strict=True))
        pairs = zip(self.terms, self.means.tolist(), strict=True)
        return np.array([values.get(term, mean) for term, mean in pairs])

    def estimate(self, row: np.ndarray) -> tuple[float, float | None, float | None]:
        """Expected problems, or a difference of such, its standard error and half its interval."""
        from scipy.special import stdtrit

        value = float(combine(row[None, :], self.coefficients)[0])
        variance = float(np.sum(self.covariance * np.outer(row, row)))
        if not np.isfinite(variance):
            return value, None, None
        se = float(np.sqrt(max(variance, 0.0)))
        return value, se, float(stdtrit(max(self.degrees(row), 1.0), 0.975)) * se

    def expected(self, place: Mapping[str, float]) -> Expected:
        """Expected problems at one exposure."""
        P, se, half = self.estimate(self.row(place))
        alone = len(self.predictors) == 1
        return Expected(
            E=next(iter(place.values())) if alone else None,
            P=P,
            se=se,
            low=None if half is None else P - half,
            high=None if half is None else P + half,
            types={} if alone else dict(place),
        )

    def change(self, start: Mapping[str, float], end: Mapping[str, float]) -> Change:
        """How far expected problems change between two exposures."""
        change, se, half = self.estimate(self.row(end) - self.row(start))
        alone = len(self.predictors) == 1
        return Change(
            change=change,
            se=se,
            low=None if half is None else change - half,
            high=None if half is None else change + half,
            E_from=next(iter(start.values())) if alone else None,
            E_to=next(iter(end.values())) if alone else None,
        )


def _belongs(term: str, predictor: str) -> bool:
    """Whether a term is one of a predictor's: itself, its square, a part of its spline."""
    return term in (predictor, *(f"{predictor}{suffix}" for suffix in CURVED))


def without_interval(share: ExplainedShare, value: float) -> ExplainedShare:
    """Return another share, of which no interval is known."""
    return share._replace(
        share=value, adjusted=share.adjusted + value - share.share, low=None, high=None
    )
