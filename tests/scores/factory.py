"""Small studies and panels written out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from salutogen.panel import Panel, Reason
from salutogen.study import AnswerRange, Instrument, Occasion, ScoringRule, Study, StudyFile


def instrument(name: str, items: Sequence[str], **changes: Any) -> Instrument:
    """Build an instrument with plain defaults: a 0..3 problem scale, summed."""
    settings: dict[str, Any] = {
        "registered": None,
        "title": name,
        "source": "answers",
        "columns": {item: item for item in items},
        "answers": AnswerRange(0, 3),
        "did_not_occur": None,
        "form": "explicit",
        "recall": None,
        "measured": "repeated",
        "measures": "problems",
        "higher": "worse",
        "reverse": frozenset(),
        "scoring": ScoringRule(name="sum"),
        "scorings": {},
    }
    return Instrument(name=name, items=tuple(items), **(settings | changes))


def checklist(name: str, items: Sequence[str], **changes: Any) -> Instrument:
    """Build a list of events with burden 0 (did not happen) to 5."""
    settings = {"answers": AnswerRange(0, 5), "did_not_occur": 0.0, "measures": "exposure"}
    return instrument(name, items, **(settings | changes))


def build_study(
    instruments: Sequence[Instrument],
    *,
    problems: Any,
    exposure: Mapping[str, Any],
    labels: Sequence[str] = ("1",),
    factors: Sequence[str] = (),
    **plan: Any,
) -> Study:
    """Build a study without reading a file."""
    file = StudyFile.model_validate(
        {
            "salutogen": 1,
            "title": "By hand",
            "occasions": {"labels": list(labels)},
            "sources": {"answers": {"person": "id"}},
            "instruments": {one.name: {"columns": list(one.items)} for one in instruments},
            "problems": problems,
            "exposure": dict(exposure),
            "factors": list(factors),
            **plan,
        }
    )
    return Study(
        plan=file,
        instruments={one.name: one for one in instruments},
        occasions=tuple(Occasion(label, index, 7.0 * index) for index, label in enumerate(labels)),
    )


def build_panel(
    study: Study,
    answers: Mapping[str, Sequence[Sequence[float | None]]],
    *,
    person: Sequence[int] | None = None,
    occasion: Sequence[int] | None = None,
    time: Sequence[float | None] | None = None,
    reasons: Mapping[str, Mapping[str, Sequence[Reason]]] | None = None,
    baseline: Mapping[str, Sequence[Sequence[float | None]]] | None = None,
) -> Panel:
    """Build a panel from rows of answers; by default each row is another person.

    A missing answer is not asked where the study says so, absent where its whole form is missing,
    skipped elsewhere.
    """
    n = len(next(iter(answers.values())))
    labels = [study.labels[place] for place in occasion or [0] * n]
    who = list(range(n)) if person is None else list(person)
    frames = {
        name: pl.DataFrame(
            [list(column) for column in zip(*rows, strict=True)],
            schema=list(study.instruments[name].items),
        )
        for name, rows in answers.items()
    }
    why = {}
    for name, frame in frames.items():
        absent = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
        asks = study.instruments[name].asks
        columns = {
            item: np.select(
                [
                    frame[item].is_not_null().to_numpy(),
                    np.array([not asks(item, label) for label in labels]),
                    absent,
                ],
                [Reason.ANSWERED, Reason.NOT_ASKED, Reason.ABSENT],
                Reason.SKIPPED,
            ).astype(np.uint8)
            for item in frame.columns
            if frame[item].null_count()
        }
        for item, codes in (reasons or {}).get(name, {}).items():
            columns[item] = np.array([int(code) for code in codes], dtype=np.uint8)
        if columns:
            why[name] = pl.DataFrame(columns)
    persons = max(who) + 1
    return Panel(
        study=study,
        rows=pl.DataFrame(
            {
                "person": pl.Series(who, dtype=pl.UInt32),
                "occasion": pl.Series(
                    [0] * n if occasion is None else list(occasion), dtype=pl.UInt16
                ),
                "time": pl.Series([None] * n if time is None else list(time), dtype=pl.Float64),
                "data_row": pl.Series(range(1, n + 1), dtype=pl.UInt32),
            }
        ),
        answers=frames,
        reasons=why,
        persons=pl.DataFrame(
            {
                "person": pl.Series(range(persons), dtype=pl.UInt32),
                "subject": [f"id {index}" for index in range(persons)],
            }
        ),
        baseline={
            name: pl.DataFrame(
                [list(column) for column in zip(*rows, strict=True)],
                schema=list(study.instruments[name].items),
            )
            for name, rows in (baseline or {}).items()
        },
    )
