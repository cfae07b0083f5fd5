"""`Study`: a validated study file with its instruments looked up, frozen and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from math import nan
from pathlib import Path
from typing import Any

from salutogen.findings import Finding, listed
from salutogen.namespaces import subscale_names
from salutogen.study.format import Problems, StudyFile
from salutogen.study.format.plain_yaml import line_of
from salutogen.study.instruments.instrument import Instrument
from salutogen.study.instruments.totals import TOTAL
from salutogen.study.schedule import Occasion, Schedule


@dataclass(frozen=True, kw_only=True, repr=False)
class Study:
    """A study as its file describes it.

    Attributes
    ----------
    plan : StudyFile
        The validated file.
    instruments : mapping of str to Instrument
        Every instrument asked at occasions or at baseline, registry and study file joined.
    occasions : tuple of Occasion
        Planned occasions in order.
    prompted : mapping of str to Instrument
        Instruments of momentary prompts, whose source has a row per prompt.
    path : Path or None
        The study file; relative data files resolve against its folder unless told otherwise.
    lines : mapping of str to int
        Line (1-based) of each key, by dotted path such as `instruments.general.columns`.
    findings : tuple of Finding
        What the plan itself makes doubtful (coverage, wording of items, recall), and where it
        departs from the plan frozen beside its file.
    """

    plan: StudyFile
    instruments: Mapping[str, Instrument]
    occasions: tuple[Occasion, ...]
    prompted: Mapping[str, Instrument] = field(default_factory=dict)
    path: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        """Title of the study."""
        return self.plan.title

    @cached_property
    def schedule(self) -> Schedule:
        """The plan of time: occasions, windows, phases and bursts."""
        return Schedule(plan=self.plan, planned=self.occasions)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the planned occasions, in order."""
        return tuple(occasion.label for occasion in self.occasions)

    @property
    def days(self) -> tuple[float, ...]:
        """Day of each planned occasion; NaN where the plan gives none."""
        return tuple(nan if one.day is None else one.day for one in self.occasions)

    @property
    def problems(self) -> Problems:
        """What counts as problems, whether the file names one instrument or several."""
        problems = self.plan.problems
        return Problems(instruments=(problems,)) if isinstance(problems, str) else problems

    @property
    def exposure_types(self) -> tuple[str, ...]:
        """Names of the exposure types."""
        return self.plan.exposure.types

    @cached_property
    def subscale_names(self) -> dict[tuple[str, str], str]:
        """Names of the subscales of problem instruments, by instrument and subscale."""
        parts = [
            (name, subscale)
            for name in self.problems.instruments
            if name in self.instruments
            for subscale in self.instruments[name].subscales
        ]
        return subscale_names(parts, self.instruments)

    def exposure_score(self, exposure_type: str) -> str:
        """How one exposure type is scored: count, frequency, severity, relative, or as given."""
        instrument = self.instruments.get(exposure_type)
        if instrument is not None and instrument.total:
            return TOTAL
        return self.asked_score(exposure_type)

    def asked_score(self, exposure_type: str) -> str:
        """How the study file asks to score an exposure type."""
        score = self.plan.exposure.score
        return score if isinstance(score, str) else score.get(exposure_type, "count")

    @property
    def hash(self) -> str:
        """SHA-256 of the parsed plan: any change of meaning changes it, comments do not."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Canonical JSON of the plan: sorted keys, no spaces."""
        plan: dict[str, Any] = self.plan.model_dump(mode="json", by_alias=True)
        return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def line_of(self, path: str) -> int | None:
        """Line of a dotted path in the study file, or of its nearest parent."""
        return line_of(self.lines, path)

    def read(self, data: Any = None) -> Any:
        """Read the answers into a `salutogen.Panel`; see `salutogen.read_panel`."""
        # Named, not imported: the study stands without the room that reads its answers.
        return import_module("salutogen.panel").read_panel(self, data)

    def __repr__(self) -> str:
        """Name the study, its size and what is measured, in a line or two."""
        return (
            f"Study({self.title!r:.60}: {len(self.occasions)} occasions; "
            f"P: {listed(self.problems.instruments, most=3)}; "
            f"E: {listed(self.exposure_types, most=3)}; {len(self.findings)} findings)"
        )

    def _repr_html_(self) -> str:
        from salutogen.display import card

        facts = {
            "Occasions": ", ".join(self.labels),
            "Problems P": self.problems.instruments,
            "Exposure E": self.exposure_types,
            "Factors": self.plan.factors,
            "SHA-256 of the plan": self.hash,
        }
        return card(f"Study: {self.title}", facts, self.findings)
