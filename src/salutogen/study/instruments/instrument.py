"""An instrument as a study uses it: registry and study file joined, nothing left to look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from salutogen.study.format import (
    OCCASION_PLACEHOLDER,
    AnswerRange,
    Duration,
    Measures,
    MissingCodes,
)
from salutogen.study.instruments.adaptation_log import AdaptationLog
from salutogen.study.instruments.item_facts import ItemFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRule:
    """How item codes become a score.

    `recode` maps a code (after reversing) to another one, e.g. bimodal GHQ {0: 0, 1: 0, 2: 1,
    3: 1}; `multiply` is applied to the final score (WHO-5: 4); `source` says where the rule is
    published.
    """

    name: str
    method: Literal["sum", "mean"] = "sum"
    recode: Mapping[float, float] | None = None
    multiply: float = 1.0
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Instrument:
    """One instrument of a study.

    `items` are the canonical item names in order; `columns` gives the column of each item in the
    source (with `{occasion}` still in it where a file has one row per person). `facts` holds what
    is known of each item, `numbers` its number in the published list, `log` how the instrument
    differs from that, and `safety_numbers` which published items ask after danger.
    """

    name: str
    registered: str | None
    title: str
    source: str
    items: tuple[str, ...]
    columns: Mapping[str, str]
    answers: AnswerRange | None
    did_not_occur: float | None
    form: Literal["explicit", "tick-list"]
    recall: Duration | None
    measured: Literal["baseline", "repeated"]
    measures: Measures
    higher: Literal["worse", "better"]
    reverse: frozenset[str]
    scoring: ScoringRule
    scorings: Mapping[str, ScoringRule]
    subscales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: Mapping[str, frozenset[str]] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    justification: str | None = None
    codes: MissingCodes = MissingCodes()
    invalid: Literal["refuse", "missing"] = "refuse"
    recode: Mapping[str, float] = field(default_factory=dict)
    reliability: float | None = None
    licence: str | None = None
    citation: str | None = None
    version: str | None = None
    notes: str | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    safety_numbers: tuple[int, ...] = ()
    facts: Mapping[str, ItemFacts] = field(default_factory=dict)
    log: AdaptationLog = AdaptationLog()

    @property
    def is_checklist(self) -> bool:
        """Whether items are events: absence is information, so nothing is ever prorated."""
        return self.measures in ("exposure", "adversity")

    @property
    def blocks(self) -> dict[str, tuple[str, ...]]:
        """Parts of an event list with a score of their own: subscales, standard items, added ones.

        Examples
        --------
        A list of 11 with a block of 5: `{"standard": (11 names), "night-work": (5 names)}`.
        """
        own = {
            name: tuple(item for item in self.items if item in items)
            for name, items in {**self.subscales, **self.log.blocks}.items()
        }
        return {name: items for name, items in own.items() if items}

    @property
    def origin(self) -> str:
        """Where a registered instrument and its scoring come from; empty for a study's own."""
        if self.registered is None:
            return ""
        parts = [self.title, f"version {self.version}"]
        parts += [self.citation.rstrip(".")] if self.citation else []
        scored = f"scoring {self.scoring.name!r}"
        parts.append(f"{scored} by {self.scoring.source}" if self.scoring.source else scored)
        return "; ".join(parts)

    def fact(self, item: str) -> ItemFacts:
        """Give what is known of an item; nothing where nothing is."""
        return self.facts.get(item, ItemFacts())

    def __repr__(self) -> str:
        """Name the instrument, its size and its part, in a line."""
        return (
            f"Instrument({self.name!r}: {len(self.items)} items, {self.measured}, "
            f"measures {self.measures})"
        )

    def asks(self, item: str, label: str) -> bool:
        """Whether an item is asked at an occasion; occasions left out of `asked` ask everything."""
        if self.asked is None or label not in self.asked:
            return True
        return item in self.asked[label]

    def is_asked(self, label: str) -> bool:
        """Whether any of its items is asked at an occasion."""
        return any(self.asks(item, label) for item in self.items)


def columns_at(pattern: str, labels: Iterable[str]) -> list[str]:
    """Write out `{occasion}` for each label; a name without it stays one name."""
    if OCCASION_PLACEHOLDER not in pattern:
        return [pattern]
    return [pattern.replace(OCCASION_PLACEHOLDER, label) for label in labels]
