"""`Momentary`: the prompts of a stream and what was answered to each, beside the panel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from salutogen.display import card

if TYPE_CHECKING:
    from salutogen.study.format import MomentaryRoles

ANSWERED, PARTIAL, MISSED = "answered", "partial", "missed"
NOT_SENT, UNSCHEDULED = "not sent", "unscheduled"
STATES = (ANSWERED, PARTIAL, MISSED, NOT_SENT, UNSCHEDULED)
STRESSOR, NEGATIVE, POSITIVE, APPRAISAL = "stressor", "negative", "positive", "appraisal"
ROLES = (STRESSOR, NEGATIVE, POSITIVE, APPRAISAL)

MOMENT = pl.Datetime("us", "UTC")
WALL = pl.Datetime("us")

# What stands in `Momentary.prompts`, in this order; `occasion` is an Enum of the study's labels.
DTYPES: Mapping[str, pl.DataType] = {
    "person": pl.UInt32(),
    "occasion": pl.Enum([]),
    "prompt": pl.UInt32(),
    "day": pl.UInt16(),
    "beep": pl.UInt16(),
    "scheduled": MOMENT,
    "sent": MOMENT,
    "started": MOMENT,
    "answered": MOMENT,
    "time": MOMENT,
    "local": WALL,
    "zone": pl.String(),
    "hours": pl.Float64(),
    "state": pl.Enum(STATES),
    "rebuilt": pl.Boolean(),
    "data_row": pl.UInt32(),
    **dict.fromkeys(ROLES, pl.Float64()),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Momentary:
    """Prompts of one stream, each in exactly one state, with their answers.

    Attributes
    ----------
    prompts : DataFrame
        One row per planned prompt and per answer that was given without one, sorted by person,
        occasion and prompt. Columns, all null where unknown unless said otherwise:

        `person` (UInt32, index into the panel's persons; never null), `occasion` (Enum of the
        study's labels: the burst; null where the stream runs through), `prompt` (UInt32, number
        within person and burst, from 1; never null), `day` (UInt16, the person's own calendar day
        within the burst, from 1), `beep` (UInt16, number within the day, from 1), `scheduled`,
        `sent`, `started`, `answered` (moments, UTC), `time` (moment, UTC: answered, else started,
        sent or scheduled, the first that is known), `local` (`time` by the clock on the wall where
        the person was), `zone` (text: a name such as Europe/Berlin or an offset such as UTC+02:00),
        `hours` (Float64: from the first known time of the person's burst to `time`), `state`
        (Enum of `STATES`; never null), `rebuilt` (Boolean: no row of the file, made from the plan;
        never null), `data_row` (UInt32, 1-based row of the file; 0 where rebuilt), and the scores
        of the roles: `stressor`, `negative`, `positive`, `appraisal` (Float64: stressors as their
        instrument scores them, the others the mean of the items after reversing; null where
        nothing was answered or the role is not given).
    answers : mapping of instrument name to DataFrame
        One column per item in the instrument's order, of the same height and order as `prompts`;
        codes as answered, not reversed.
    roles : MomentaryRoles
        Which instrument is what.
    source : str
        Name of the source in the study file.
    prompts_per_day, days : int or None
        The largest plan among the bursts; None where none is planned.
    """

    prompts: pl.DataFrame
    answers: Mapping[str, pl.DataFrame]
    roles: MomentaryRoles
    source: str
    prompts_per_day: int | None = None
    days: int | None = None
    bursts: tuple[str, ...] = field(default=())

    @property
    def n_persons(self) -> int:
        """Number of persons with at least one prompt."""
        return self.prompts["person"].n_unique()

    @property
    def planned(self) -> pl.DataFrame:
        """Prompts that were planned: all but those of unscheduled answers."""
        return self.prompts.filter(pl.col("state") != UNSCHEDULED)

    @property
    def given(self) -> pl.DataFrame:
        """Prompts with answers, whole or in part, scheduled or not."""
        return self.prompts.filter(pl.col("state").is_in([ANSWERED, PARTIAL, UNSCHEDULED]))

    def of_bursts(self, labels: Collection[str]) -> Momentary:
        """Take the prompts of some bursts, by the labels of their occasions."""
        kept = self.prompts["occasion"].cast(pl.String).is_in(list(labels)).fill_null(value=False)
        return replace(
            self,
            prompts=self.prompts.filter(kept),
            answers={name: table.filter(kept) for name, table in self.answers.items()},
            bursts=tuple(label for label in self.bursts if label in labels),
        )

    def has(self, role: str) -> bool:
        """Whether a role has any score."""
        return self.prompts[role].null_count() < self.prompts.height

    def __repr__(self) -> str:
        """Say how much there is, in a line."""
        return (
            f"Momentary({self.source!r}: {self.n_persons:,} persons, "
            f"{self.prompts.height:,} prompts, instruments {', '.join(self.answers)})"
        )

    def _repr_html_(self) -> str:
        counts = self.prompts["state"].cast(pl.String).value_counts(sort=True)
        facts = {"Persons": self.n_persons, **dict(counts.iter_rows())}
        return card(f"Momentary data: {self.source}", facts, ())
