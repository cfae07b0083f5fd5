"""What scoring found doubtful: missing and prorated rows, constant scores, names in use twice."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import polars as pl

from salutogen.findings import Finding, finding
from salutogen.models.descriptive import pearson
from salutogen.scores.answers import BoolArray, FloatArray
from salutogen.scores.checklist import ChecklistScore
from salutogen.scores.exposure import ExposureScores, has_ratings
from salutogen.scores.problems import ProblemScores
from salutogen.study import Study

TABLE_COLUMNS = (
    "person", "subject", "occasion_index", "occasion", "time", "E", "P", "valid", "P_prorated",
    "E_skipped", "E_low", "E_high", "P_low", "P_high",
)  # fmt: skip
FEWEST_VALID = 2
CONSTANT = 1e-12


def role_faults(study: Study, answered: Container[str]) -> list[Finding]:
    """Say which problem or exposure instruments have no answers by occasion."""
    roles = [("problems", name) for name in study.problems.instruments]
    roles += [("exposure", name) for name in study.exposure_types]
    return [
        finding(
            "role-not-repeated",
            f"{name!r} is named as {role}, but has no answers by occasion.",
            column=name,
        )
        for role, name in roles
        if name not in answered
    ]


def naming_faults(
    types: Sequence[str],
    problems: Sequence[str],
    repeated: Sequence[str],
    baseline: Sequence[str],
    person_columns: Sequence[str],
) -> list[Finding]:
    """Say which names of the study file would give two columns one name."""
    used = [f"E_{name}" for name in types]
    if len(problems) > 1:
        used += [f"P_{name}" for name in problems]
    used += list(repeated)
    taken = set(TABLE_COLUMNS)
    faults: list[Finding] = []
    for column in used:
        if column in taken:
            faults.append(_taken(column))
        taken.add(column)
    faults += [_taken(column) for column in baseline if column in person_columns]
    return faults


def _taken(column: str) -> Finding:
    return finding(
        "score-name-taken",
        f"The output already has a column called {column!r}.",
        column=column,
    )


def varies(values: FloatArray) -> bool:
    """Whether the present values differ at all."""
    present = values[np.isfinite(values)]
    if len(present) == 0:
        return False
    spread = float(present.max() - present.min())
    return spread > CONSTANT * max(1.0, float(np.abs(present).max()))


def constant_findings(
    combine: str, exposure: ExposureScores, problems: ProblemScores, valid: BoolArray
) -> list[Finding]:
    """Refuse what no line can be fitted to: no valid rows, or P or E the same everywhere."""
    n = int(valid.sum())
    if n < FEWEST_VALID:
        with_p = int(np.isfinite(problems.score).sum())
        with_e = {name: int(np.isfinite(one.score).sum()) for name, one in exposure.types.items()}
        shown = ", ".join(f"{name} {count}" for name, count in with_e.items())
        return [
            finding(
                "no-valid-occasions",
                f"{n} rows have both problems and exposure (with P: {with_p}; with exposure: "
                f"{shown}); at least {FEWEST_VALID} are needed.",
                numbers={"valid": n, "with_P": with_p, "with_E": with_e},
            )
        ]
    refused: list[Finding] = []
    if not varies(problems.score[valid]):
        value = float(problems.score[valid][0])
        refused.append(
            finding(
                "problems-never-vary",
                f"P is {value:g} in all {n} valid rows.",
                numbers={"value": value, "n": n},
                column="P",
            )
        )
    flat = [name for name, one in exposure.types.items() if not varies(one.score[valid])]
    if flat and (combine != "sum" or len(flat) == len(exposure.types)):
        for name in flat:
            value = float(exposure.types[name].score[valid][0])
            refused.append(
                finding(
                    "exposure-never-varies",
                    f"Exposure of type {name!r} is {value:g} in all {n} valid rows.",
                    numbers={"value": value, "n": n},
                    column=f"E_{name}",
                )
            )
    total = sum((one.score[valid] for one in exposure.types.values()), np.zeros(n))
    if combine == "sum" and not refused and not varies(total):
        refused.append(
            finding(
                "exposure-never-varies",
                f"The combined exposure is {float(total[0]):g} in all {n} valid rows.",
                numbers={"value": float(total[0]), "n": n},
                column="E",
            )
        )
    return refused


def row_findings(
    study: Study,
    rows: pl.DataFrame,
    problems: ProblemScores,
    exposure: ExposureScores,
    panel_rows: int,
) -> list[Finding]:
    """Say how many rows were scored from part of the answers, and how many got no score."""
    said: list[Finding] = []
    data_row = rows["data_row"] if "data_row" in rows.columns else pl.Series([], dtype=pl.UInt32)
    if rows.height < panel_rows:
        empty = panel_rows - rows.height
        said.append(
            finding(
                "rows-without-answers",
                f"{empty} of {panel_rows} rows have no answered item; they appear in the flow of "
                "participants only.",
                numbers={"rows": empty, "of": panel_rows},
                n_rows=empty,
            )
        )
    said += _problem_rows(study, data_row, problems)
    for name, one in exposure.types.items():
        said += _type_rows(study, data_row, name, one)
    said += _partial_types(data_row, exposure)
    said += _list_findings(study, exposure)
    return said


def _rows(data_row: pl.Series, mask: BoolArray) -> dict[str, Any]:
    """First rows of a mask as evidence."""
    first = np.flatnonzero(mask)[:10]
    shown = data_row.gather(first).to_list() if len(data_row) else []
    return {"rows": [row for row in shown if row], "n_rows": int(mask.sum())}


def _problem_rows(study: Study, data_row: pl.Series, problems: ProblemScores) -> list[Finding]:
    said: list[Finding] = []
    share = study.plan.missing.prorate
    prorated = problems.prorated
    missing = ~np.isfinite(problems.score)
    partly = missing & problems.answered
    if prorated.any():
        said.append(
            finding(
                "problems-prorated",
                f"P was scored in {int(prorated.sum())} rows from part of the items (at least "
                f"{share:.0%} answered), as number of items x mean of the answered ones.",
                numbers={"rows": int(prorated.sum()), "share": share},
                column="P",
                **_rows(data_row, prorated),
            )
        )
    if partly.any():
        said.append(
            finding(
                "problems-too-few-items",
                f"P is missing in {int(partly.sum())} rows in which fewer than {share:.0%} of the "
                "items of a scale were answered.",
                numbers={"rows": int(partly.sum()), "share": share},
                column="P",
                **_rows(data_row, partly),
            )
        )
    absent = missing & ~problems.answered
    if absent.any():
        said.append(
            finding(
                "problems-absent",
                f"P is missing in {int(absent.sum())} rows because its form was not answered.",
                numbers={"rows": int(absent.sum())},
                column="P",
                **_rows(data_row, absent),
            )
        )
    return said


def _type_rows(study: Study, data_row: pl.Series, name: str, one: ChecklistScore) -> list[Finding]:
    said: list[Finding] = []
    share, column = study.plan.missing.checklist, f"E_{name}"
    if one.skipped.any():
        gap = one.high[one.skipped] - one.low[one.skipped]
        widest = float(np.max(gap)) if np.isfinite(gap).all() else None
        said.append(
            finding(
                "skipped-items-as-zero",
                f"In {int(one.skipped.sum())} rows some items of {name!r} were skipped (at most "
                f"{share:.0%}) and count as not happened; bounds are in E_low and E_high.",
                numbers={"rows": int(one.skipped.sum()), "share": share, "widest": widest},
                column=column,
                **_rows(data_row, one.skipped),
            )
        )
    if one.too_many_skipped.any():
        said.append(
            finding(
                "exposure-too-many-skipped",
                f"Exposure of type {name!r} is missing in {int(one.too_many_skipped.sum())} rows "
                f"in which more than {share:.0%} of the items asked were skipped.",
                numbers={"rows": int(one.too_many_skipped.sum()), "share": share},
                column=column,
                **_rows(data_row, one.too_many_skipped),
            )
        )
    absent = ~one.answered
    if absent.any():
        said.append(
            finding(
                "exposure-absent",
                f"In {int(absent.sum())} rows the form of {name!r} was not answered; its exposure "
                "is missing there, not zero.",
                numbers={"rows": int(absent.sum())},
                column=column,
                **_rows(data_row, absent),
            )
        )
    return said


def _partial_types(data_row: pl.Series, exposure: ExposureScores) -> list[Finding]:
    """Say how many rows have some types of exposure but not all."""
    present = [np.isfinite(one.score) for one in exposure.types.values()]
    some = np.logical_or.reduce(present) & ~np.logical_and.reduce(present)
    if not some.any():
        return []
    return [
        finding(
            "exposure-type-missing",
            f"{int(some.sum())} rows have some types of exposure but not all, so E is missing "
            "there.",
            numbers={"rows": int(some.sum())},
            column="E",
            **_rows(data_row, some),
        )
    ]


def _list_findings(study: Study, exposure: ExposureScores) -> list[Finding]:
    """Say where the score does not suit the list: lists that change, burden ratings."""
    said: list[Finding] = []
    for name, totals in exposure.totals.items():
        kind, column = exposure.kinds[name], f"E_{name}"
        asked = totals.asked[totals.answered > 0]
        if len(asked) == 0:
            continue
        low, high = int(asked.min()), int(asked.max())
        numbers = {"fewest": low, "most": high}
        if low < high and kind != "relative":
            said.append(
                finding(
                    "changing-list-summed",
                    f"The list {name!r} asked between {low} and {high} items, yet its {kind} is "
                    "compared across occasions as if it were one list.",
                    numbers=numbers,
                    column=column,
                )
            )
        if low == high and kind == "relative":
            said.append(
                finding(
                    "relative-without-change",
                    f"{name!r} is scored relative to what was asked, although all {high} items "
                    "were asked throughout.",
                    numbers=numbers,
                    column=column,
                )
            )
        if kind == "severity" and has_ratings(study.instruments[name]):
            said += _severity_finding(name, exposure)
    return said


def _severity_finding(name: str, exposure: ExposureScores) -> list[Finding]:
    severity = exposure.alternatives.get(f"E_{name}_severity")
    count = exposure.alternatives[f"E_{name}_count"]
    if severity is None:
        return []
    both = np.isfinite(severity) & np.isfinite(count)
    r = pearson(severity[both], count[both])
    shown = "" if r is None else f" (r with the count {r:.3f})"
    return [
        finding(
            "severity-carries-appraisal",
            f"{name!r} is scored by rated burden{shown}; how burdensome an event felt depends on "
            "how the person was, which steepens the line.",
            numbers={"r_count_severity": r},
            column=f"E_{name}",
        )
    ]
