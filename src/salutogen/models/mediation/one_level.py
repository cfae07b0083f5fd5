"""Paths from factor over mechanisms to outcome, persons being the units."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mediation.cross_products import packed_products, regress, unpacked
from salutogen.models.mediation.rows import Columns, Rows
from salutogen.models.mediation.sensitivity import confounding

Float = NDArray[np.float64]
Together = Literal["parallel", "serial"]
Steps = Literal[1, 2]
Figures = dict[str, Float]

CONSTANT = "(constant)"


@dataclass(frozen=True, kw_only=True)
class OneLevel:
    """The equations of the mechanisms and of the outcome, as functions of cross-products.

    Attributes
    ----------
    columns : Columns
    rows : Rows
    together : {"parallel", "serial"}
    steps : {1, 2}
        Of exposure: among the predictors of the outcome, or taken out of it first, by a line that
        is fitted anew in every sample.
    """

    columns: Columns
    rows: Rows
    together: Together = "parallel"
    steps: Steps = 1

    @property
    def order(self) -> list[str]:
        """Names of all columns of the cross-products."""
        products = [_product(name) for name in self.columns.moderated]
        return [CONSTANT, *self.columns.numbers, *products]

    def sums(self) -> Float:
        """Cross-products of each person (n, m)."""
        found = {CONSTANT: np.ones(self.rows.n_persons), **self.rows.values}
        for name in self.columns.moderated:
            found[_product(name)] = found[name] * found[self.columns.moderator or ""]
        return packed_products(np.column_stack([found[name] for name in self.order]))

    def figures(self, sums: Float) -> Figures:
        """Every path, direct, indirect and total effect of samples (s, m), in the data's units."""
        fits = _Fits(self, unpacked(sums, len(self.order)))
        found = self._paths(fits)
        found |= self._indirect(found)
        found["total"] = found["direct"] + found["indirect"]
        if self.columns.moderator is not None:
            found |= self._conditional(found)
        return found | self._reversed(fits)

    def _paths(self, fits: _Fits) -> Figures:
        c, base = self.columns, fits.base
        found: Figures = {}
        for place, name in enumerate(c.mechanisms):
            before = list(c.mechanisms[:place]) if self.together == "serial" else []
            fitted = fits.of(name, [*base, *before])
            found[self.named("a", name)] = fitted[c.factor]
            found |= {f"d:{earlier} > {name}": fitted[earlier] for earlier in before}
            if c.moderator is not None:
                found[f"{self.named('a', name)} x {c.moderator}"] = fitted[_product(c.factor)]
        products = [_product(name) for name in c.mechanisms] if c.moderator is not None else []
        fitted = fits.of(c.outcome, [*base, *fits.exposure, *c.mechanisms, *products])
        for name in c.mechanisms:
            found[self.named("b", name)] = fitted[name]
            if c.moderator is not None:
                found[f"{self.named('b', name)} x {c.moderator}"] = fitted[_product(name)]
        found["direct"] = fitted[c.factor]
        if c.moderator is not None:
            found[f"direct x {c.moderator}"] = fitted[_product(c.factor)]
        return found

    def named(self, effect: str, mechanism: str) -> str:
        """Name of a mechanism's own effect: plain where there is but one mechanism."""
        return effect if len(self.columns.mechanisms) == 1 else f"{effect}:{mechanism}"

    @property
    def ways(self) -> list[tuple[str, ...]]:
        """Every way from factor to outcome, as the mechanisms on it."""
        mechanisms = self.columns.mechanisms
        longest = len(mechanisms) if self.together == "serial" else 1
        return [way for length in range(1, longest + 1) for way in combinations(mechanisms, length)]

    @property
    def indirect_names(self) -> list[str]:
        """Names of the indirect effects, of each way and of all together."""
        own = [self.named("indirect", " > ".join(way)) for way in self.ways]
        return list(dict.fromkeys([*own, "indirect"]))

    def contrast_and_spread(self, name: str, sums: Float) -> tuple[float, float]:
        """SD of the factor and of the outcome behind an effect, in the units of the data."""
        fits = _Fits(self, unpacked(sums, len(self.order)))
        spread = float(fits.spread(self.columns.outcome, [CONSTANT])[0])
        return self.rows.scales[self.columns.factor], spread / np.sqrt(self.rows.n_persons - 1)

    def _indirect(self, paths: Figures) -> Figures:
        """Indirect effects of each way, and of all ways together."""
        found: Figures = {}
        for way in self.ways:
            effect = paths[self.named("a", way[0])] * paths[self.named("b", way[-1])]
            for earlier, later in pairwise(way):
                effect = effect * paths[f"d:{earlier} > {later}"]
            found[self.named("indirect", " > ".join(way))] = effect
        if len(self.ways) > 1:
            found["indirect"] = np.sum(list(found.values()), axis=0)
        return found

    def _conditional(self, paths: Figures) -> Figures:
        """Effects at two values of the moderator, and by how much the indirect ones differ."""
        moderator = self.columns.moderator or ""
        ways = {
            self.named("indirect", name): (self.named("a", name), self.named("b", name))
            for name in self.columns.mechanisms
        }
        found: Figures = {}
        for value in self.rows.moderator_values:
            from_mean = value - self.rows.centres[moderator]
            at = {
                name: paths[name] + paths[f"{name} x {moderator}"] * from_mean
                for name in paths
                if f"{name} x {moderator}" in paths
            }
            found |= {_at(name, moderator, value): figure for name, figure in at.items()}
            indirect = {way: at[a] * at[b] for way, (a, b) in ways.items()}
            if len(ways) > 1:
                indirect["indirect"] = np.sum(list(indirect.values()), axis=0)
            found |= {_at(way, moderator, value): figure for way, figure in indirect.items()}
        low, high = self.rows.moderator_values
        for way in dict.fromkeys([*ways, "indirect"]):
            found[difference_of(way, moderator)] = (
                found[_at(way, moderator, high)] - found[_at(way, moderator, low)]
            )
        return found

    def _reversed(self, fits: _Fits) -> Figures:
        """Factor over outcome to each mechanism: the order that the data cannot rule out."""
        c, found = self.columns, {}
        base = [*fits.base, *fits.exposure]
        a = fits.of(c.outcome, base)[c.factor]
        product = [_product(c.outcome)] if c.moderator is not None else []
        for name in c.mechanisms:
            b = fits.of(name, [*base, c.outcome, *product])[c.outcome]
            found[self.named("reversed:a", name)] = a
            found[self.named("reversed:b", name)] = b
            found[self.named("reversed:indirect", name)] = a * b
        return found

    def confounding(self, sums: Float) -> Figures:
        """What sensitivity of each mechanism's own indirect effect rests on, of samples (3, s)."""
        c = self.columns
        if c.moderator is not None or self.together == "serial":
            return {}
        fits = _Fits(self, unpacked(sums, len(self.order)))
        base = [*fits.base, *fits.exposure]
        found = {}
        for name in c.mechanisms:
            others = [other for other in c.mechanisms if other != name]
            found[self.named("indirect", name)] = confounding(
                a=fits.of(name, fits.base)[c.factor],
                sign=fits.of(c.outcome, [*base, *c.mechanisms])[name],
                without=fits.spread(c.outcome, [*base, *others]),
                with_mechanism=fits.spread(c.outcome, [*base, *c.mechanisms]),
                of_mechanism=fits.spread(name, [*base, *others]),
            )
        return found

    def log_likelihood(self, sums: Float) -> float | None:
        """Gaussian, of mechanisms and outcome given all else, at the maximum.

        None where the outcome is what a first step left.
        """
        if self.steps == 2:
            return None
        c, n = self.columns, self.rows.n_persons
        fits = _Fits(self, unpacked(sums, len(self.order)))
        value, known = 0.0, list(fits.base)
        for name in c.mechanisms:  # one after the other: scatter of mechanisms may go together
            value += _gaussian(float(fits.spread(name, known)[0]), n)
            known.append(name)
        products = [_product(name) for name in c.mechanisms] if c.moderator is not None else []
        left = fits.spread(c.outcome, [*known, *fits.exposure, *products])
        return value + _gaussian(float(left[0]), n)


class _Fits:
    """Regressions of samples' cross-products, by name and in the units of the data."""

    def __init__(self, model: OneLevel, products: Float) -> None:
        c = model.columns
        self.place = {name: place for place, name in enumerate(model.order)}
        self.products = products
        self.exposure = list(c.exposure) if model.steps == 1 else []
        if model.steps == 2:
            self._take_out(c.outcome, [CONSTANT, *c.exposure])
        self.unit = {CONSTANT: 1.0, **model.rows.scales}
        self.base = [CONSTANT, c.factor, *c.covariates]
        if c.moderator is not None:
            self.base += [c.moderator, _product(c.factor)]
            self.unit |= {
                _product(name): self.unit[name] * self.unit[c.moderator] for name in c.moderated
            }

    def _take_out(self, outcome: str, predictors: list[str]) -> None:
        """Leave of an outcome what a line on predictors does not tell, sample by sample."""
        places, own = [self.place[name] for name in predictors], self.place[outcome]
        line, _ = regress(self.products, own, places)
        left = self.products.copy()
        left[:, :, own] -= np.sum(self.products[:, :, places] * line[:, None, :], axis=2)
        left[:, own, :] -= np.sum(left[:, places, :] * line[:, :, None], axis=1)
        self.products = left

    def of(self, outcome: str, predictors: list[str]) -> Figures:
        """Coefficients (s,) of one outcome by predictor."""
        places = [self.place[name] for name in predictors]
        found, _ = regress(self.products, self.place[outcome], places)
        return {
            name: column * (self.unit[outcome] / self.unit[name])
            for name, column in zip(predictors, found.T, strict=True)
        }

    def spread(self, outcome: str, predictors: list[str]) -> Float:
        """Roots (s,) of the residual sums of squares."""
        places = [self.place[name] for name in predictors]
        _, squares = regress(self.products, self.place[outcome], places)
        return np.sqrt(squares) * self.unit[outcome]


def _product(name: str) -> str:
    return f"{name} x moderator"


def _at(effect: str, moderator: str, value: float) -> str:
    return f"{effect} at {moderator} = {value:.6g}"


def difference_of(effect: str, moderator: str) -> str:
    """Name of the difference of an effect between the two values of the moderator."""
    return f"{effect}: high minus low {moderator}"


def _gaussian(spread: float, n: int) -> float:
    return float(-0.5 * n * (np.log(2 * np.pi * spread**2 / n) + 1))
