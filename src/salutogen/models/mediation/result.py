"""What a mediation model gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from salutogen.errors import ModelError
from salutogen.models.mediation.order import Kind
from salutogen.models.mediation.sensitivity import Confounding
from salutogen.models.pooling.e_value import EValue
from salutogen.models.short_repr import short_repr


class Limits(NamedTuple):
    """95 % limits; NaN where there are none."""

    low: float
    high: float


@short_repr("estimate", "standard_error", "percentile", "bca")
@dataclass(frozen=True, kw_only=True)
class Effect:
    """One path or effect.

    Attributes
    ----------
    estimate : float
        In the units of the data.
    standard_error : float
        By leaving out one person after the other (for least squares: HC3); NaN where the estimate
        rests on one person alone.
    percentile, bca : Limits
        Of the bootstrap over persons: percentile, and bias-corrected and accelerated.
    p : float or None
        Two-sided, of t; None for products of paths, whose distribution is not t.
    """

    estimate: float
    standard_error: float
    percentile: Limits
    bca: Limits
    p: float | None = None


@short_repr(
    "kind", "design", "factor", "mechanisms", "outcome", "n_persons", "indirect", "interval"
)
@dataclass(frozen=True, kw_only=True)
class Mediation:
    """Effects of a factor through mechanisms.

    Attributes
    ----------
    factor, outcome : str
    mechanisms, covariates : tuple of str
    moderator : str or None
    kind : {"mediation", "half-ordered", "association"}
        What the order of the measurements allows to say. `mediation`: factor before mechanism
        before outcome. `half-ordered`: two of the three at the same time. `association`: all at
        the same time, or no time is told.
    design : {"1", "1-1-1", "2-1-1"}
        Persons as units; or levels of factor, mechanism and outcome in repeated measurements.
    effects : dict from name to Effect
        `a` (factor to mechanism), `b` (mechanism to outcome given the factor), `direct`,
        `indirect`, `total`, `reversed:a`, `reversed:b`, `reversed:indirect` (factor over outcome to
        mechanism). With several mechanisms `a:NAME`, `b:NAME`, `indirect:NAME` and their sum
        `indirect`; in series also `d:M1 > M2` and `indirect:M1 > M2`. With a moderator all of these
        at its mean, `a x W`, `b x W`, `direct x W`, and effects `… at W = value`. With repeated
        measurements each begins with `within:` or `between:`.
    sensitivity : dict from name of an indirect effect to Confounding
    e_values : dict from name of an indirect effect to EValue
        Approximate, for one SD more of the factor (the second of two values against the first),
        in SD of the outcome; for the percentile interval.
    log_likelihood : float or None
        Gaussian, of mechanisms and outcome given all else; None with repeated measurements, whose
        two levels are fitted one by one, and for what a first step left of the outcome.
    n_rows, n_dropped : int
        Rows used, of all persons, and rows left out for what they lack.
    draws : int
        Samples of persons in which all paths could be fitted.
    converged : bool
        Always true: the equations have closed solutions.
    messages : tuple of str
        What is doubtful or assumed.
    """

    factor: str
    mechanisms: tuple[str, ...]
    outcome: str
    covariates: tuple[str, ...]
    moderator: str | None
    kind: Kind
    design: str
    effects: dict[str, Effect]
    sensitivity: dict[str, Confounding]
    e_values: dict[str, EValue]
    log_likelihood: float | None
    n_persons: int
    n_rows: int
    n_dropped: int
    draws: int
    converged: bool
    messages: tuple[str, ...]

    @property
    def level(self) -> str:
        """Begin of the names of what `a`, `b` and the like refer to."""
        return {"1": "", "1-1-1": "within:", "2-1-1": "between:"}[self.design]

    def effect(self, name: str) -> Effect:
        """Return an effect by name, at the level that is reported first."""
        found = self.effects.get(self.level + name)
        if found is None:
            raise ModelError(f"No effect {name!r}; there are {', '.join(self.effects)}.")
        return found

    @property
    def a(self) -> float:
        """Path from the factor to the only mechanism."""
        return self.effect("a").estimate

    @property
    def b(self) -> float:
        """Path from the only mechanism to the outcome, given the factor."""
        return self.effect("b").estimate

    @property
    def direct(self) -> float:
        """Effect of the factor that does not go through the mechanisms."""
        return self.effect("direct").estimate

    @property
    def indirect(self) -> float:
        """Effect of the factor through all mechanisms."""
        return self.effect("indirect").estimate

    @property
    def total(self) -> float:
        """Direct and indirect effect together."""
        return self.effect("total").estimate

    @property
    def interval(self) -> Limits:
        """95 % percentile limits of the indirect effect."""
        return self.effect("indirect").percentile

    @property
    def interval_bca(self) -> Limits:
        """95 % bias-corrected and accelerated limits of the indirect effect."""
        return self.effect("indirect").bca

    @property
    def rho_at_zero(self) -> float | None:
        """Correlation of errors at which the indirect effect vanishes; of one mechanism only."""
        found = self.sensitivity.get(self.level + "indirect")
        return None if found is None else found.rho_at_zero

    @property
    def e_value(self) -> EValue:
        """E-value of the indirect effect and of the limit nearer to 0."""
        return self.e_values[self.level + "indirect"]

    @property
    def estimates(self) -> dict[str, float]:
        """Estimates by name."""
        return {name: effect.estimate for name, effect in self.effects.items()}

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors by name."""
        return {name: effect.standard_error for name, effect in self.effects.items()}

    def joint_p(self, mechanism: str | None = None, level: str | None = None) -> float:
        """Return the larger p of the paths to and from a mechanism (joint significance).

        Below .05 both paths differ from 0 at 5 % (Cohen & Cohen 1983; MacKinnon et al. 2002).

        Parameters
        ----------
        mechanism : str, optional
            Needed where there are several.
        level : {"within", "between"}, optional
            With repeated measurements; the one that is reported first by default.
        """
        begin = self.level if level is None else f"{level}:"
        end = "" if len(self.mechanisms) == 1 or mechanism is None else f":{mechanism}"
        values = []
        for path in ("a", "b"):
            found = self.effects.get(f"{begin}{path}{end}")
            if found is None or found.p is None:
                known = ", ".join(self.mechanisms)
                raise ModelError(f"No path {begin}{path}{end}; the mechanisms are {known}.")
            values.append(found.p)
        return max(values) if all(value == value for value in values) else float("nan")

    @property
    def table(self) -> pl.DataFrame:
        """One row per effect: estimate, standard error, limits and p."""
        return pl.DataFrame(
            [
                {
                    "effect": name,
                    "estimate": effect.estimate,
                    "standard_error": effect.standard_error,
                    "percentile_low": effect.percentile.low,
                    "percentile_high": effect.percentile.high,
                    "bca_low": effect.bca.low,
                    "bca_high": effect.bca.high,
                    "p": effect.p,
                }
                for name, effect in self.effects.items()
            ],
            schema_overrides={"p": pl.Float64},
        ).with_columns(pl.col(pl.Float64).fill_nan(None))
