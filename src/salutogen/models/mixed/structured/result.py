"""What a mixed model with sites or a residual structure found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import n_rows_of, read_columns
from salutogen.models.formula.design import Design, columns_of
from salutogen.models.formula.mixed_formula import MixedFormula
from salutogen.models.mixed.fit import Level, Limits, MixedFit, Tester
from salutogen.models.mixed.prediction import places_in, sum_of
from salutogen.models.mixed.structured.rows import person_labels
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.mixed.inference.fixed_effects import FixedInference
    from salutogen.models.mixed.structured.problem import StructuredProblem

Float = NDArray[np.float64]

# Methods that users know from fits without structure, and will look for here.
ELSEWHERE = {
    "bootstrap": "Bootstraps",
    "profile_intervals": "Profile intervals",
    "robust_inference": "Robust errors",
}
CONDITIONAL = "Conditional variances"


@short_repr("blocks", "modes")
@dataclass(frozen=True, kw_only=True)
class OuterLevel:
    """Random effects of the groups that persons belong to.

    Attributes
    ----------
    labels : polars.Series
        The groups, sorted, named as their column.
    blocks : tuple of tuple of str
        Random terms by block of correlated terms.
    covariance : array (s, s)
        Covariance of the random effects.
    modes : array (n_groups, s)
        Conditional modes.
    designs : tuple of Design
        Blocks as learned.
    """

    labels: pl.Series
    blocks: tuple[tuple[str, ...], ...]
    covariance: Float
    modes: Float
    designs: tuple[Design, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class StructuredResult(MixedFit):
    """A fitted mixed model with persons in sites, or with a residual structure.

    `random_covariance`, `random_terms`, `random_sd` and `modes` are the persons'; those of the
    sites are asked for by the name of their column: ``random_covariance_of("site")``,
    ``random_sd_of("site")``, ``random_effects("site")``.

    Attributes
    ----------
    outer : OuterLevel or None
        Random effects of the sites.
    pair : MixedFormula or None
        The formula, where persons are pairs of labels.
    scaled : StructuredProblem
        The problem that was solved; `relative_factor` holds all its parameters at the solution.
    """

    outer: OuterLevel | None = None
    pair: MixedFormula | None = None
    scaled: StructuredProblem

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        """Say of what a structured fit has not, in words, that it has not."""
        if name in ELSEWHERE:
            return lambda *_, **__: self._refuse(ELSEWHERE[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @cached_property
    def inference(self) -> FixedInference:
        """How certain the covariance of the fixed effects is; computed when first asked for."""
        from salutogen.models.mixed.structured.problem import structured_inference

        return structured_inference(
            self.scaled, self.relative_factor, self.coefficients, self.covariance
        )

    @cached_property
    def mode_covariances(self) -> Float:
        """Covariance of each person's random effects given the outcomes (n_persons, q, q).

        Of models without sites. The estimates of the other parameters are taken as known, those
        of the residuals too.
        """
        from salutogen.models.mixed.prediction import given_outcomes

        if self.outer is not None:
            self._refuse(CONDITIONAL)
        criterion, base = self.scaled.criterion, self.scaled.base
        inner, theta, _ = criterion.solved(self.relative_factor)
        L, _ = criterion.layout.factors(theta)
        q = len(L)
        crossed = inner.products.reshape(len(self.persons), q, -1)[:, :, :q]
        relative = base.random_map @ given_outcomes(crossed, L) @ base.random_map.T
        covariances: Float = self.residual_variance * relative
        return covariances

    @property
    def levels(self) -> tuple[Level, ...]:
        """Groupings, the persons first."""
        own = super().levels
        if self.outer is None:
            return own
        outer = self.outer
        return (*own, Level(group=outer.labels.name, n=len(outer.labels), blocks=outer.blocks,
                            covariance=outer.covariance))  # fmt: skip

    def _level(self, group: str) -> Level:
        for level in self.levels:
            if level.group == group:
                return level
        known = ", ".join(level.group for level in self.levels)
        raise ModelError(f"group: expected one of {known}, got {group!r}.")

    def random_covariance_of(self, group: str) -> Float:
        """Covariance of a grouping's random effects, in the order of `random_terms_of`."""
        return self._level(group).covariance

    def random_terms_of(self, group: str) -> tuple[str, ...]:
        """Names of a grouping's random terms."""
        return tuple(name for block in self._level(group).blocks for name in block)

    def random_sd_of(self, group: str) -> dict[str, float]:
        """Standard deviation of each random effect of a grouping."""
        spread = np.sqrt(np.diag(self.random_covariance_of(group))).tolist()
        return dict(zip(self.random_terms_of(group), spread, strict=True))

    def random_effects(self, group: str | None = None, *, variances: bool = False) -> pl.DataFrame:
        """Return the conditional modes of a grouping's random effects, one row per label.

        Parameters
        ----------
        group : str, optional
            Name of the grouping column; the persons' by default.
        variances : bool
            With `term`, `estimate` and `std_error` per person and random term, the root of the
            conditional variance. Of models without sites.
        """
        if variances:
            from salutogen.models.mixed.summary import modes_with_errors

            return modes_with_errors(self, self.mode_covariances)
        if group is None or group == self.persons.name or self.outer is None:
            if group is not None:
                self._level(group)
            return self._person_modes()
        names = self.random_terms_of(group)
        columns = [pl.Series(n, v) for n, v in zip(names, self.outer.modes.T, strict=True)]
        return pl.DataFrame([self.outer.labels, *columns])

    def _tester(self, errors: str) -> Tester:
        if errors != "model":
            self._refuse(ELSEWHERE["robust_inference"])
        return self.inference.test

    def _profile_limits(self, level: float) -> Limits:
        self._refuse(ELSEWHERE["profile_intervals"])

    def _prediction_intervals(
        self, frame: Any, *, own: bool, interval: str, level: float
    ) -> pl.DataFrame:
        self._refuse("Intervals of predictions")

    def _expected(self, frame: Any, *, own: bool) -> Float:
        fixed, *inner = self.designs[1:]
        outer = self.outer.designs if self.outer is not None else ()
        used = (fixed, *inner, *outer) if own else (fixed,)
        needed = [name for design in used for name in design.variables]
        groups = self._group_columns() if own else ()
        rows = read_columns(frame, [*needed, *groups], labels=groups)
        if not rows.width:
            rows = pl.DataFrame({"row": np.zeros(n_rows_of(frame))})
        total: Float = sum_of(columns_of(fixed, rows), self.coefficients[None, :])
        if own:
            labels = rows[self.persons.name] if self.pair is None else person_labels(
                self.pair, rows
            )  # fmt: skip
            total = total + _random_part(inner, rows, self.modes, self.persons, labels)
            if self.outer is not None:
                here = self.outer.labels
                total = total + _random_part(outer, rows, self.outer.modes, here, rows[here.name])
        return total

    def _group_columns(self) -> tuple[str, ...]:
        """Columns that name a row's person and site."""
        if self.pair is not None and self.pair.outer_group is not None:
            return self.pair.outer_group, self.pair.group
        outer = () if self.outer is None else (self.outer.labels.name,)
        return (self.persons.name, *outer)

    def _refuse(self, what: str) -> NoReturn:
        raise ModelError(
            f"{self.formula}: {what} are given for one level of grouping"
            + (" only." if what == CONDITIONAL else " and independent residuals only.")
        )


def _random_part(
    designs: Any, rows: pl.DataFrame, modes: Float, known: pl.Series, labels: pl.Series
) -> Float:
    """Random part of each row, zero for labels that were not in the fit."""
    places = places_in(known, labels)
    columns = np.hstack([columns_of(design, rows) for design in designs])
    effects = np.where(places[:, None] >= 0, modes[np.maximum(places, 0)], 0.0)
    return sum_of(columns, effects)
