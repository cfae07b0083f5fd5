"""Whether a stream of momentary prompts is described in full, and its roles fit."""

from __future__ import annotations

from collections import Counter

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import GAP, Source
from salutogen.study.study import Study

_OF_PROMPTS = ("scheduled", "sent", "started", "answered", "zone", "prompt", "burst")
_OF_ROWS = ("only", "occasion_by")  # of sources with a row per occasion as well
_NOT_OF_PROMPTS = (
    "files", "occasion", "occasion_by", "time", "item", "value", "event", "rating", "complete",
)  # fmt: skip


def check_momentary(study: Study, found: FindingsByLine) -> None:
    """Check the source with a row per prompt, and what its instruments stand for.

    Parameters
    ----------
    study : Study
        The study as far as it could be read.
    found : FindingsByLine
        Takes what is wrong.
    """
    streams = study.plan.prompt_sources
    if len(streams) > 1:
        found.tell("several-prompt-sources", at=f"sources.{streams[1]}", names=streams)
    for name, source in study.plan.sources.items():
        if name != GAP:
            _check_keys(name, source, found)
    for name, instrument in study.prompted.items():
        if instrument.measured == "baseline":
            found.tell(
                "source-holds-prompts",
                at=f"instruments.{name}.measured",
                variant="baseline",
                name=name,
                source=instrument.source,
            )
    _check_other_roles(study, found)
    _check_roles(study, found)


def _check_keys(name: str, source: Source, found: FindingsByLine) -> None:
    """Refuse keys of prompts elsewhere, and those of other layouts among prompts."""
    if source.layout == "row-per-prompt":
        for key in _NOT_OF_PROMPTS:
            if getattr(source, key) is not None:
                found.tell("source-keys-clash", at=f"sources.{name}.{key}", variant="prompts")
        return
    for key in _OF_PROMPTS if source.layout == "row-per-occasion" else (*_OF_PROMPTS, *_OF_ROWS):
        if getattr(source, key) is not None:
            at, variant = f"sources.{name}.{key}", "occasions" if key in _OF_ROWS else ""
            found.tell("prompt-key-elsewhere", at=at, variant=variant, layout=source.layout)


def _check_other_roles(study: Study, found: FindingsByLine) -> None:
    """Refuse momentary instruments as P, E or factors, which are asked at occasions."""
    several = not isinstance(study.plan.problems, str)
    uses = [
        (f"problems.instruments.{index}" if several else "problems", name)
        for index, name in enumerate(study.problems.instruments)
    ]
    uses += [(f"exposure.types.{index}", name) for index, name in enumerate(study.exposure_types)]
    uses += [(f"factors.{index}", name) for index, name in enumerate(study.plan.factors)]
    for path, name in uses:
        if name in study.prompted:
            found.tell("source-holds-prompts", at=path, variant="role", name=name)


def _check_roles(study: Study, found: FindingsByLine) -> None:
    """Check that each momentary role is that of one momentary instrument."""
    if study.plan.momentary is None:
        return
    known = (*study.prompted, *study.instruments)
    for role, name in study.plan.momentary.named.items():
        path = (
            f"momentary.affect.{role}" if role in ("negative", "positive") else f"momentary.{role}"
        )
        if name == GAP:
            continue
        if name not in known:
            found.unknown_name(path, name, study.prompted, "momentary instrument")
        elif name not in study.prompted:
            found.tell("role-without-prompts", at=path, name=name)
        elif role == "stressor":
            one = study.prompted[name]
            if one.measures == "physiology" and one.justification is None:
                found.tell("physiology-as-exposure", at=path, name=name)
    for name, number in Counter(study.plan.momentary.named.values()).items():
        if number > 1 and name != GAP:
            found.tell("named-twice", at="momentary", variant="list", name=name, number=number)
