"""What scoring found doubtful: missing and prorated rows, constant scores, names in use twice."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from salutogen.counts import forms_of
from salutogen.findings import Findings
from salutogen.models.descriptive import pearson
from salutogen.namespaces import part_columns, renamed_types, scale_column
from salutogen.scores.answers import BoolArray, FloatArray, to_floats
from salutogen.scores.checklist import ChecklistScore
from salutogen.scores.exposure import ExposureScores, rates_burden
from salutogen.scores.problems import ProblemScores
from salutogen.study import Instrument, Study

FEWEST_VALID = 2
CONSTANT = 1e-12


def check_roles(study: Study, answered: Container[str], findings: Findings) -> None:
    """Say which problem or exposure instruments have no answers by occasion."""
    roles = [("problems", name) for name in study.problems.instruments]
    roles += [("exposure", name) for name in study.exposure_types]
    for role, name in roles:
        if name not in answered:
            findings.tell(
                "role-not-repeated", variant="in-scoring", instrument=name, role=role, column=name
            )


def tell_renamed(
    types: Sequence[Instrument],
    problems: Sequence[str],
    subscales: Mapping[tuple[str, str], str],
    findings: Findings,
) -> None:
    """Say what stands under another name, because its own is that of another column."""
    renamed = renamed_types([one.name for one in types])
    parts = [(one.name, block) for one in types for block in one.blocks]
    for (name, block), column in part_columns(parts, [one.name for one in types]).items():
        if column != f"E_{name}_{block}" and name not in renamed:
            renamed[f"{block} of {name}"] = (column,)
    if len(problems) > 1:
        scales = {name: scale_column(name, problems) for name in problems}
        renamed |= {name: (column,) for name, column in scales.items() if column != f"P_{name}"}
    for (name, subscale), told in subscales.items():
        if told != f"{name}_{subscale}":
            renamed[f"{subscale} of {name}"] = (told,)
    if renamed:
        findings.tell(
            "columns-renamed",
            named=[f"{name!r} as {' and '.join(columns)}" for name, columns in renamed.items()],
            numbers={"columns": {name: list(columns) for name, columns in renamed.items()}},
        )


def varies(values: FloatArray) -> bool:
    """Whether the present values differ at all."""
    present = values[np.isfinite(values)]
    if len(present) == 0:
        return False
    spread = float(present.max() - present.min())
    return spread > CONSTANT * max(1.0, float(np.abs(present).max()))


def check_variation(
    combine: str,
    exposure: ExposureScores,
    problems: ProblemScores,
    valid: BoolArray,
    findings: Findings,
) -> None:
    """Refuse what no line can be fitted to: no valid rows, or P or E the same everywhere."""
    n = int(valid.sum())
    if n < FEWEST_VALID:
        with_e = {name: int(np.isfinite(one.score).sum()) for name, one in exposure.types.items()}
        findings.tell(
            "no-valid-occasions",
            valid=n,
            with_P=int(np.isfinite(problems.score).sum()),
            by_type=", ".join(f"{name} {count}" for name, count in with_e.items()),
            needed=FEWEST_VALID,
            numbers={"with_E": with_e},
        )
        return
    flat_p = not varies(problems.score[valid])
    if flat_p:
        value = float(problems.score[valid][0])
        findings.tell("problems-never-vary", value=value, n=n, column="P")
    flat = [name for name, one in exposure.types.items() if not varies(one.score[valid])]
    flat_types = bool(flat) and (combine != "sum" or len(flat) == len(exposure.types))
    for name in flat if flat_types else ():
        value = float(exposure.types[name].score[valid][0])
        findings.tell(
            "exposure-never-varies",
            variant="type",
            type=name,
            value=value,
            n=n,
            column=exposure.column(name),
        )
    total = sum((one.score[valid] for one in exposure.types.values()), np.zeros(n))
    if combine == "sum" and not flat_p and not flat_types and not varies(total):
        value = float(total[0])
        findings.tell("exposure-never-varies", variant="combined", value=value, n=n, column="E")


def check_rows(
    study: Study,
    rows: pl.DataFrame,
    problems: ProblemScores,
    exposure: ExposureScores,
    panel_rows: int,
    findings: Findings,
) -> None:
    """Say how many rows were scored from part of the answers, and how many got no score."""
    empty = panel_rows - rows.height
    if empty:
        findings.tell("rows-without-answers", of=panel_rows, numbers={"rows": empty}, n_rows=empty)
    _check_problem_rows(study, rows, problems, findings)
    _check_skipped(study, rows, exposure, findings)
    for name, one in exposure.types.items():
        column = exposure.column(name)
        _check_type_rows(study, rows, name, one, column, findings)
    present = [np.isfinite(one.score) for one in exposure.types.values()]
    some = np.logical_or.reduce(present) & ~np.logical_and.reduce(present)
    if some.any():
        findings.tell("exposure-type-missing", column="E", **_rows(rows, some))
    _check_lists(study, exposure, findings)


def _rows(rows: pl.DataFrame, mask: BoolArray) -> dict[str, Any]:
    """First rows of a mask, and their number, as evidence; with whose they are."""
    first = np.flatnonzero(mask)[:10]
    shown = rows["data_row"].gather(first).to_list() if "data_row" in rows.columns else []
    n_rows = int(mask.sum())
    return {
        "rows": [row for row in shown if row],
        "n_rows": n_rows,
        "numbers": {"rows": n_rows},
        "when_hidden": {"n_rows": forms_of(mask, rows["person"].to_numpy())},
    }


def _check_problem_rows(
    study: Study, rows: pl.DataFrame, problems: ProblemScores, findings: Findings
) -> None:
    share = study.plan.missing.prorate
    missing = ~np.isfinite(problems.score)
    partly, absent = missing & problems.answered, missing & ~problems.answered
    if problems.prorated.any():
        where = _rows(rows, problems.prorated)
        findings.tell("problems-prorated", share=share, column="P", **where)
    if partly.any():
        findings.tell("problems-too-few-items", share=share, column="P", **_rows(rows, partly))
    if absent.any():
        findings.tell("problems-absent", column="P", **_rows(rows, absent))


def _check_skipped(
    study: Study, rows: pl.DataFrame, exposure: ExposureScores, findings: Findings
) -> None:
    """Say in one note of which lists skipped items count as not happened."""
    skipped = {name: one for name, one in exposure.types.items() if one.skipped.any()}
    if not skipped:
        return
    gaps = {name: one.high[one.skipped] - one.low[one.skipped] for name, one in skipped.items()}
    counts = {name: int(one.skipped.sum()) for name, one in skipped.items()}
    seen = _rows(rows, np.logical_or.reduce([one.skipped for one in skipped.values()]))
    findings.tell(
        "skipped-items-as-zero",
        named=[f"{name!r} in {n:,} rows" for name, n in counts.items()],
        share=study.plan.missing.checklist,
        numbers={
            "rows_by_type": counts,
            "widest": {
                name: float(np.max(gap)) if np.isfinite(gap).all() else None
                for name, gap in gaps.items()
            },
        },
        column=exposure.column(next(iter(skipped))) if len(skipped) == 1 else None,
        rows=seen["rows"],
        n_rows=seen["n_rows"],
        when_hidden={**seen["when_hidden"], "named": [repr(name) for name in skipped]},
    )


def _check_type_rows(
    study: Study,
    rows: pl.DataFrame,
    name: str,
    one: ChecklistScore,
    column: str,
    findings: Findings,
) -> None:
    share = study.plan.missing.checklist
    if one.too_many_skipped.any():
        where = _rows(rows, one.too_many_skipped)
        findings.tell("exposure-too-many-skipped", type=name, share=share, column=column, **where)
    absent = ~one.answered
    if absent.any():
        findings.tell("exposure-absent", type=name, column=column, **_rows(rows, absent))


def _check_lists(study: Study, exposure: ExposureScores, findings: Findings) -> None:
    """Say where the score does not suit the list: lists that change, burden ratings."""
    rated: dict[str, float | None] = {}
    for name, (low, high) in exposure.lists.items():
        kind, column = exposure.kinds[name], exposure.column(name)
        given: dict[str, Any] = {"type": name, "fewest": low, "most": high, "column": column}
        if low < high and kind != "relative":
            findings.tell("changing-list-summed", kind=kind, **given)
        if low == high and kind == "relative":
            findings.tell("relative-without-change", **given)
        if kind == "severity" and rates_burden(study.instruments[name]):
            _add_appraisal(name, exposure, rated)
    if rated:
        named = (
            repr(name) + ("" if r is None else f" (r with the count {r:.3f})")
            for name, r in rated.items()
        )
        findings.tell(
            "severity-carries-appraisal",
            named=", ".join(named),
            numbers={"r_count_severity": rated},
            column=exposure.column(next(iter(rated))) if len(rated) == 1 else None,
        )


def _add_appraisal(name: str, exposure: ExposureScores, rated: dict[str, float | None]) -> None:
    """Note how a rated burden goes with the count of what happened."""
    column = exposure.column(name)
    names = f"{column}_severity", f"{column}_count"
    if names[0] in exposure.alternatives:
        severity, count = (to_floats(exposure.alternatives[one]) for one in names)
        rated[name] = pearson(severity, count)
