"""Covariates of the line: background of the person, never a resilience factor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import polars as pl

from salutogen.findings import Finding, Findings, Persons
from salutogen.namespaces import covariate_column, told_term
from salutogen.norm.redundant_covariates import redundant_covariates
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


def gather_covariates(
    scores: Scores, settings: NormSettings, *, needed: Collection[str] = ()
) -> Covariates:
    """Look up the covariates that `norm.covariates` names, with the policy on factors.

    SR is unadjusted by default. A resilience factor in the line takes its own effect out of SR:
    that is warned of. A covariate that the persons' table does not have is refused. One that says
    nothing beside the others is left out of the line, which is the same without it, unless a line
    of another study needs it (`needed`).
    """
    found = Findings()
    factors = {
        *scores.factors_baseline,
        *scores.factors_repeated,
        *scores.study.plan.factors,
    }
    names: list[str] = []
    for name in dict.fromkeys(settings.covariates):
        if scores.of_persons(name) is None:
            known = [item for item in scores.persons.columns if item not in ("person", "subject")]
            found.tell("covariate-missing", column=name, columns=known)
            continue
        names.append(name)
    kept = _in_line(scores, tuple(names), needed, found)
    by_person = covariates_by_person(scores, kept)
    for name in kept:
        if name in factors:
            found.tell("factor-in-line", column=name)
        nulls = by_person[covariate_column(name)].null_count()
        if nulls:
            found.tell("covariate-incomplete", column=name, persons=Persons(nulls))
        told = told_term(covariate_column(name))
        if told != name:
            found.tell("covariate-renamed", column=name, term=told)
    return Covariates(names=kept, by_person=by_person, findings=tuple(found))


def covariates_by_person(scores: Scores, names: Sequence[str]) -> pl.DataFrame:
    """Take those covariates that the study has, a row per person, under names of their own."""
    columns = {covariate_column(name): scores.of_persons(name) for name in names}
    return pl.DataFrame({name: values for name, values in columns.items() if values is not None})


def _in_line(
    scores: Scores, names: tuple[str, ...], needed: Collection[str], found: Findings
) -> tuple[str, ...]:
    """Covariates that stand in the line; those that say nothing beside the others are told."""
    if not names:
        return ()
    valid = scores.table.filter("valid")["person"].unique().sort()
    everybody = Covariates(names=names, by_person=covariates_by_person(scores, names))
    persons = everybody.complete(everybody.join(pl.DataFrame({"person": valid})))
    redundant = redundant_covariates(persons, names)
    for name, others in redundant.items():
        if name not in needed:
            variant = "" if others else "constant"
            found.tell("covariate-redundant", variant=variant, column=name, others=list(others))
    return tuple(name for name in names if name not in redundant or name in needed)
