"""What every section needs: the results, the audience, and persons under their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.contract import Backbone
from salutogen.analyses.labelled import labelled
from salutogen.findings import Persons
from salutogen.namespaces import covariate_of
from salutogen.norm.lines import LineKey
from salutogen.norm.nearly_same import nearly_same
from salutogen.norm.norm_for_others import untold_covariates
from salutogen.norm.told_lines import told_norm
from salutogen.page.audience import Audience, told_quantiles
from salutogen.page.privacy import Guard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from salutogen.analyses.running import Outcome
    from salutogen.context import RunContext
    from salutogen.findings import Finding
    from salutogen.norm import Norm
    from salutogen.panel import Panel
    from salutogen.resilience import Resilience
    from salutogen.scores import Scores
    from salutogen.study import Study

FEW_VISITS_WORDS = "one or two visits"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is reported, and to whom. Frames given out here carry labels, never subject ids.

    Attributes
    ----------
    backbone : Backbone
        Results of the fixed rooms, `subject` holding labels.
    run : RunContext
    guard : Guard
        Decides what of a section is shown.
    outcomes : tuple of Outcome
        The analyses.
    findings : tuple of Finding
    provenance : mapping
    """

    backbone: Backbone
    run: RunContext
    guard: Guard
    outcomes: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, backbone: Backbone, run: RunContext, **given: Any) -> Self:
        """Make the context of a run's results."""
        guard = Guard(run.audience, backbone.panel.identifiers)
        return cls(backbone=labelled(backbone, run.audience), run=run, guard=guard, **given)

    @property
    def audience(self) -> Audience:
        """What may be shown of single persons."""
        return self.run.audience

    @property
    def study(self) -> Study:
        """The study."""
        return self.backbone.study

    @property
    def panel(self) -> Panel:
        """The answers."""
        return self.backbone.panel

    @property
    def scores(self) -> Scores:
        """Scored answers."""
        return self.backbone.scores

    @cached_property
    def norm(self) -> Norm:
        """The lines, as they may be told."""
        return told_norm(self.backbone.norm, self.audience)

    @cached_property
    def lines_of_few(self) -> frozenset[LineKey]:
        """Lines of windows and phases that would tell of few persons beside another one."""
        return nearly_same(self.backbone.norm, self.audience)

    @property
    def resilience(self) -> Resilience:
        """The scores of resilience."""
        return self.backbone.resilience

    @cached_property
    def _index_of_subject(self) -> pl.DataFrame:
        return self.scores.persons.select("subject", "person")

    @cached_property
    def persons(self) -> pl.DataFrame:
        """Person-level scores with `person` (index) instead of the subject id."""
        return self._without_ids(self.resilience.persons)

    @cached_property
    def occasions(self) -> pl.DataFrame:
        """Occasion-level scores with `person` and `occasion_index` instead of the subject id."""
        scores = self.resilience.occasions
        table = self.scores.table
        if scores.height == table.height:
            keys = table.select("person", "occasion_index")
            own = scores.drop("subject", "person", "occasion_index", strict=False)
            return own.hstack(keys)
        places = pl.DataFrame(
            {"occasion": self.labels, "occasion_index": range(len(self.labels))},
            schema={"occasion": scores.schema["occasion"], "occasion_index": pl.UInt16},
        )
        return self._without_ids(scores).join(
            places, on="occasion", how="left", maintain_order="left"
        )

    @cached_property
    def windows(self) -> pl.DataFrame:
        """Window-level scores with `person` instead of the subject id."""
        return self._without_ids(self.resilience.windows)

    @property
    def labels(self) -> list[str]:
        """Labels of the planned occasions."""
        return list(self.study.labels)

    @cached_property
    def forms(self) -> Persons:
        """Answered forms; a few that are absent would tell of a few persons."""
        return Persons(self.scores.table.height)

    @cached_property
    def valid_forms(self) -> Persons:
        """Forms that hold both exposure and problems."""
        return Persons(self.scores.table["valid"].sum())

    @cached_property
    def untold_covariates(self) -> tuple[str, ...]:
        """Covariates with a category of few persons, whose coefficients would tell of these."""
        return untold_covariates(self.norm, self.scores, self.audience)

    def is_told(self, term: str) -> bool:
        """Whether the coefficient of a term may be told."""
        return covariate_of(term) not in self.untold_covariates

    def by_occasion(self, column: str) -> list[np.ndarray]:
        """Values of a column at each planned occasion, in person order, missing ones dropped."""
        table = self.occasions
        index = table["occasion_index"].to_numpy()
        values = table[column].cast(pl.Float64).to_numpy()
        return [_present(values[index == place]) for place in range(len(self.labels))]

    def label(self, person: int) -> str:
        """Label of a person index."""
        return self.audience.label(person)

    def titled(self, title: str, outcome: Outcome) -> str:
        """Put the name of an analysis that was done more than once behind a title."""
        return f"{title} [{outcome.label}]" if self.is_repeated(outcome) else title

    def is_repeated(self, outcome: Outcome) -> bool:
        """Whether an analysis was done more than once."""
        done = [one.analysis.name for one in self.outcomes if one.result is not None]
        return done.count(outcome.analysis.name) > 1

    def _without_ids(self, frame: pl.DataFrame) -> pl.DataFrame:
        if "subject" not in frame.columns or "person" in frame.columns:
            return frame.drop("subject", strict=False)
        joined = frame.join(self._index_of_subject, on="subject", how="left", maintain_order="left")
        return joined.drop("subject")


def _present(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def quantiles(values: np.ndarray, at: tuple[float, ...], smallest: int) -> list[float | None]:
    """Quantiles, left out where too few values lie beyond them to hide single persons.

    With persons shown (`smallest` 1) all are given; otherwise at least `smallest` values must lie
    on the far side of each quantile (`told_quantiles`), and those of scores that are no whole
    numbers are told in steps: SR is made of whole P and E, and many of its values with three
    digits, beside the slope, would tell the level of the line and then P and E of single persons.
    """
    if not values.size:
        return [None] * len(at)
    found = told_quantiles(values, at, smallest).tolist()  # all at once: parted only once
    if smallest == 1:
        return list(found)
    beyond = [min(share, 1 - share) * values.size for share in at]
    return [value if n >= smallest else None for value, n in zip(found, beyond, strict=True)]


def mean_interval(
    values: np.ndarray, smallest: int, told_size: Callable[[int], int] = int
) -> tuple[float, float, float] | None:
    """Mean with its 95 % t interval, or None where too few values.

    The interval is made with `told_size` of their number (`Audience.told_size`).
    """
    from scipy.special import stdtrit

    if values.size < max(2, smallest):
        return None
    mean = float(np.mean(values))
    n = told_size(values.size)
    se = float(np.std(values, ddof=1)) / float(np.sqrt(n))
    half = float(stdtrit(n - 1, 0.975)) * se
    return mean, mean - half, mean + half
