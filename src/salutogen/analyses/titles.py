"""What a study calls its instruments on a page and in findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.namespaces import FACTOR

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs


def title_of(inputs: AnalysisInputs, name: str) -> str:
    """Return an instrument's title; the name where there is none, or it is no instrument."""
    instrument = inputs.study.instruments.get(name) or inputs.study.prompted.get(name)
    return name if instrument is None else instrument.title or name


def own_scores(inputs: AnalysisInputs) -> tuple[str, ...]:
    """Names of scores that every study has."""
    return ("SR", "P", "E", *inputs.scores.type_columns)


def titles_of(
    inputs: AnalysisInputs, names: Sequence[str], *, scores: bool = True
) -> dict[str, str]:
    """What variables of one analysis are called, by name, each in another way.

    Factors are told by their titles, and by no namespace. Without `scores`, a name such as `SR` is
    no score of ours but what the study calls so.
    """
    own, found = own_scores(inputs), dict[str, str]()
    for name in names:
        bare = name.removeprefix(FACTOR)
        score = scores and name in own
        title = name if score else title_of(inputs, bare)
        if title in own and not score:
            title = f"{title} (factor)"
        found[name] = f"{title} ({bare})" if title in found.values() else title
    return found
