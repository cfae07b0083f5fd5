"""Each instrument of a study as the simulator sees it: item table, spread, points and sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from salutogen.errors import SimulationError
from salutogen.findings import finding
from salutogen.simulation.calibration import (
    Persistence,
    Spread,
    calibrate,
    calibrate_once,
    moments,
)
from salutogen.simulation.item_tables import (
    Floats,
    ItemTable,
    event_items,
    graded_items,
    number_items,
)
from salutogen.simulation.settings import ScaleSettings
from salutogen.study import Instrument, Study

Role = Literal["exposure", "problems", "factor"]
_MOST_STEPS = 100
_DEFAULT_SPREAD = 0.16
_DEFAULT_SHARE = {"exposure": 0.22, "problems": 0.27, "factor": 0.6}
_DEFAULT_ICC = {"exposure": 0.6, "problems": 0.6, "factor": 0.8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One instrument, ready to be drawn.

    `spread` is in sums of the items' values; a score in points is `offset + factor * sum`. `sign`
    is -1 for problem scales on which higher is better. `asked` says which items were asked at
    which planned occasion (items, occasions), or is None when all always were.
    """

    name: str
    role: Role
    baseline: bool
    instrument: Instrument
    table: ItemTable
    spread: Spread
    factor: float
    offset: float
    sign: int
    association: float
    reverse: npt.NDArray[np.bool_]
    asked: npt.NDArray[np.bool_] | None

    @property
    def mean_points(self) -> float:
        """Mean of the score in points."""
        return self.offset + self.factor * self.spread.mean

    @property
    def sd_points(self) -> float:
        """SD of the score in points, over persons and occasions."""
        return abs(self.factor) * self.spread.sd

    def truth(self) -> dict[str, float | str | bool]:
        """What `parameters.json` says about the scale."""
        return {
            "role": self.role,
            "baseline": self.baseline,
            "mean": self.mean_points,
            "sd": self.sd_points,
            "icc": self.spread.icc,
            "reliability": self.spread.reliability,
        }


def build_scale(
    study: Study, name: str, role: Role, settings: ScaleSettings, persistence: Persistence
) -> Scale:
    """Turn an instrument and its targets into a scale.

    Raises
    ------
    SimulationError
        No spread gives the mean, SD and ICC asked for.
    """
    instrument = study.instruments[name]
    table, factor, offset = _table(study, instrument, role, settings)
    baseline = instrument.measured == "baseline"
    return Scale(
        name=name,
        role=role,
        baseline=baseline,
        instrument=instrument,
        table=table,
        spread=_spread(name, table, role, baseline, settings, persistence, factor, offset),
        factor=factor,
        offset=offset,
        sign=-1 if role == "problems" and instrument.higher == "better" else 1,
        association=1.0 if settings.association is None else settings.association,
        reverse=np.array([item in instrument.reverse for item in instrument.items]),
        asked=_asked(study, instrument),
    )


def _asked(study: Study, instrument: Instrument) -> npt.NDArray[np.bool_] | None:
    if instrument.asked is None:
        return None
    return np.array(
        [[instrument.asks(item, label) for label in study.labels] for item in instrument.items]
    )


def _codes(instrument: Instrument) -> Floats | None:
    """Answer codes from lowest to highest; None where answers are not few whole codes."""
    answers = instrument.answers
    if answers is None:
        return np.array([0.0, 1.0]) if instrument.is_checklist else None
    if not answers.is_whole or answers.maximum - answers.minimum > _MOST_STEPS:
        return None
    return np.arange(answers.minimum, answers.maximum + 1.0)


def _table(
    study: Study, instrument: Instrument, role: Role, settings: ScaleSettings
) -> tuple[ItemTable, float, float]:
    """Item table, points per sum of values, and points at a sum of zero."""
    items = len(instrument.items)
    codes = _codes(instrument)
    if role == "exposure" and (instrument.total or codes is None):
        return _exposure_total(instrument, settings)
    if codes is None:
        answers = instrument.answers
        low, width = (answers.minimum, answers.maximum - answers.minimum) if answers else (0.0, 0.0)
        factor, offset = _points(instrument, items, low)
        return number_items(items, low, width), factor, offset
    if role == "exposure" or instrument.did_not_occur is not None:
        nothing = codes[0] if instrument.did_not_occur is None else instrument.did_not_occur
        codes = np.concatenate([[nothing], codes[codes != nothing]])
        score = study.exposure_score(instrument.name) if role == "exposure" else "severity"
        table = event_items(
            items, codes, _event_values(study, codes, score), settings.spread, settings.degree
        )
        factor = 1.0 / (items * codes[1:].max()) if score == "relative" else 1.0
        return table, factor, 0.0
    factor, offset = _points(instrument, items, float(codes[0]))
    return graded_items(items, codes.size - 1, float(codes[0]), settings.spread), factor, offset


def _exposure_total(
    instrument: Instrument, settings: ScaleSettings
) -> tuple[ItemTable, float, float]:
    """A sum of exposure, drawn as one answer of so many steps."""
    codes = None if instrument.answers is None else _codes(instrument)
    if codes is None:
        refused = finding("simulation-needs-range", scale=instrument.name, most=_MOST_STEPS)
        raise SimulationError([refused])
    low = float(codes[0])
    return graded_items(1, codes.size - 1, low, settings.spread), 1.0, low


def _event_values(study: Study, codes: Floats, score: str) -> Floats:
    """What each answer of an event list adds to its score."""
    values = codes.copy()
    if score == "count":
        threshold = study.plan.exposure.threshold
        values = np.ones(codes.size) if threshold is None else (codes >= threshold).astype(float)
    values[0] = 0.0
    return values


def _points(instrument: Instrument, items: int, lowest: float) -> tuple[float, float]:
    scoring = instrument.scoring
    per_item = scoring.multiply / items if scoring.method == "mean" else scoring.multiply
    return per_item, per_item * items * lowest


def _spread(
    name: str,
    table: ItemTable,
    role: Role,
    baseline: bool,
    settings: ScaleSettings,
    persistence: Persistence,
    factor: float,
    offset: float,
) -> Spread:
    """Calibrated spread, or a plausible one where the study file sets no targets."""
    icc = _DEFAULT_ICC[role] if settings.icc is None else settings.icc
    if table.family == "number" and table.highest == 0.0:
        unit = {"mean": settings.mean or 0.0, "sd": settings.sd or 1.0, "icc": icc}
        settings = settings.model_copy(update=unit)
    usual = _DEFAULT_SHARE[role] * table.highest
    centre = usual if settings.mean is None else (settings.mean - offset) / factor
    if settings.sd is None and settings.icc is None:
        width = _DEFAULT_SPREAD * table.highest
        passing = 0.0 if baseline else width * (1.0 - icc) ** 0.5
        lasting = width if baseline else width * icc**0.5
        return moments(table, centre, lasting, passing, persistence)
    usual_sd = moments(table, centre, _DEFAULT_SPREAD * table.highest, 0.0).sd
    sum_sd = usual_sd if settings.sd is None else settings.sd / factor
    if baseline:
        found = calibrate_once(table, centre, sum_sd)
    else:
        found = calibrate(table, centre, sum_sd, icc, persistence)
    if found is not None:
        return found
    alone = float(np.interp(centre, table.levels, table.noise)) ** 0.5 * factor
    raise SimulationError(
        [
            finding(
                "simulation-infeasible-scale",
                variant="baseline" if baseline else "",
                scale=name,
                mean=float(offset + factor * centre),
                sd=float(sum_sd * factor),
                icc=icc,
                lowest=offset,
                highest=offset + factor * table.highest,
                sd_of_items_alone=alone,
            )
        ]
    )
