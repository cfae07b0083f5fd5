"""Who is anchored to which event, as this analysis gives it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs, ResultFile
from salutogen.analyses.trajectories.anchors.dated_events import dated_grid
from salutogen.analyses.trajectories.anchors.episodes import find_episodes
from salutogen.analyses.trajectories.anchors.events import EventGrid, event_grid
from salutogen.analyses.trajectories.anchors.findings import anchor_findings, nobody_anchored
from salutogen.analyses.trajectories.anchors.flow import Flow, anchor_flow
from salutogen.analyses.trajectories.anchors.rules import Anchors, find_anchors
from salutogen.analyses.trajectories.anchors.settings import EventSettings, Rule
from salutogen.analyses.trajectories.settings import TrajectorySettings
from salutogen.columns import Column, Kind, Record, beside, figure, record
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, finding

SUBJECT = Column(
    name="subject",
    meaning="Person, as written in the data",
    unit="text",
    kind=Kind.IDENTIFIER,
)
EPISODE = Column(
    name="episode",
    meaning="Number of the episode within its person, from 1",
    unit="number",
    kind=Kind.PERSON,
)
FILE_COLUMNS = (
    SUBJECT,
    EPISODE,
    Column(
        name="occasion",
        meaning="Occasion the trajectory is locked to",
        unit="label",
        kind=Kind.PERSON,
    ),
    Column(
        name="event",
        meaning="Item of the checklist, or kind of dated event, that is the anchor",
        unit="item",
        kind=Kind.PERSON,
    ),
    Column(
        name="rating",
        meaning="Answer to that item, or rating of the event",
        unit="code",
        sign="as answered",
        kind=Kind.PERSON,
    ),
)


@record
class Anchored(Record):
    """Who is anchored: how many, where, by which events, and who is left out.

    Attributes
    ----------
    anchors : Anchors
    grid : EventGrid
    subjects : tuple of str
        Label of each person of the study.
    occasions : tuple of str
        Labels of the planned occasions.
    findings : tuple of Finding
    """

    rule: Rule = figure("Rule by which an event is new")
    n: int = figure("Anchors: persons, or their episodes", kind=Kind.COUNT, by="n_persons")
    episodes: Literal["first", "all"] = figure("Whether a person may have several anchors")
    n_persons: int = figure("Anchored persons", kind=Kind.COUNT)
    by_occasion: dict[str, int] = figure(
        "Anchors by planned occasion, of those that are allowed", kind=Kind.COUNT
    )
    by_event: dict[str, int] = figure("Anchors by event", kind=Kind.COUNT)
    threshold: float | None = figure("Answer or rating from which on an event counts", unit="code")
    other_event_before: int = figure(
        "Anchors with another qualifying event at an earlier occasion", kind=Kind.COUNT
    )
    n_by_rule: dict[str, int] = figure(
        "Anchored persons under each rule", kind=Kind.COUNT, nested="counts"
    )
    flow: Flow = figure(
        "Persons left after each condition, by rule", kind=Kind.COUNT, nested="counts"
    )
    anchors: Anchors = beside()
    grid: EventGrid = beside()
    subjects: tuple[str, ...] = beside()
    occasions: tuple[str, ...] = beside()
    findings: tuple[Finding, ...] = beside(default=())

    def subjects_of_anchors(self, repeats: int = 1) -> pl.Series:
        """Label of each anchor's person, `repeats` times each."""
        names = [self.subjects[person] for person in self.anchors.person for _ in range(repeats)]
        return pl.Series("subject", names, dtype=pl.String)

    def with_subject(self, table: pl.DataFrame, repeats: int = 1) -> pl.DataFrame:
        """Put subject, and episode where there may be several, before rows by anchor.

        Parameters
        ----------
        table : DataFrame
            `repeats` rows for each anchor, in their order.
        repeats : int
        """
        table = table.insert_column(0, self.subjects_of_anchors(repeats))
        if self.episodes == "first":
            return table
        numbers = np.repeat(self.anchors.episode, repeats)
        return table.insert_column(1, pl.Series("episode", numbers))

    def file(self) -> ResultFile:
        """`anchors.csv`: a row per anchor."""
        anchors = self.anchors
        table = pl.DataFrame(
            {
                "occasion": [self.occasions[place] for place in anchors.occasion],
                "event": [self.grid.items[place] for place in anchors.item],
                "rating": anchors.rating,
            },
            schema={"occasion": pl.String, "event": pl.String, "rating": pl.Float64},
        )
        return ResultFile(table=self.with_subject(table), columns=FILE_COLUMNS)


def anchor_persons(inputs: AnalysisInputs, settings: TrajectorySettings) -> Anchored:
    """Find the anchors that the settings ask for.

    Raises
    ------
    AnalysisError
        An event or occasion is not in the study, or nobody can be anchored.
    """
    occasions = tuple(inputs.study.labels)
    places = _allowed_places(settings.anchor_occasions, occasions)
    grid, told = _grid(inputs, settings.events)
    find = find_anchors if settings.episodes == "first" else find_episodes
    anchors = find(
        grid, rule=settings.rule, occasions=places, ties=settings.ties, seed=inputs.run.seed
    )
    flow = anchor_flow(grid, anchors, places)
    if not anchors.n:
        raise AnalysisError([nobody_anchored(settings.rule, flow[settings.rule])])
    at = np.bincount(anchors.occasion, minlength=len(occasions)).tolist()
    allowed = settings.anchor_occasions or occasions
    return Anchored(
        rule=anchors.rule,
        n=anchors.n,
        episodes=settings.episodes,
        n_persons=anchors.n_persons,
        by_occasion={label: n for label, n in zip(occasions, at, strict=True) if label in allowed},
        by_event=_by_event(anchors.item, grid.items),
        threshold=grid.threshold,
        other_event_before=int(anchors.other_before.sum()),
        n_by_rule={rule: list(counts.values())[-1] for rule, counts in flow.items()},
        flow=flow,
        anchors=anchors,
        grid=grid,
        subjects=tuple(inputs.panel.persons["subject"].to_list()),
        occasions=occasions,
        findings=(*told, *anchor_findings(inputs.study, grid, anchors, flow, places)),
    )


def _grid(inputs: AnalysisInputs, settings: EventSettings) -> tuple[EventGrid, list[Finding]]:
    """Events from a source with dates, or from the answers of checklists."""
    if settings.source is not None:
        return dated_grid(inputs.panel, inputs.scores, settings)
    return event_grid(inputs.panel, inputs.scores, settings), []


def _by_event(item: NDArray[np.int64], items: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(item, minlength=len(items)).tolist()
    return dict(zip(items, counts, strict=True))


def _allowed_places(asked: tuple[str, ...], occasions: tuple[str, ...]) -> tuple[int, ...] | None:
    """Places of the occasions at which an anchor may lie."""
    wrong = [label for label in asked if label not in occasions]
    if wrong:
        told = finding(
            "unknown-anchor-occasion",
            variant="choice",
            named=", ".join(wrong),
            planned=", ".join(occasions),
        )
        raise AnalysisError([told])
    return tuple(occasions.index(label) for label in asked) if asked else None
