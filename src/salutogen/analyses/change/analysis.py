"""The analysis of what comes first: cross-lagged models and others, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.change.agreement import AGREEMENT_COLUMNS, agreement_of
from salutogen.analyses.change.doubts import doubts_of, tell_doubts, tell_group_differences
from salutogen.analyses.change.fitted import PARTS, Models, fit_models
from salutogen.analyses.change.groups import (
    GROUP_COLUMNS,
    GROUP_PATH_COLUMNS,
    GROUP_TEST_COLUMNS,
    check_groups,
)
from salutogen.analyses.change.paths import PATH_COLUMNS, REGRESSION, path_table
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import ChangeData, read_variables
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.told_fit import RMSEA, with_told_size
from salutogen.columns import Column, Kind, figure, record, rows
from salutogen.findings import Findings

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

_INDICES = {
    "chi_square": "chi_square_scaled", "df": "df", "p": "p_scaled", "cfi": "cfi_scaled",
    "tli": "tli_scaled", "rmsea": "rmsea_scaled", "rmsea_low": "rmsea_low_scaled",
    "rmsea_high": "rmsea_high_scaled", "srmr": "srmr",
}  # fmt: skip
MODEL_COLUMNS = (
    Column(name="model", meaning="Model", heading="Model", kind=Kind.LABEL),
    Column(name="n", meaning="Persons", unit="persons", heading="Persons", kind=Kind.COUNT,
           nested="counts"),
    Column(name="parameters", meaning="Free parameters", heading="Parameters"),
    Column(name="chi_square", meaning="Scaled chi-square against a model without structure",
           heading="Chi-square"),
    Column(name="df", meaning="Its degrees of freedom", heading="df"),
    Column(name="p", meaning="Its p value", heading="p"),
    Column(name="cfi", meaning="Comparative fit index (scaled)", heading="CFI"),
    Column(name="tli", meaning="Tucker-Lewis index (scaled)", heading="TLI"),
    Column(name="rmsea", meaning="Root mean square error of approximation (scaled)",
           heading="RMSEA"),
    Column(name="rmsea_low", meaning="Lower end of its 90 % interval", heading="from"),
    Column(name="rmsea_high", meaning="Upper end of its 90 % interval", heading="to"),
    Column(name="srmr", meaning="Standardised root mean square residual", heading="SRMR"),
    Column(name="bic", meaning="Schwarz's criterion with n = persons", heading="BIC"),
    Column(name="converged", meaning="Whether the search settled", heading="Settled"),
)  # fmt: skip
TEST_COLUMNS = (
    Column(name="claim", meaning="What the larger model allows", heading="Test whether",
           kind=Kind.LABEL),
    Column(name="chi_square", meaning="Scaled likelihood ratio (Satorra and Bentler 2001)",
           heading="Chi-square"),
    Column(name="df", meaning="Parameters more", heading="df"),
    Column(name="p", meaning="p value", heading="p"),
    Column(name="bic_difference", heading="BIC difference",
           meaning="BIC of the smaller model less that of the larger: above 0 speaks for the "
           "larger"),
    Column(name="note", meaning="What makes the test inexact", heading="Note", kind=Kind.LABEL),
)  # fmt: skip
WITHIN_COLUMNS = (
    Column(name="source", meaning="Variable at the earlier occasion", heading="From",
           kind=Kind.LABEL),
    Column(name="outcome", meaning="Variable at the later occasion", heading="On", kind=Kind.LABEL),
    Column(name="lag", meaning="How many occasions lie between", unit="occasions", heading="Lag",
           kind=Kind.LABEL),
    Column(name="occasion", meaning="Later occasion", heading="At", kind=Kind.LABEL),
    Column(name="estimate", heading="Effect", unit="SDs within persons",
           meaning="The effect in SDs of deviations from the person's level"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit="SDs within persons",
           heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit="SDs within persons",
           heading="to"),
)  # fmt: skip
LEVEL_COLUMNS = (
    Column(name="one", meaning="Variable", heading="Variable", kind=Kind.LABEL),
    Column(name="two", meaning="Variable", heading="And", kind=Kind.LABEL),
    Column(name="correlation", meaning="Correlation of persons' lasting levels",
           heading="Correlation of levels"),
)  # fmt: skip


@record
class ChangeResult(AnalysisResult):
    """What comes before what within persons, by models with different assumptions."""

    n: int = figure("Persons with any of the variables", unit="persons", kind=Kind.COUNT)
    variables: tuple[str, ...] = figure("Variables", kind=Kind.LABEL)
    titles: tuple[str, ...] = figure("What they are called", kind=Kind.LABEL)
    doubts: tuple[str, ...] = figure(
        "What is doubtful of the model with random intercepts", kind=Kind.LABEL
    )
    exposures: tuple[str, ...] = figure("Which of them are stressor exposure", kind=Kind.LABEL)
    occasions: tuple[str, ...] = figure("Occasions that were used", kind=Kind.LABEL)
    gap: float | None = figure("Time from one occasion to the next", unit="days")
    lag: int = figure("How far back variables reach", unit="occasions", kind=Kind.LABEL)
    lags: str = figure("Whether effects are equal or free over occasions", kind=Kind.LABEL)
    covariates: tuple[str, ...] = figure("Covariates of persons", kind=Kind.LABEL)
    paths: pl.DataFrame = rows("Effects by model", PATH_COLUMNS)
    agreement: pl.DataFrame = rows("What each model claims", AGREEMENT_COLUMNS)
    models: pl.DataFrame = rows("Models and their fit", MODEL_COLUMNS)
    tests: pl.DataFrame = rows("Tests between models", TEST_COLUMNS)
    within: pl.DataFrame = rows(
        "Effects in SDs within persons, with random intercepts", WITHIN_COLUMNS
    )
    levels: pl.DataFrame = rows("How persons' levels go together", LEVEL_COLUMNS)
    groups_by: str = figure("What groups persons; empty without groups", kind=Kind.LABEL)
    groups: pl.DataFrame = rows("Groups, compared or not", GROUP_COLUMNS)
    group_paths: pl.DataFrame = rows("Effects in each group", GROUP_PATH_COLUMNS)
    group_tests: pl.DataFrame = rows("Whether effects differ between groups", GROUP_TEST_COLUMNS)

    def title(self, name: str) -> str:
        """What a variable is called."""
        return dict(zip(self.variables, self.titles, strict=True)).get(name, name)

    @property
    def compared(self) -> list[str]:
        """Labels of the groups that were compared."""
        return self.groups.filter("compared")["group"].to_list()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Effects of all models, what each assumes, and how each fits."""
        from salutogen.analyses.change.section import change_section

        return (change_section(self),)

    def answer(self) -> Text:
        """Say what goes before what within persons, and whether other models agree."""
        from salutogen.analyses.change.words import answer_of

        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause which effects every model claims."""
        from salutogen.analyses.change.words import in_short_of

        return in_short_of(self)

    def methods(self) -> Text:
        """Say which models were fitted."""
        from salutogen.analyses.change.words import methods_of

        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: ChangeSettings) -> ChangeResult:
    """Fit cross-lagged models of the variables, with what stands beside them."""
    found = Findings()
    check_groups(inputs, settings, found)
    data = read_variables(inputs, settings, found)
    models = fit_models(inputs, data, settings, found)
    paths = path_table(models.paths, {name: data.spread_of(name) for name in data.names})
    agreement = agreement_of(paths)
    own = len(data.persons)
    size = own, inputs.run.audience.told_size(own)
    table = _models(models, data, size)
    tests = _tests(models, size)
    tell_doubts(
        inputs, data, found,
        messages={name: fit.messages for name, fit in models.panels.items()}
        | {f"each group of {models.grouped.by}": models.grouped.messages},
        fit=table.row(0, named=True), tests=tests, paths=paths, agreement=agreement,
        lag=settings.lag, lags=settings.lags,
    )  # fmt: skip
    tell_group_differences(models.grouped, found)
    inputs.run.tell(PARTS, PARTS)
    return ChangeResult(
        n=len(data.persons),
        variables=data.names,
        titles=tuple(map(data.title, data.names)),
        doubts=doubts_of(table.row(0, named=True), models.main.messages),
        exposures=data.exposures,
        occasions=data.occasions,
        gap=data.gap,
        lag=settings.lag,
        lags=settings.lags,
        covariates=data.asked,
        paths=paths,
        agreement=agreement,
        models=table,
        tests=tests,
        within=models.main.within(),
        levels=_levels(models),
        groups_by=models.grouped.by,
        groups=models.grouped.sizes,
        group_paths=models.grouped.paths,
        group_tests=models.grouped.tests,
        findings=tuple(found),
    )


def _models(models: Models, data: ChangeData, size: tuple[int, int]) -> pl.DataFrame:
    """How each model fits; RMSEA and BIC, which tell the number of persons, with that of `size`."""
    n, told = size
    made: list[dict[str, object]] = []
    for name in models.paths:
        if name == REGRESSION:
            assert models.regression is not None
            made.append({"model": name, "n": models.regression.n})
            continue
        fit = models.panels[name].fit
        made.append(
            {"model": name, "n": len(data.persons), "parameters": fit.n_parameters,
             "bic": fit.bic + fit.n_parameters * _more_per_parameter(size),
             "converged": fit.converged}
            | {key: fit.fit_indices.get(index) for key, index in _INDICES.items()}
        )  # fmt: skip
    schema = {column.name: pl.Float64 for column in MODEL_COLUMNS} | {
        "model": pl.String, "n": pl.Int64, "parameters": pl.Int64, "converged": pl.Boolean,
    }  # fmt: skip
    table = pl.DataFrame(made, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))
    return with_told_size(table, RMSEA, n, told).with_columns(pl.col("df").cast(pl.Int64))


def _more_per_parameter(size: tuple[int, int]) -> float:
    """What Schwarz's criterion has more for a parameter with the second number of persons."""
    n, told = size
    return math.log(told / n)


def _tests(models: Models, size: tuple[int, int]) -> pl.DataFrame:
    more = _more_per_parameter(size)
    made = [
        (what, test.chi_square, test.df, test.p_value, test.bic_difference - test.df * more,
         test.note or None)
        for what, test in models.tests.items()
    ]  # fmt: skip
    schema = {"claim": pl.String, "chi_square": pl.Float64, "df": pl.Int64, "p": pl.Float64,
              "bic_difference": pl.Float64, "note": pl.String}  # fmt: skip
    return pl.DataFrame(made, schema=schema, orient="row").with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )


def _levels(models: Models) -> pl.DataFrame:
    schema = {"one": pl.String, "two": pl.String, "correlation": pl.Float64}
    made = pl.DataFrame(models.main.level_correlations(), schema=schema, orient="row")
    return made.with_columns(pl.col("correlation").fill_nan(None))
