"""Whether arms and numbers that describe persons are what they seem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings, Persons
from salutogen.names import did_you_mean
from salutogen.panel.layouts.aligned_source import Integers

if TYPE_CHECKING:
    from salutogen.study import Study

_FARTHER = 3.0  # a code such as 999 is at least so many times the largest of the others
_CODES = frozenset(
    float(sign * int(digit * length)) for sign in (-1, 1) for digit in "789" for length in (2, 3, 4)
) | {-9.0, -8.0, -7.0}  # fmt: skip
_LABELS_SHOWN = 6


def check_arms(study: Study, arms: pl.Series, column: str, file: str, findings: Findings) -> None:
    """Compare the arms of the persons with those that the study file names."""
    plan = study.plan.arms
    if plan is None:
        return
    named = plan.labels or (plan.control,)
    counts = arms.alias("label").drop_nulls().value_counts(sort=True, name="persons")
    held = dict(counts.iter_rows())
    given = {"file": file, "column": column, "named": list(named)}
    if not set(held).intersection(named):
        findings.tell(
            "arms-unknown",
            variant="none" if held else "blank",
            held=list(held)[:_LABELS_SHOWN],
            hint=did_you_mean(plan.control, held),
            **given,
        )
        return
    if plan.labels is None:
        return
    more = [label for label in held if label not in named]
    if more:
        persons = Persons(sum(held[label] for label in more), of=arms.len())
        findings.tell("arms-differ", variant="more", more=more, persons=persons, **given)
    lacking = [label for label in named if label not in held]
    if lacking:
        findings.tell("arms-differ", variant="lacking", lacking=lacking, **given)


def without_missing_codes(
    study: Study, values: pl.Series, column: str, file: str, rows: Integers, findings: Findings
) -> pl.Series:
    """Take declared codes of missing answers as missing where they lie apart from other numbers.

    A number such as -999 that lies apart and is not declared stays, and is told.
    """
    codes = study.plan.missing.codes
    declared = {*codes.not_asked, *codes.skipped, *codes.absent}
    known = values.drop_nulls().unique().to_list()
    rest = [value for value in known if value not in declared | _CODES]
    if not rest:
        return values
    low, high = min(rest), max(rest)
    apart = [
        value
        for value in known
        if value in declared | _CODES
        and (value < 0 <= low or (value > 0 and value > _FARTHER * max(high, 1.0)))
    ]
    for variant, told in (
        ("declared", [value for value in apart if value in declared]),
        ("undeclared", [value for value in apart if value not in declared]),
    ):
        if not told:
            continue
        places = values.is_in(told).fill_null(value=False).arg_true()
        findings.tell(
            "missing-code-as-number",
            variant=variant,
            file=file,
            column=column,
            rows=[int(rows[place]) for place in places.head(10).to_list()],
            n_rows=places.len(),
            codes=[f"{value:g}" for value in told],
        )
    taken = values.is_in([value for value in apart if value in declared]).fill_null(value=False)
    return values if not taken.any() else pl.select(pl.when(~taken).then(values)).to_series()
