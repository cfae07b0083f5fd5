"""Compare growth mixtures with different numbers of classes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import polars as pl

from salutogen.errors import ModelError
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.mixture.result import GrowthMixtureResult
from salutogen.models.moments.moments import Moments
from salutogen.models.parallel.executors import (
    Interrupted,
    Progress,
    given_or_scheduled,
    run_each,
)
from salutogen.models.short_repr import short_repr

CRITERIA = ("aic", "bic", "sabic", "icl")


@short_repr("numbers")
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
    def numbers(self) -> tuple[int, ...]:
        """Numbers of classes that have a proper solution."""
        return tuple(sorted(self.results))

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
    formula: str,
    data: Any,
    *,
    classes: Iterable[int] = range(1, 7),
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> ClassComparison:
    """Fit growth mixtures with several numbers of classes to one reduction of the data.

    Parameters
    ----------
    formula : str
        As for `GrowthMixture`.
    data : data frame, mapping of arrays, or Moments
        Rows or their reduction; rows are read once, and never sent anywhere.
    classes : iterable of int
        Numbers of classes.
    executor : concurrent.futures.Executor, optional
        Where the fits run, for example a process pool (`executor_for`). By default here, one
        after the other, where the starts of a fit share the cores. The result is the same.
    scheduler : str, optional
        Address of a Dask scheduler on whose cluster the fits run, such as ``tcp://node-7:8786``;
        needs the extra `cluster`.
    progress : callable, optional
        Called as ``progress(done, total)`` after each fit; `progress_bar` makes one.
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
    Interrupted
        On Ctrl-C. It says what was finished; its `finished` holds the results (or why there is
        none) by number of classes.
    """
    if not isinstance(classes, Iterable):
        raise ModelError(f"classes: expected several numbers, as range(1, 7), got {classes!r}.")
    numbers = sorted(set(classes))
    if not numbers:
        raise ModelError("classes: expected at least one number of classes, got none.")
    specs = {k: GrowthMixture(formula, classes=k, **settings) for k in numbers}
    moments, _, _ = specs[numbers[0]].prepare(data)
    with given_or_scheduled(executor, scheduler) as where:
        order = numbers if where is None else numbers[::-1]  # the longest first
        found = fit_all(
            {k: (specs[k], moments) for k in order}, where, progress, "numbers of classes"
        )
    results, failures = results_and_failures(found)
    return ClassComparison(results=results, failures=failures)


def fit_all[Key: Hashable](
    pairs: Mapping[Key, tuple[GrowthMixture, Moments]],
    executor: Executor | None,
    progress: Progress | None,
    what: str,
) -> dict[Key, GrowthMixtureResult | str]:
    """Fit each specification to its moments: results, or why there is none, by key."""
    keys = list(pairs)
    try:
        found = run_each(_try_fit, list(pairs.values()), executor=executor, progress=progress)
    except Interrupted as stop:
        finished = {keys[place]: value for place, value in sorted(stop.finished.items())}
        names = ", ".join(str(key) for key in finished) or "none"
        raise Interrupted(
            finished, len(keys), f"Interrupted. Finished of {len(keys)} {what}: {names}."
        ) from stop
    return dict(zip(keys, found, strict=True))


def results_and_failures[Key: Hashable](
    found: Mapping[Key, GrowthMixtureResult | str],
) -> tuple[dict[Key, GrowthMixtureResult], dict[Key, str]]:
    """Split into results and reasons."""
    results = {key: value for key, value in found.items() if not isinstance(value, str)}
    failures = {key: value for key, value in found.items() if isinstance(value, str)}
    return results, failures


def _try_fit(pair: tuple[GrowthMixture, Moments]) -> GrowthMixtureResult | str:
    spec, moments = pair
    return spec.try_fit(moments)
