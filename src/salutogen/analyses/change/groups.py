"""Effects in groups of persons, such as arms or sites, and whether they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from salutogen.analyses.change.panel_models import PanelModel, ToldFit, test_of
from salutogen.analyses.change.paths import EFFECT_COLUMNS, path_table
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import ChangeData
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.group_labels import (
    group_labels,
    names_of_groups,
    sizes_left,
    told_names,
)
from salutogen.analyses.holm import holm
from salutogen.columns import Column, Kind
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.names import did_you_mean
from salutogen.page.audience import Audience
from salutogen.page.words import without_counts

MOST_GROUPS, GROUPS_NEEDED = 5, 2
EQUAL = ("lags",)
ALL = "all effects"

GROUP_COLUMNS = (
    Column(name="group", meaning="Group of persons", heading="Group", kind=Kind.LABEL),
    Column(name="n", meaning="Persons of the group with any of the variables", unit="persons",
           heading="Persons", kind=Kind.COUNT, of="n", adds_up=1),
    Column(name="compared", meaning="Whether the group is large enough to be compared",
           heading="Compared", kind=Kind.LABEL),
)  # fmt: skip
GROUP_PATH_COLUMNS = (
    Column(name="group", meaning="Group of persons", heading="Group", kind=Kind.LABEL),
    *EFFECT_COLUMNS,
)
GROUP_TEST_COLUMNS = (
    Column(name="effect", meaning="Which effect may differ between groups", heading="Effect",
           kind=Kind.LABEL),
    Column(name="chi_square", heading="Chi-square",
           meaning="Of all effects together the scaled likelihood ratio, of one effect Wald's"),
    Column(name="df", meaning="Its degrees of freedom", heading="df", kind=Kind.LABEL),
    Column(name="p", meaning="p value of equal effects", heading="p"),
    Column(name="p_adjusted", meaning="p value adjusted for all effects of one variable on another",
           heading="p (Holm)"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """Effects by group.

    Attributes
    ----------
    by : str
        What groups persons; empty where nothing is asked or nothing could be compared.
    sizes, paths, tests : polars.DataFrame
        By `GROUP_COLUMNS`, `GROUP_PATH_COLUMNS` and `GROUP_TEST_COLUMNS`.
    messages : tuple of str
        What is doubtful of the model with effects of each group.
    """

    by: str
    sizes: pl.DataFrame
    paths: pl.DataFrame
    tests: pl.DataFrame
    messages: tuple[str, ...] = ()


def check_groups(inputs: AnalysisInputs, settings: ChangeSettings, found: Findings) -> None:
    """Refuse groups that are unknown, have too many labels, or are a covariate too."""
    name = settings.groups
    if name is None:
        return
    labels = group_labels(inputs, name)
    if labels is None:
        near = did_you_mean(name, names_of_groups(inputs))
        found.tell("change-groups-unknown", name=name, near=near)
        return
    n = labels.drop_nulls().n_unique()
    if not GROUPS_NEEDED <= n <= MOST_GROUPS:
        found.tell("change-groups-labels", name=name, n=n, most=MOST_GROUPS)
    if name in settings.covariates:
        found.tell("change-groups-among-covariates", name=name)


def compare_groups(
    inputs: AnalysisInputs,
    data: ChangeData,
    plan: PanelModel,
    settings: ChangeSettings,
    found: Findings,
) -> Grouped:
    """Fit the model with random intercepts with effects of each group, and with common ones."""
    free = settings.lags == "free"
    labels = None if settings.groups is None else group_labels(inputs, settings.groups)
    if settings.groups is None or labels is None:
        return _nothing()
    own = labels.gather(data.persons)
    audience = inputs.run.audience
    kept = _large_enough(own, plan, audience, free=free, name=settings.groups, found=found)
    if len(kept) < GROUPS_NEEDED:
        return _nothing()
    grouped = _of_rows(plan, own.is_in(kept).fill_null(value=False).to_numpy(), own)
    try:
        apart = grouped.fit(random_intercepts=True, free=free)
        alike = grouped.fit(random_intercepts=True, free=free, equal_groups=EQUAL)
    except ModelError as error:
        found.tell("change-groups-not-fitted", name=settings.groups, reason=without_counts(error))
        return _nothing()
    assert grouped.group is not None
    spread = {name: data.spread_of(name) for name in data.names}
    return Grouped(
        by=settings.groups,
        sizes=_sizes(own, grouped.groups, audience),
        paths=_paths(apart, grouped.groups, spread),
        tests=_tests(apart, alike, grouped.groups),
        messages=apart.messages,
    )


def _large_enough(
    own: pl.Series,
    plan: PanelModel,
    audience: Audience,
    *,
    free: bool,
    name: str,
    found: Findings,
) -> list[str]:
    """Labels of groups that have more persons than their model has parameters."""
    needed = plan.n_parameters(random_intercepts=True, free=free) + 1
    sizes = dict(own.drop_nulls().value_counts().iter_rows())
    kept = sorted(label for label, n in sizes.items() if n >= needed)
    left = sorted(set(sizes) - set(kept))
    if len(kept) < GROUPS_NEEDED:
        found.tell("change-groups-too-small", name=name, needed=needed)
    elif left:
        told = told_names({one: sizes[one] for one in left}, audience)
        found.tell("change-groups-left-out", name=name, labels=told, needed=needed)
    return kept


def _sizes(own: pl.Series, groups: tuple[str, ...], audience: Audience) -> pl.DataFrame:
    """How many persons are in each group, and in those that are not compared."""
    left = sizes_left(own, groups, audience)
    counts = [int((own == label).sum() or 0) for label in groups]
    return pl.DataFrame(
        {"group": [*groups, *left], "n": [*counts, *left.values()],
         "compared": [True] * len(groups) + [False] * len(left)}
    )  # fmt: skip


def _of_rows(plan: PanelModel, rows: np.ndarray, own: pl.Series) -> PanelModel:
    """The model of some persons, with their groups."""
    return replace(
        plan,
        values={name: array[rows] for name, array in plan.values.items()},
        covariates={name: array[rows] for name, array in plan.covariates.items()},
        time_varying={name: array[rows] for name, array in plan.time_varying.items()},
        group=np.array(own.filter(pl.Series(rows)).to_list(), dtype=np.str_),
    )


def _paths(fit: ToldFit, groups: tuple[str, ...], spread: Mapping[str, float]) -> pl.DataFrame:
    by_group = {group: fit.paths(group=group) for group in groups}
    return path_table(by_group, spread).rename({"model": "group"})


def _tests(apart: ToldFit, alike: ToldFit, groups: tuple[str, ...]) -> pl.DataFrame:
    """All effects together by the likelihood, single ones by Wald's test."""
    made: list[tuple[str, float | None, int | None, float | None]] = []
    together = test_of(alike, apart)
    if together is not None:
        made.append((ALL, together.chi_square, together.df, together.p_value))
    first, *others = groups
    for effect, path in zip(apart.effects(), apart.paths(group=first), strict=True):
        if not path.crosses:
            continue
        one = apart.parameter(*effect, first)
        wald = apart.fit.test([{apart.parameter(*effect, other): 1.0, one: -1.0}
                               for other in others])  # fmt: skip
        made.append((path.told, wald.chi_square, wald.df, wald.p_value))
    schema = {"effect": pl.String, "chi_square": pl.Float64, "df": pl.Int64, "p": pl.Float64}
    table = pl.DataFrame(made, schema=schema, orient="row")
    p = table["p"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    adjusted = holm(np.where(table["effect"].to_numpy() == ALL, np.nan, p))
    return table.with_columns(p_adjusted=pl.Series(adjusted)).with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )


def _nothing() -> Grouped:
    text, number = pl.String, pl.Float64
    paths = path_table({}, {}).rename({"model": "group"})
    return Grouped(
        by="",
        sizes=pl.DataFrame(schema={"group": text, "n": pl.Int64, "compared": pl.Boolean}),
        paths=paths,
        tests=pl.DataFrame(schema={"effect": text, "chi_square": number, "df": pl.Int64,
                                   "p": number, "p_adjusted": number}),
    )  # fmt: skip
