"""Covariates of the line: background of the person, never a resilience factor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from salutogen.findings import Finding, Findings, Persons
from salutogen.norm.redundant_covariates import redundant_covariates
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
    columns: list[str] = []
    for name in dict.fromkeys(settings.covariates):
        if name not in scores.persons.columns:
            known = [item for item in scores.persons.columns if item not in ("person", "subject")]
            found.tell("covariate-missing", column=name, columns=known)
            continue
        columns.append(name)
    kept = _in_line(scores, columns, needed, found)
    for name in kept:
        if name in factors:
            found.tell("factor-in-line", column=name)
        nulls = scores.persons[name].null_count()
        if nulls:
            found.tell("covariate-incomplete", column=name, persons=Persons(nulls))
    return Covariates(columns=kept, by_person=scores.persons.select(kept), findings=tuple(found))


def _in_line(
    scores: Scores, columns: list[str], needed: Collection[str], found: Findings
) -> tuple[str, ...]:
    """Covariates that stand in the line; those that say nothing beside the others are told."""
    if not columns:
        return ()
    chosen = tuple(columns)
    valid = scores.table.filter("valid")["person"].unique().sort()
    everybody = Covariates(columns=chosen, by_person=scores.persons.select(chosen))
    persons = everybody.complete(everybody.join(pl.DataFrame({"person": valid})))
    redundant = redundant_covariates(persons, chosen)
    for name, others in redundant.items():
        if name not in needed:
            variant = "" if others else "constant"
            found.tell("covariate-redundant", variant=variant, column=name, others=list(others))
    return tuple(name for name in chosen if name not in redundant or name in needed)
