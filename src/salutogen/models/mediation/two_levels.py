"""Paths within and between persons, from repeated measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mediation.cross_products import packed_products, regress, unpacked
from salutogen.models.mediation.one_level import CONSTANT, Figures
from salutogen.models.mediation.rows import Columns, Rows
from salutogen.models.mediation.sensitivity import confounding

Float = NDArray[np.float64]
Level = Literal["within", "between"]

STILL = 1e-10  # SD within persons, in SD over rows, below which a column does not change


@dataclass(frozen=True, kw_only=True)
class TwoLevels:
    """Least squares of deviations from persons' means, and of these means over persons.

    With a random intercept and the means among the predictors the paths within persons of a mixed
    model are exactly these, and so are those between persons where all have as many occasions.

    Attributes
    ----------
    columns : Columns
    rows : Rows
    means, deviations : dict from column to array (n_persons,), (n,)
    """

    columns: Columns
    rows: Rows
    means: dict[str, Float]
    deviations: dict[str, Float]

    @classmethod
    def of(cls, columns: Columns, rows: Rows) -> TwoLevels:
        """Split rows into persons' means and deviations from these.

        Raises
        ------
        ModelError
            Mechanism or outcome do not change within persons.
        """
        n = np.bincount(rows.person, minlength=rows.n_persons)
        means = {name: np.bincount(rows.person, v) / n for name, v in rows.values.items()}
        deviations = {name: v - means[name][rows.person] for name, v in rows.values.items()}
        made = cls(columns=columns, rows=rows, means=means, deviations=deviations)
        still = [name for name in (*columns.mechanisms, columns.outcome) if not made._changes(name)]
        if still:
            raise ModelError(
                f"{', '.join(still)}: the same at all occasions of a person. Give one row for each "
                "person, without `person=`."
            )
        return made

    def _changes(self, name: str) -> bool:
        deviations = self.deviations[name]
        return bool(np.sqrt(np.mean(deviations**2)) > STILL)

    @property
    def design(self) -> str:
        """Levels of factor, mechanism and outcome: `1-1-1`, or `2-1-1` with a steady factor."""
        return "1-1-1" if self._changes(self.columns.factor) else "2-1-1"

    @property
    def levels(self) -> tuple[Level, ...]:
        """Levels at which there is an indirect effect; what is reported first comes first."""
        return ("within", "between") if self.design == "1-1-1" else ("between",)

    @property
    def indirect_names(self) -> list[str]:
        """Names of the indirect effects."""
        return [f"{level}:indirect" for level in self.levels]

    def contrast_and_spread(self, name: str, sums: Float) -> tuple[float, float]:
        """SD of factor and outcome at the level of an effect, in the units of the data."""
        c, scales = self.columns, self.rows.scales
        if name.startswith("between:"):
            spread = [float(np.std(self.means[name], ddof=1)) for name in (c.factor, c.outcome)]
        else:
            df = self.rows.person.size - self.rows.n_persons
            spread = [
                float(np.sqrt(np.sum(self.deviations[name] ** 2) / df))
                for name in (c.factor, c.outcome)
            ]
        return spread[0] * scales[c.factor], spread[1] * scales[c.outcome]

    def _order(self, level: Level) -> list[str]:
        if level == "between":
            return [CONSTANT, *self.columns.numbers]
        return [name for name in self.columns.numbers if self._changes(name)]

    def sums(self) -> Float:
        """Cross-products of each person, within beside between (n_persons, m)."""
        within = packed_products(
            np.column_stack([self.deviations[name] for name in self._order("within")])
        )
        summed = np.stack(
            [np.bincount(self.rows.person, c, self.rows.n_persons) for c in within.T], axis=1
        )
        ones = {CONSTANT: np.ones(self.rows.n_persons), **self.means}
        between = packed_products(np.column_stack([ones[name] for name in self._order("between")]))
        return np.hstack([summed, between])

    def _products(self, sums: Float, level: Level) -> Float:
        k = len(self._order("within"))
        edge = k * (k + 1) // 2
        part = sums[:, :edge] if level == "within" else sums[:, edge:]
        return unpacked(part, len(self._order(level)))

    def figures(self, sums: Float) -> Figures:
        """Paths and effects at each level of samples (s, m), in the units of the data."""
        found: Figures = {}
        for level in self.levels:
            c, fit = self.columns, _Fit(self, self._products(sums, level), level)
            (mechanism,) = c.mechanisms
            a = fit.of(mechanism, fit.base, c.factor)
            b = fit.of(c.outcome, [*fit.base, mechanism], mechanism)
            direct = fit.of(c.outcome, [*fit.base, mechanism], c.factor)
            total = fit.of(c.outcome, fit.base, c.factor)
            back = fit.of(mechanism, [*fit.base, c.outcome], c.outcome)
            own = {"a": a, "b": b, "direct": direct, "indirect": a * b, "total": total}
            own |= {"reversed:a": total, "reversed:b": back, "reversed:indirect": total * back}
            found |= {f"{level}:{name}": figure for name, figure in own.items()}
        if self.design == "2-1-1":
            fit = _Fit(self, self._products(sums, "within"), "within")
            (mechanism,) = self.columns.mechanisms
            found["within:b"] = fit.of(self.columns.outcome, [*fit.base, mechanism], mechanism)
        return found

    def confounding(self, sums: Float) -> Figures:
        """What sensitivity of each level's indirect effect rests on, of samples (3, s)."""
        found = {}
        for level in self.levels:
            c, fit = self.columns, _Fit(self, self._products(sums, level), level)
            (mechanism,) = c.mechanisms
            both = [*fit.base, mechanism]
            found[f"{level}:indirect"] = confounding(
                a=fit.of(mechanism, fit.base, c.factor),
                sign=fit.of(c.outcome, both, mechanism),
                without=fit.spread(c.outcome, fit.base),
                with_mechanism=fit.spread(c.outcome, both),
                of_mechanism=fit.spread(mechanism, fit.base),
            )
        return found


class _Fit:
    """Regressions of samples' cross-products at one level, in the units of the data."""

    def __init__(self, model: TwoLevels, products: Float, level: Level) -> None:
        c, order = model.columns, model._order(level)
        self.products = products
        self.place = {name: place for place, name in enumerate(order)}
        self.unit = {CONSTANT: 1.0, **model.rows.scales}
        self.base = [name for name in (CONSTANT, c.factor, *c.covariates) if name in order]

    def of(self, outcome: str, predictors: list[str], wanted: str) -> Float:
        """Coefficient (s,) of one predictor."""
        places = [self.place[name] for name in predictors]
        found, _ = regress(self.products, self.place[outcome], places)
        column: Float = found[:, predictors.index(wanted)]
        return column * (self.unit[outcome] / self.unit[wanted])

    def spread(self, outcome: str, predictors: list[str]) -> Float:
        """Roots (s,) of the residual sums of squares."""
        places = [self.place[name] for name in predictors]
        _, squares = regress(self.products, self.place[outcome], places)
        return np.sqrt(squares) * self.unit[outcome]
