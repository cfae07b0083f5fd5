"""What classes are found under different assumptions about variances and random effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import polars as pl

from salutogen.errors import ModelError
from salutogen.models.formula.mixed_formula import INTERCEPT, parse_formula, simple_terms
from salutogen.models.mixture.agreement import adjusted_rand_index
from salutogen.models.mixture.comparison import fit_all, results_and_failures
from salutogen.models.mixture.likelihood.parameters import Sharing
from salutogen.models.mixture.membership import with_covariates
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.mixture.result import GrowthMixtureResult
from salutogen.models.moments.moments import Moments
from salutogen.models.parallel.executors import Progress, given_or_scheduled
from salutogen.models.short_repr import short_repr

Assumptions = tuple[str, Sharing]

NEAR = 10.0  # BIC above the best within which a set of assumptions is a rival


@short_repr("classes", "rivals")
@dataclass(frozen=True, kw_only=True)
class AssumptionComparison:
    """Growth mixtures with the same number of classes under several sets of assumptions.

    Attributes
    ----------
    classes : int
        Number of classes.
    results : mapping of (str, str) to GrowthMixtureResult
        By random part and sharing of the variances, such as ``("1 + t", "free")``.
    failures : mapping of (str, str) to str
        Why there is no proper solution for the others.
    """

    classes: int
    results: Mapping[Assumptions, GrowthMixtureResult]
    failures: Mapping[Assumptions, str]

    @property
    def table(self) -> pl.DataFrame:
        """One row per set: criteria, and the share of each class (`share_1`, `share_2`, …).

        Null where no start ended in a proper solution; `message` says why. `rival` says whether
        the set has converged within 10 BIC of the best that has.
        """
        rows = []
        for key in sorted([*self.results, *self.failures], key=_order(self)):
            fit = self.results.get(key)
            row: dict[str, Any] = {"random": key[0], "variances": key[1]}
            for name in ("log_likelihood", "n_parameters", "bic", "entropy", "converged"):
                row[name] = None if fit is None else getattr(fit, name)
            row["rival"] = key in self.rivals
            for k in range(self.classes):
                row[f"share_{k + 1}"] = None if fit is None else float(fit.shares[k])
            row["message"] = self.failures[key] if fit is None else " ".join(fit.messages)
            rows.append(row)
        return pl.DataFrame(rows, infer_schema_length=None)

    @property
    def rivals(self) -> tuple[Assumptions, ...]:
        """Sets that have converged, within 10 BIC of the best of them."""
        proper = {key: fit.bic for key, fit in self.results.items() if fit.converged}
        if not proper:
            return ()
        best = min(proper.values())
        return tuple(key for key in self.results if proper.get(key, best + 2 * NEAR) <= best + NEAR)

    @property
    def agreement(self) -> pl.DataFrame:
        """Adjusted Rand index of the most probable classes for each pair of rivals."""
        labels = {key: self.results[key].classes["class"].to_numpy() for key in self.rivals}
        rows = [
            (*a, *b, adjusted_rand_index(labels[a], labels[b])) for a, b in combinations(labels, 2)
        ]
        names = ("random", "variances", "other_random", "other_variances", "adjusted_rand")
        return pl.DataFrame(
            rows, schema=[*((n, pl.String) for n in names[:4]), (names[4], pl.Float64)],
            orient="row",
        )  # fmt: skip

    @property
    def lowest_agreement(self) -> float | None:
        """Smallest adjusted Rand index among rivals; None where there are fewer than two."""
        values = self.agreement["adjusted_rand"]
        return float(min(values)) if len(values) else None

    def figure(self) -> Any:
        """Return an Altair chart of the shares of the classes under each set."""
        import altair as alt

        shares = [f"share_{k + 1}" for k in range(self.classes)]
        name = pl.format("{}, {} variances", pl.col("random"), pl.col("variances"))
        long = (
            self.table.drop_nulls("bic")
            .with_columns(assumptions=name)
            .unpivot(shares, index=["assumptions", "bic"], variable_name="class")
            .with_columns(pl.col("class").str.replace("share_", "Class "))
        )
        return (
            alt.Chart(alt.InlineData(values=long.to_dicts()))
            .mark_bar()
            .encode(
                x=alt.X("value:Q", title="Share of persons", scale={"domain": [0, 1]}),
                y=alt.Y("assumptions:N", title=None, sort=None),
                color=alt.Color("class:N", title=None),
                order=alt.Order("class:N"),
                tooltip=["assumptions:N", "class:N", "value:Q", "bic:Q"],
            )
            .properties(width=320)
        )


def compare_assumptions(
    formula: str,
    data: Any,
    *,
    classes: int = 3,
    random: Sequence[str] = ("1", "1 + t"),
    variances: Sequence[Sharing] = ("equal", "free"),
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> AssumptionComparison:
    """Fit the same classes under each random part and each sharing of the variances.

    Equal variances, and random slopes fixed at zero, make more and larger classes than there are
    (Infurna & Grimm 2018); what depends on them should not be claimed.

    Parameters
    ----------
    formula : str
        As for `GrowthMixture`; its random part names the person column, and is replaced.
    data : data frame, mapping of arrays, or Moments
        Rows, read once, or their reduction by a formula with the same fixed part and all random
        terms.
    classes : int
        Number of classes.
    random : sequence of str
        Random parts, left of the bar: sums of columns. A column may hold the course of a jump that
        persons have in different sizes, so that ``1 + jump`` competes with classes of jumps.
    variances : sequence of str
        `equal`, `proportional` or `free`, for the residual variance and the random covariance
        alike.
    executor, scheduler, progress
        As for `compare_classes`.
    **settings
        Further settings of `GrowthMixture`.

    Raises
    ------
    ModelError
        What `GrowthMixture` refuses, or a random part that is no sum of columns.
    Interrupted
        On Ctrl-C; its `finished` holds what was finished by random part and variances.
    """
    parsed = parse_formula(formula)
    terms = {part: simple_terms(part) for part in random}
    unread = [part for part, names in terms.items() if names is None]
    if unread or not terms or not variances:
        raise ModelError(
            f"random, variances: expected at least one of each, the former sums of columns such as "
            f"'1 + t', got {list(random)} and {list(variances)}."
        )
    left = f"{parsed.outcome} ~ {parsed.fixed}"
    if isinstance(data, Moments):
        moments = data
    else:
        every = dict.fromkeys(name for names in terms.values() for name in names or ())
        joint = " + ".join(["0", *("1" if name == INTERCEPT else name for name in every)])
        moments = Moments.from_frame(f"{left} + ({joint} | {parsed.group})", data)
        if settings.get("membership") is not None:
            moments = with_covariates(moments, settings["membership"], data)
    pairs = {}
    for part, sharing in product(random, variances):
        spec = GrowthMixture(
            f"{left} + ({part} | {parsed.group})",
            classes=classes,
            random_covariance=sharing,
            residual_variance=sharing,
            **settings,
        )
        pairs[part, sharing] = spec, _of_random_part(moments, spec, parsed.fixed, terms[part] or ())
    with given_or_scheduled(executor, scheduler) as where:
        found = fit_all(pairs, where, progress, "sets of assumptions")
    results, failures = results_and_failures(found)
    return AssumptionComparison(classes=classes, results=results, failures=failures)


def _of_random_part(
    moments: Moments, spec: GrowthMixture, fixed: str, terms: tuple[str, ...]
) -> Moments:
    """The same cross-products, named for a formula with another random part."""
    same = moments.formula is not None and parse_formula(moments.formula).fixed == fixed
    held = set(terms) <= {INTERCEPT, *moments.columns[:-1]}
    if not (same and held):
        return moments  # for the model to read by name, or to refuse
    return replace(moments, formula=spec.formula, random=(terms,) if terms else ())


def _order(found: AssumptionComparison) -> Any:
    """Best BIC first, failures last."""
    return lambda key: (
        (0, found.results[key].bic) if key in found.results else (1, 0.0),
        key,
    )
