"""Whether classes are claimed: looked for where persons are enough, and what is said of it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.classes.assessment import (
    FEWEST_POSITIONS,
    ClassAssessment,
    assess_classes,
    usable_rows,
)
from salutogen.analyses.trajectories.classes.heaping import stops
from salutogen.analyses.trajectories.classes.settings import ClassSettings, GateSettings
from salutogen.analyses.trajectories.classes.tables import GATE_WORDS
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.context import RunContext
from salutogen.errors import ModelError
from salutogen.findings import Findings, Persons
from salutogen.page.words import enumeration, without_counts


def look_for_classes(
    lock: Lock,
    episode: NDArray[np.int64],
    settings: ClassSettings | Literal["off"],
    run: RunContext,
    *,
    scored: str = "SR",
) -> tuple[ClassAssessment | None, Findings]:
    """Look for classes in the locked SR, and say whether they are claimed.

    Parameters
    ----------
    lock : Lock
    episode : ndarray of int, shape (n,)
        Number of the episode within its person: classes are of persons, so first episodes count.
    settings : ClassSettings or "off"
    run : RunContext
        Seed, cluster and progress.
    scored : str
        What the courses are of, in words.
    """
    told = Findings()
    first = episode == 1
    persons = Persons(first.sum())
    if settings == "off":
        told.tell("classes-not-assessed", variant="off", numbers={"persons": persons})
        return None, told
    matrix = np.where(first[:, None], lock.SR, np.nan)
    rows, there = usable_rows(matrix)
    if rows.size < settings.fewest or there.sum() < FEWEST_POSITIONS:
        told.tell(
            "classes-not-assessed",
            variant="few",
            fewest=settings.fewest,
            fewest_positions=FEWEST_POSITIONS,
            usable=Persons(rows.size, of=persons),
            positions=int(there.sum()),
            numbers={"persons": persons},
        )
        return None, told
    bounds = bounds_of(lock, first)
    with run.cluster() as executor:
        try:
            found = assess_classes(
                matrix, settings, seed=run.seed, bounds=bounds, executor=executor, progress=run.tell
            )
        except ModelError as error:
            told.tell(
                "classes-not-assessed",
                variant="refused",
                reason=without_counts(error),
                numbers={"persons": persons},
            )
            return None, told
    _tell_verdict(told, found, settings, scored)
    if found.at_the_edge:
        told.tell("classes-at-the-edge", max=found.n_classes)
    if found.passed:
        _tell_relaxed(told, found.settings)
    return found, told


def bounds_of(lock: Lock, first: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray] | None:
    """Lowest and highest that each SR could be, where P heaps at an end; None where it does not.

    SR itself need not heap there: where P cannot fall, SR = P - expected still varies with E.
    """
    low, high = stops(lock.P[first])
    if not np.isfinite([low, high]).any():
        return None
    return lock.SR - (lock.P - low), lock.SR + (high - lock.P)


def _tell_verdict(
    told: Findings, found: ClassAssessment, settings: ClassSettings, scored: str
) -> None:
    """Say that classes are claimed, or which gates fail."""
    failed = [gate.name for gate in found.gates if gate.reached and not gate.passed]
    k = found.n_classes
    numbers = {"persons": int(found.rows.size), "classes_by_bic": k, "failed": failed}
    assumptions = found.chosen.words
    own = settings.gates != GateSettings()
    gates_from = "those of the study file" if own else "the defaults"
    if found.passed:
        told.tell("classes-claimed", classes=k, scored=scored, numbers=numbers)
    elif k == 1:
        told.tell(
            "classes-not-claimed",
            variant="one",
            assumptions=assumptions,
            gates_from=gates_from,
            numbers=numbers,
        )
    else:
        told.tell(
            "classes-not-claimed",
            variant="gates",
            classes=k,
            assumptions=assumptions,
            failing=len(failed),
            gates_from=gates_from,
            gates=enumeration([GATE_WORDS[name] for name in failed]),
            untried=_untried(sum(not gate.reached for gate in found.gates)),
            numbers=numbers,
        )


def _untried(gates: int) -> str:
    """Say how many gates were not asked, since an earlier one had failed."""
    if not gates:
        return ""
    return f"; {gates} further {'gate was' if gates == 1 else 'gates were'} then not tried"


def _tell_relaxed(told: Findings, settings: ClassSettings) -> None:
    """Say where the plan asks less of a claim than the defaults do."""
    asked = settings.gates.model_dump()
    looser = [
        f"{name} {asked[name]:g} instead of {usual:g}"
        for name, usual in GateSettings().model_dump().items()
        if (asked[name] > usual if name == "p" else asked[name] < usual)
    ]
    if "latent-class-growth" in settings.models:
        looser.append("latent class growth, which finds classes wherever persons differ")
    if looser:
        told.tell(
            "classes-under-relaxed-gates",
            words="; ".join(looser),
            numbers={"relaxed": looser},
        )
