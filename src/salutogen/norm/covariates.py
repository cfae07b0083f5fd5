"""Covariates of the line: background of the person, never a resilience factor."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from salutogen.findings import Finding, Findings, Persons
from salutogen.scores import Scores
from salutogen.study.format import NormSettings


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """Covariates by person.

    Attributes
    ----------
    columns : tuple of str
    by_person : DataFrame
        One row per person, in order of the person index; only `columns`.
    """

    columns: tuple[str, ...]
    by_person: pl.DataFrame
    findings: tuple[Finding, ...] = field(default=())

    def join(self, table: pl.DataFrame) -> pl.DataFrame:
        """Add the covariates of each row's person."""
        if not self.columns:
            return table
        person = table["person"].to_numpy()
        return table.with_columns(
            *(self.by_person[name].gather(person).alias(name) for name in self.columns)
        )

    def complete(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows a line can be fitted to: no covariate missing, no category that one person has.

        The term of a category with one person is that person's residual: it would be 0 whatever
        the person's problems are.
        """
        if not self.columns:
            return table
        kept = table.drop_nulls(list(self.columns))
        while kept.height:
            shared = [
                pl.col("person").n_unique().over(name) > 1
                for name in self.columns
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
    columns: list[str] = []
    for name in settings.covariates:
        if name not in scores.persons.columns:
            known = [item for item in scores.persons.columns if item not in ("person", "subject")]
            found.tell("covariate-missing", column=name, columns=known)
            continue
        columns.append(name)
        if name in factors:
            found.tell("factor-in-line", column=name)
        nulls = scores.persons[name].null_count()
        if nulls:
            found.tell("covariate-incomplete", column=name, persons=Persons(nulls))
    return Covariates(
        columns=tuple(columns),
        by_person=scores.persons.select(columns),
        findings=tuple(found),
    )
