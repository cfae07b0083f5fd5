"""Scores made by hand for tests: a simulated cohort and the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from salutogen.norm import Line, Norm
from salutogen.scores import Measure, Scores
from salutogen.study import Occasion, Study, StudyFile

TYPES = ("general", "pandemic")


def windows_of(norm: Norm) -> list[Line]:
    """Each window's own line, in order."""
    return list(norm.lines.by_period("window").values())


def study(labels: list[str], *, combine: str = "sum", **parts: Any) -> Study:
    """A study of weekly occasions with one problem scale and two lists of stressors."""
    plan = StudyFile.model_validate(
        {
            "salutogen": 1,
            "title": "Test",
            "occasions": {"every": "7 days", "count": len(labels)},
            "sources": {"answers": {"file": "answers", "person": "id"}},
            "instruments": {
                "ghq-12": {"columns": "CM_{01..12}"},
                "general": {"columns": "GE_{01..11}"},
                "pandemic": {"columns": "CE_{01..29}"},
            },
            "problems": "ghq-12",
            "exposure": {"types": list(TYPES), "score": "severity", "combine": combine},
            **parts,
        }
    )
    occasions = tuple(Occasion(label, index, 7.0 * index) for index, label in enumerate(labels))
    return Study(plan=plan, instruments={}, occasions=occasions)


def measure(name: str, items: int, highest: float) -> Measure:
    return Measure(
        name=name,
        instruments=(name,),
        method="sum",
        items=tuple(f"{name}_{item}" for item in range(items)),
        minimum=0.0,
        maximum=highest,
        unit="points",
    )


MEASURES = {
    "P": measure("P", 12, 36.0),
    "E_general": measure("E_general", 11, 55.0),
    "E_pandemic": measure("E_pandemic", 29, 145.0),
}


def scores_of(
    plan: Study,
    person: np.ndarray,
    occasion: np.ndarray,
    P: np.ndarray,
    general: np.ndarray,
    pandemic: np.ndarray,
    *,
    persons: pl.DataFrame,
    time: np.ndarray | None = None,
    reliability_p: float | None = 0.86,
    factors: tuple[str, ...] = (),
    alternatives: pl.DataFrame | None = None,
) -> Scores:
    combine = plan.plan.exposure.combine
    E = general + pandemic
    if combine == "composite":
        z = [(part - np.nanmean(part)) / np.nanstd(part, ddof=1) for part in (general, pandemic)]
        E = (z[0] + z[1]) / 2
    table = pl.DataFrame(
        {
            "person": person.astype(np.uint32),
            "occasion_index": occasion.astype(np.uint16),
            "occasion": pl.Series(plan.labels).gather(occasion),
            "time": 7.0 * occasion if time is None else time,
            "E": E,
            "P": P,
            "E_general": general,
            "E_pandemic": pandemic,
        }
    ).with_columns(pl.col("E", "P", "E_general", "E_pandemic").fill_nan(None))
    table = table.with_columns(
        valid=pl.col("E").is_not_null() & pl.col("P").is_not_null(),
        P_prorated=pl.lit(False),
        E_skipped=pl.lit(False),
        E_low=pl.col("E"),
        E_high=pl.col("E"),
    )
    return Scores(
        study=plan,
        table=table,
        exposure_types=TYPES,
        combine=combine,
        measures=MEASURES,
        persons=persons,
        reliability_p=reliability_p,
        factors_baseline=factors,
        alternatives=pl.DataFrame() if alternatives is None else alternatives,
    )


def simulated(
    n_persons: int = 120,
    n_occasions: int = 5,
    *,
    seed: int = 7,
    missing: float = 0.15,
    between: float = 0.2,
    within: float = 0.08,
    combine: str = "sum",
    **parts: Any,
) -> Scores:
    """A cohort with known slopes between and within persons."""
    rng = np.random.default_rng(seed)
    level = np.clip(rng.normal(40, 12, n_persons), 10, 90)
    own = rng.normal(0, 3, n_persons)
    present = rng.random((n_persons, n_occasions)) >= missing
    present[:, 0] = True
    person, occasion = np.nonzero(present)
    general = np.clip(0.3 * level[person] + rng.normal(0, 4, person.size), 0, 55)
    pandemic = np.clip(0.7 * level[person] + rng.normal(0, 8, person.size), 0, 145)
    change = general + pandemic - level[person]
    noise = rng.normal(0, 2.5, person.size)
    P = np.clip(6 + between * level[person] + within * change + own[person] + noise, 0, 36)
    persons = pl.DataFrame(
        {
            "person": np.arange(n_persons, dtype=np.uint32),
            "subject": [f"s {index}" for index in range(n_persons)],
            "age": rng.integers(18, 70, n_persons).astype(float),
            "site": [("A", "B", "C")[index % 3] for index in range(n_persons)],
            "arm": ["control" if index % 2 else "programme" for index in range(n_persons)],
            "optimism": -own + rng.normal(0, 3, n_persons),
        }
    )
    labels = [f"T{index}" for index in range(n_occasions)]
    plan = study(labels, combine=combine, **parts)
    return scores_of(
        plan, person, occasion, P, general, pandemic, persons=persons, factors=("optimism",)
    )


def dynacore(folder: Path, **parts: Any) -> Scores:
    """The real cohort, scored by hand: sums of the keyed items."""
    data = pl.read_csv(folder / "dynacore-l" / "dynacore_l.csv", infer_schema_length=None)
    data = data.with_columns(pl.col("subject.ID").cast(pl.String))
    order = data["subject.ID"].unique(maintain_order=True)
    codes = {name: index for index, name in enumerate(order)}
    data = data.with_columns(
        pl.col("subject.ID").replace_strict(codes, return_dtype=pl.Int64).alias("code")
    ).sort("code", "beep")

    def total(prefix: str, items: int) -> np.ndarray:
        names = [f"{prefix}_{item:02d}" for item in range(1, items + 1)]
        return data.select(pl.sum_horizontal(names)).to_series().cast(pl.Float64).to_numpy()

    def count(prefix: str, items: int) -> np.ndarray:
        names = [pl.col(f"{prefix}_{item:02d}") > 0 for item in range(1, items + 1)]
        return data.select(pl.sum_horizontal(names)).to_series().cast(pl.Float64).to_numpy()

    persons = pl.DataFrame({"person": np.arange(len(order), dtype=np.uint32), "subject": order})
    return scores_of(
        study([str(beep) for beep in range(1, 7)], **parts),
        data["code"].to_numpy(),
        data["beep"].to_numpy() - 1,
        total("CM", 12),
        total("GE", 11),
        total("CE", 29),
        persons=persons,
        time=data["start.Date"].cast(pl.Float64).to_numpy(),
        alternatives=pl.DataFrame(
            {"E_general_count": count("GE", 11), "E_pandemic_count": count("CE", 29)}
        ),
    )
