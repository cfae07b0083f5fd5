"""Covariates of the line: background of the person, never a resilience factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from salutogen.findings import Finding, Findings, Persons
from salutogen.namespaces import covariate_column, told_term
from salutogen.scores import Scores
from salutogen.study.format import NormSettings


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """Covariates by person.

    Attributes
    ----------
    names : tuple of str
        As the study file has them.
    by_person : DataFrame
        One row per person, in order of the person index; columns as `covariate_column` names them.
    """

    names: tuple[str, ...]
    by_person: pl.DataFrame
    findings: tuple[Finding, ...] = field(default=())

    def join(self, table: pl.DataFrame) -> pl.DataFrame:
        """Add the covariates of each row's person."""
        if not self.names:
            return table
        person = table["person"].to_numpy()
        return table.with_columns(*(column.gather(person) for column in self.by_person))

    def complete(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows a line can be fitted to: no covariate missing, no category that one person has.

        The term of a category with one person is that person's residual: it would be 0 whatever
        the person's problems are.
        """
        if not self.names:
            return table
        kept = table.drop_nulls(self.by_person.columns)
        while kept.height:
            shared = [
                pl.col("person").n_unique().over(name) > 1
                for name in self.by_person.columns
                if not kept[name].dtype.is_numeric()
            ]
            left = kept.filter(*shared) if shared else kept
            if left.height == kept.height:
                break
            kept = left
        return kept


def gather_covariates(scores: Scores, settings: NormSettings) -> Covariates:
    """Look up the covariates that `norm.covariates` names, with the policy on factors.

    SR is unadjusted by default. A resilience factor in the line takes its own effect out of SR:
    that is warned of. A covariate that the persons' table does not have is refused.
    """
    found = Findings()
    factors = {
        *scores.factors_baseline,
        *scores.factors_repeated,
        *scores.study.plan.factors,
    }
    names: list[str] = []
    for name in dict.fromkeys(settings.covariates):
        values = scores.of_persons(name)
        if values is None:
            known = [item for item in scores.persons.columns if item not in ("person", "subject")]
            found.tell("covariate-missing", column=name, columns=known)
            continue
        names.append(name)
        if name in factors:
            found.tell("factor-in-line", column=name)
        if values.null_count():
            found.tell("covariate-incomplete", column=name, persons=Persons(values.null_count()))
        told = told_term(covariate_column(name))
        if told != name:
            found.tell("covariate-renamed", column=name, term=told)
    return Covariates(
        names=tuple(names), by_person=covariates_by_person(scores, names), findings=tuple(found)
    )


def covariates_by_person(scores: Scores, names: Sequence[str]) -> pl.DataFrame:
    """Take those covariates that the study has, a row per person, under names of their own."""
    columns = {covariate_column(name): scores.of_persons(name) for name in names}
    return pl.DataFrame({name: values for name, values in columns.items() if values is not None})
