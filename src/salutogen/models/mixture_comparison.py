"""Compare growth mixtures with different numbers of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from salutogen.errors import ModelError
from salutogen.models.growth_mixture import GrowthMixture
from salutogen.models.growth_mixture_result import GrowthMixtureResult

CRITERIA = ("aic", "bic", "sabic", "icl")


@dataclass(frozen=True, kw_only=True)
class ClassComparison:
    """Growth mixtures of the same data with different numbers of classes.

    Attributes
    ----------
    results : mapping of int to GrowthMixtureResult
        By number of classes, where there is a proper solution.
    failures : mapping of int to str
        Why there is none for the others.
    """

    results: Mapping[int, GrowthMixtureResult]
    failures: Mapping[int, str]

    @property
    def table(self) -> pl.DataFrame:
        """One row per number of classes: likelihood, criteria, entropy, smallest class, starts.

        Criteria are smaller where better; BIC, SABIC and ICL count persons. Null where no start
        ended in a proper solution; `message` says why.
        """
        rows = [self._row(k) for k in sorted([*self.results, *self.failures])]
        return pl.DataFrame(rows, infer_schema_length=None)

    def _row(self, k: int) -> dict[str, Any]:
        fit = self.results.get(k)
        if fit is None:
            empty = dict.fromkeys(
                (
                    "log_likelihood", "n_parameters", *CRITERIA, "entropy", "smallest_share",
                    "smallest_n", "starts_at_best", "converged",
                )
            )  # fmt: skip
            return {"classes": k, **empty, "message": self.failures[k]}
        sizes = fit.classes["class"].value_counts()["count"].to_list()
        return {
            "classes": k,
            "log_likelihood": fit.log_likelihood,
            "n_parameters": fit.n_parameters,
            **{name: getattr(fit, name) for name in CRITERIA},
            "entropy": fit.entropy,
            "smallest_share": float(fit.shares.min()),
            "smallest_n": min(sizes) if len(sizes) == k else 0,
            "starts_at_best": fit.starts_at_best,
            "converged": fit.converged,
            "message": " ".join(fit.messages),
        }

    def best(self, criterion: str = "bic") -> GrowthMixtureResult:
        """Return the fit with the smallest `aic`, `bic`, `sabic` or `icl`."""
        if criterion not in CRITERIA:
            raise ModelError(
                f"criterion: expected one of {', '.join(CRITERIA)}, got {criterion!r}."
            )
        if not self.results:
            raise ModelError("No number of classes has a proper solution.")
        return min(self.results.values(), key=lambda fit: (getattr(fit, criterion), fit.n_classes))

    def figure(self) -> Any:
        """Return an Altair chart of the criteria and the entropy by number of classes."""
        import altair as alt

        long = (
            self.table.drop_nulls("bic")
            .select("classes", *CRITERIA)
            .unpivot(index="classes", variable_name="criterion", value_name="value")
            .with_columns(pl.col("criterion").str.to_uppercase())
        )
        number = alt.X("classes:O", title="Classes", axis=alt.Axis(labelAngle=0))
        criteria = (
            alt.Chart(alt.InlineData(values=long.to_dicts()))
            .mark_line(point=True)
            .encode(
                x=number,
                y=alt.Y("value:Q", title="Criterion (smaller is better)", scale={"zero": False}),
                color=alt.Color("criterion:N", title=None, sort=[c.upper() for c in CRITERIA]),
                strokeDash=alt.StrokeDash("criterion:N", title=None),
            )
            .properties(width=300, height=220)
        )
        certain = self.table.drop_nulls("bic").select("classes", "entropy")
        entropy = (
            alt.Chart(alt.InlineData(values=certain.to_dicts()))
            .mark_line(point=True)
            .encode(
                x=number,
                y=alt.Y("entropy:Q", title="Entropy (1 = certain)", scale={"domain": [0, 1]}),
            )
            .properties(width=220, height=220)
        )
        return alt.hconcat(criteria, entropy)


def compare_classes(
    formula: str, data: Any, *, classes: Iterable[int] = range(1, 7), **settings: Any
) -> ClassComparison:
    """Fit growth mixtures with several numbers of classes to one reduction of the data.

    Parameters
    ----------
    formula : str
        As for `GrowthMixture`.
    data : data frame, mapping of arrays, or Moments
        Rows or their reduction; rows are read once.
    classes : iterable of int
        Numbers of classes.
    **settings
        Further settings of `GrowthMixture`: `starts`, `seed`, `random_covariance`, …

    Returns
    -------
    ClassComparison
        With `table`, `results`, `best()` and `figure()`.

    Raises
    ------
    ModelError
        What `GrowthMixture` refuses, unless it is only that all starts are degenerate.
    """
    numbers = sorted(set(classes))
    if not numbers:
        raise ModelError("classes: expected at least one number of classes, got none.")
    specs = {k: GrowthMixture(formula, classes=k, **settings) for k in numbers}
    moments, _, _ = specs[numbers[0]].prepare(data)
    results, failures = {}, {}
    for k, spec in specs.items():
        found = spec.try_fit(moments)
        if isinstance(found, str):
            failures[k] = found
        else:
            results[k] = found
    return ClassComparison(results=results, failures=failures)
