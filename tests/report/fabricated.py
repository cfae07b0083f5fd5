"""Results made up from drawn numbers, room by room, so that the report is tested alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.norm import Line, LineKey, Lines, Norm
from salutogen.norm.lines import Level
from salutogen.panel import InputFile, Panel
from salutogen.panel.panel import Reason
from salutogen.pipeline.pipeline import Results
from salutogen.resilience import Resilience
from salutogen.resilience.summary import Descriptive, ScoreDescriptives
from salutogen.scores import ScaleReliability, Scores
from salutogen.study import Occasion, Period, Study
from salutogen.study.model import StudyFile
from tests.report.fabricated_checks import (
    BARE_SUMMARY,
    FINDINGS,
    MIXED,
    SHAPE,
    bootstrap,
    make_checks,
)

WIDTH = 3


def make_plan(
    types: tuple[str, ...] = ("general", "pandemic"), individuals: str = "show", **more: Any
) -> StudyFile:
    return StudyFile.model_validate(
        {
            "salutogen": 1,
            "title": "Weekly cohort in the first wave",
            "question": "Who stays well under pandemic stressors?",
            "occasions": {"every": "7 days", "count": 6},
            "sources": {"answers": {"file": "answers.csv", "person": "id", "occasion": "beep"}},
            "instruments": {
                "ghq-12": {"columns": "CM_{01..12}"},
                **{name: {"columns": f"{name[:1]}_{{01..11}}"} for name in types},
            },
            "problems": "ghq-12",
            "exposure": {"types": list(types), "score": "severity", "combine": "sum"},
            "report": {"individuals": individuals},
            **more,
        }
    )


def make_study(plan: StudyFile, n_occasions: int) -> Study:
    occasions = tuple(
        Occasion(label=str(place + 1), index=place, day=7.0 * place) for place in range(n_occasions)
    )
    return Study(plan=plan, instruments={}, occasions=occasions)


def fit(
    table: pl.DataFrame, level: Any, reference: str = "all", period: Period | None = None
) -> Line:
    E, P = table["E"].to_numpy(), table["P"].to_numpy()
    matrix = np.column_stack([np.ones(E.size), E])
    coefficients, *_ = np.linalg.lstsq(matrix, P, rcond=None)
    rest = P - matrix @ coefficients
    variance = float(rest @ rest) / max(E.size - 2, 1)
    return Line(
        level=level,
        terms=("intercept", "E"),
        coefficients=tuple(float(value) for value in coefficients),
        covariance=variance * np.linalg.pinv(matrix.T @ matrix),
        residual_sd=float(np.std(rest, ddof=1)),
        r_squared=float(1 - rest @ rest / np.sum((P - P.mean()) ** 2)),
        n=E.size,
        n_persons=table["person"].n_unique(),
        shape="linear",
        reference=reference,
        exposure_range=(float(E.min()), float(E.max())),
        period=period,
    )


def draw_table(
    subjects: list[str], n_occasions: int, types: tuple[str, ...], seed: int
) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    n = len(subjects)
    level = rng.gamma(4.0, 10.0, n)
    own = rng.normal(0, 3.5, n)
    last = np.where(rng.random(n) < 0.25, rng.integers(1, n_occasions + 1, n), n_occasions)
    person = np.repeat(np.arange(n), n_occasions)
    place = np.tile(np.arange(n_occasions), n)
    total = np.maximum(0, np.round(level[person] + rng.normal(0, 12, person.size)))
    share = rng.dirichlet(np.ones(len(types)) * 5, person.size)
    parts = np.round(total[:, None] * share)
    E = parts.sum(axis=1)
    P = np.clip(
        np.round(7 + 0.16 * E + own[person] + 0.2 * place + rng.normal(0, 3, E.size)), 0, 36
    )
    table = pl.DataFrame(
        {
            "person": person,
            "subject": np.array(subjects)[person],
            "occasion_index": place,
            "occasion": (place + 1).astype(str),
            "time": 18000.0 + 7 * place,
            "E": E,
            "P": P,
            **{f"E_{name}": parts[:, i] for i, name in enumerate(types)},
            "kept": place < last[person],
        },
        schema_overrides={"person": pl.UInt32, "occasion_index": pl.UInt16},
    )
    return table.filter(pl.col("kept")).drop("kept").with_columns(valid=pl.lit(True))


def period_means(table: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    parts = [name for name in table.columns if name.startswith("E_")]
    return table.group_by([*by, "subject"], maintain_order=True).agg(
        pl.len().alias("n_valid"), pl.col("E", "P", *parts).mean()
    )


def scored(table: pl.DataFrame, line: Line, level: Any) -> pl.DataFrame:
    expected = line.intercept + (line.slope or 0) * table["E"]
    SR = table["P"] - expected
    return table.with_columns(
        P_expected=expected,
        SR=SR,
        SR_z=SR / line.residual_sd,
        SR_se=pl.lit(1.4),
        SR_low=SR - 2.7,
        SR_high=SR + 2.7,
        extrapolated=pl.lit(False),
    )


def window_tables(table: pl.DataFrame, n_occasions: int) -> pl.DataFrame:
    parts = []
    for start in range(n_occasions - WIDTH + 1):
        inside = table.filter(pl.col("occasion_index").is_between(start, start + WIDTH - 1))
        means = period_means(inside, ["person"]).filter(pl.col("n_valid") >= 2)
        parts.append(
            means.with_columns(
                window=pl.lit(start + 1, pl.UInt16),
                first_occasion=pl.lit(str(start + 1)),
                last_occasion=pl.lit(str(start + WIDTH)),
                time=pl.lit(18000.0 + 7 * start),
            )
        )
    return pl.concat(parts)


def make_scores(study: Study, table: pl.DataFrame, subjects: list[str]) -> Scores:
    types = study.exposure_types
    persons = pl.DataFrame(
        {"person": np.arange(len(subjects)), "subject": subjects},
        schema_overrides={"person": pl.UInt32},
    )
    quality = [
        {
            "type": name,
            "occasion": label,
            "n": 100,
            "r": 0.45 - 0.02 * place,
            "r_squared": 0.2,
            "zero_share": 0.01,
            "mean": 13.0,
            "sd": 7.5,
            "coverage": 1.0,
        }
        for name in types
        for place, label in enumerate(study.labels)
    ]
    items = [
        {"type": types[0], "item": f"GE_{i:02}", "n": 900, "endorsed_share": 0.3, "r_with_P": 0.25}
        for i in range(1, 5)
    ]
    reliability = (
        ScaleReliability(
            scale="P (ghq-12)",
            n=len(subjects),
            n_items=12,
            omega=0.87,
            alpha=0.86,
            floor_share=0.0,
            ceiling_share=0.0,
        ),
    )
    return Scores(
        study=study,
        table=table,
        exposure_types=types,
        combine="sum",
        measures={},
        persons=persons,
        reliability=reliability,
        reliability_p=0.87,
        exposure_quality=pl.DataFrame(quality),
        item_quality=pl.DataFrame(items),
    )


def make_panel(study: Study, table: pl.DataFrame, subjects: list[str], seed: int) -> Panel:
    rng = np.random.default_rng(seed)
    reasons = pl.DataFrame(
        {
            f"g_{i:02}": rng.choice(
                [Reason.ANSWERED, Reason.DID_NOT_OCCUR, Reason.SKIPPED, Reason.NOT_ASKED],
                table.height,
                p=[0.6, 0.35, 0.04, 0.01],
            ).astype(np.uint8)
            for i in range(1, 4)
        }
    )
    rows = table.select(
        "person",
        pl.col("occasion_index").alias("occasion"),
        "time",
        pl.int_range(1, table.height + 1, eager=True, dtype=pl.UInt32).alias("data_row"),
    )
    return Panel(
        study=study,
        rows=rows,
        answers={"general": reasons.select(pl.all().cast(pl.Int8))},
        reasons={"general": reasons},
        persons=pl.DataFrame({"person": np.arange(len(subjects)), "subject": subjects}),
        inputs=(
            InputFile(
                source="answers",
                name="answers.csv",
                sha256="ab" * 32,
                rows=table.height,
                columns=54,
                encoding="utf-8",
            ),
        ),
    )


def make_norm(scores: Scores, table: pl.DataFrame, n_occasions: int, bare: bool) -> Norm:
    persons = period_means(table, ["person"])
    person, occasion = fit(persons, "person"), fit(table, "occasion")
    lines = {LineKey("occasion"): occasion, LineKey("person"): person}
    tables: dict[Level, pl.DataFrame] = {"person": persons}
    if not bare:
        window_table = window_tables(table, n_occasions)
        tables["window"] = window_table
        for i in range(1, n_occasions - WIDTH + 2):
            period = Period(kind="window", number=i, label=str(i))
            own = window_table.filter(pl.col("window") == i)
            lines[LineKey("window", period)] = fit(own, "window", str(period), period)
        first = Period(kind="window", number=1)
        lines[LineKey("window")] = lines[LineKey("window", first)]
        winsorised = LineKey("person", variant="winsorised")
        lines[winsorised] = replace(person, reference="winsorised")
    return Norm(
        primary="person",
        lines=Lines(lines),
        mixed=None if bare else MIXED,
        shape_test=None if bare else SHAPE,
        period_tables=tables,
        scores=scores,
    )


def make_resilience(
    scores: Scores, norm: Norm, table: pl.DataFrame, n_occasions: int, bare: bool
) -> Resilience:
    occasions = scored(table, norm.lines.occasion, "occasion").drop("person", "occasion_index")
    persons = scored(norm.period_tables["person"], norm.lines.person, "person").drop("person")
    windows, summary = pl.DataFrame({"subject": []}, schema={"subject": pl.String}), pl.DataFrame()
    if not bare:
        windows, summary = score_windows(norm)
    more: dict[str, Any] = {"summary": BARE_SUMMARY, "bootstrap": bootstrap(0)}
    if not bare:
        more = make_checks(persons)
    described = Descriptive(mean=1.0, sd=2.0, icc=0.65, within_sd=1.5)
    return Resilience(
        scores=scores,
        norm=norm,
        occasions=occasions,
        windows=windows,
        persons=persons,
        phases=pl.DataFrame(),
        window_summary=summary,
        descriptives=ScoreDescriptives(P=described, E=described, SR=described),
        **more,
    )


def score_windows(norm: Norm) -> tuple[pl.DataFrame, pl.DataFrame]:
    frozen = norm.lines[LineKey("window")]
    table = norm.period_tables["window"]
    parts, rows = [], []
    for period, line in norm.lines.by_period("window").items():
        number = period.number
        part = table.filter(pl.col("window") == number)
        part = part.with_columns(
            SR_frozen=pl.col("P") - frozen.intercept - (frozen.slope or 0) * pl.col("E"),
            SR_refit=pl.col("P") - line.intercept - (line.slope or 0) * pl.col("E"),
        )
        parts.append(part)
        mean = float(part["SR_frozen"].mean())  # type: ignore[arg-type]
        rows.append(
            {
                "window": number,
                "first_occasion": str(number),
                "last_occasion": str(number + 2),
                "n": part.height,
                "intercept": line.intercept,
                "slope": line.slope,
                "r_squared": line.r_squared,
                "mean_SR_frozen": mean,
                "mean_SR_refit": 0.0,
                "mean_SR_frozen_complete": mean - 0.2,
                "n_complete": 160,
                "mean_SR_frozen_model": mean - 0.1,
                "se_SR_frozen": 0.3,
                "se_SR_frozen_model": 0.25,
            }
        )
    return pl.concat(parts).drop("person"), pl.DataFrame(rows)


def make_results(
    *,
    n_persons: int = 60,
    n_occasions: int = 6,
    individuals: str = "show",
    types: tuple[str, ...] = ("general", "pandemic"),
    seed: int = 1,
    bare: bool = False,
    **plan: Any,
) -> Results:
    """Results of a made-up cohort; `bare` leaves out all a small study may lack."""
    made = make_plan(types, individuals, **plan)
    study = make_study(made, n_occasions)
    subjects = [f"zq{(i * 7919) % 1000003:07d}" for i in range(n_persons)]
    table = draw_table(subjects, n_occasions, types, seed)
    scores = make_scores(study, table, subjects)
    norm = make_norm(scores, table, n_occasions, bare)
    return Results(
        study=study,
        panel=make_panel(study, table, subjects, seed),
        score_table=scores,
        norm=norm,
        resilience=make_resilience(scores, norm, table, n_occasions, bare),
        findings=FINDINGS,
        seed=seed,
        provenance={
            "salutogen": "0.1.0",
            "python": "3.13.1",
            "platform": "Linux x86_64",
            "seed": seed,
            "study": {"file": "study.yaml", "sha256": "cd" * 32, "plan_sha256": "ef" * 32},
            "inputs": [
                {
                    "source": "answers",
                    "file": "answers.csv",
                    "sha256": "ab" * 32,
                    "rows": table.height,
                    "columns": 54,
                    "encoding": "utf-8",
                }
            ],
            "libraries": {"numpy": "2.3", "polars": "2.1"},
        },
    )
