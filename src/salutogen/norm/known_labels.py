"""Categories in the line: persons whose label the line does not know have no expectation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from salutogen.errors import NormError
from salutogen.findings import Finding, Findings, Persons, finding
from salutogen.namespaces import covariate_column, covariate_term
from salutogen.norm.covariates import covariates_by_person
from salutogen.norm.design_matrix import labels_of
from salutogen.norm.lines import Line
from salutogen.scores import Scores


def tell_unknown_labels(line: Line, table: pl.DataFrame, source: str, findings: Findings) -> None:
    """Warn of persons without an expectation because of their label of a category.

    Parameters
    ----------
    line : Line
        Of persons.
    table : DataFrame
        Means of the persons that are scored, with covariates, one row per person.
    source : str
        Norm file of another study that the line is from; empty for the study's own line.

    Raises
    ------
    NormError
        Nobody is left that the line knows (`category-unknown`).
    """
    unknown = {
        name: _unknown(table[covariate_column(name)], known) for name, known in line.labels.items()
    }
    if rows_known(line, table).is_empty() and not table.is_empty():
        raise NormError(
            [
                finding(
                    "category-unknown",
                    source=source or "its reference set",
                    named=_named(
                        {
                            name: _labels(table[covariate_column(name)], rows)
                            for name, rows in unknown.items()
                        }
                    ),
                    known=_named(line.labels),
                )
            ]
        )
    for name, rows in unknown.items():
        if rows.any():
            labels = _labels(table[covariate_column(name)], rows)
            findings.tell(
                "category-without-line",
                variant="file" if source else "own",
                column=name,
                labels=labels,
                persons=Persons(int(rows.sum()), of=table.height),
                known=list(line.labels[name]),
                **({"source": source} if source else {}),
                numbers={"labels": labels, "known": list(line.labels[name])},
            )


def with_labels(line: Line, scores: Scores, source: str) -> tuple[Line, list[Finding]]:
    """Return a line of a file with the labels it knows, and what keeps them unknown.

    Files written before labels were kept name every label but the reference, which is the first in
    alphabetical order: of this study's labels, one that comes before all named ones is taken as
    the reference, two or more are refused.
    """
    problems: list[Finding] = []
    found = dict(line.labels)
    own = [name for name in line.covariates if scores.of_persons(name) is not None]
    for name, here in labels_of(covariates_by_person(scores, own), tuple(own)).items():
        if name in found:
            continue
        mark = covariate_term(name, "")
        named = tuple(term.removeprefix(mark) for term in line.terms if term.startswith(mark))
        if not named and covariate_column(name) in line.terms:
            continue
        first = [label for label in here if not named or label < min(named)]
        if len(first) > 1:
            told = finding("reference-label-unknown", source=source, column=name, labels=first)
            problems.append(told)
        found[name] = (*first[:1], *named)
    return replace(line, labels=found), problems


def rows_known(line: Line, table: pl.DataFrame) -> pl.DataFrame:
    """Rows whose labels the line knows."""
    for name, known in line.labels.items():
        table = table.filter(~_unknown(table[covariate_column(name)], known))
    return table


def _unknown(column: pl.Series, known: tuple[str, ...]) -> pl.Series:
    """Whether each row has a label that is not known; False where it has none at all."""
    return (~column.cast(pl.String).is_in(list(known))).fill_null(value=False)


def _labels(column: pl.Series, rows: pl.Series) -> list[str]:
    return sorted(column.filter(rows).cast(pl.String).unique().to_list())


def _named(labels: Mapping[str, list[str] | tuple[str, ...]]) -> str:
    return "; ".join(f"{name}: {', '.join(one)}" for name, one in labels.items())
