"""Classes as this analysis gives them: looked for where persons are enough, else said why not."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.classes.assessment import ClassAssessment, assess_classes
from salutogen.analyses.trajectories.classes.heaping import stops
from salutogen.analyses.trajectories.classes.section import verdict_words
from salutogen.analyses.trajectories.classes.settings import ClassSettings, GateSettings
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.errors import ModelError
from salutogen.findings import Finding, finding


def classes_of(
    lock: Lock, episode: NDArray[np.int64], settings: ClassSettings | Literal["off"], seed: int
) -> tuple[ClassAssessment | None, list[Finding]]:
    """Look for classes in the locked SR, and say whether they are claimed.

    Parameters
    ----------
    lock : Lock
    episode : ndarray of int, shape (n,)
        Number of the episode within its person: classes are of persons, so first episodes count.
    settings : ClassSettings or "off"
    seed : int
    """
    first = episode == 1
    n = int(first.sum())
    if settings == "off":
        return None, [_not_assessed("The study file turns classes off, so none are claimed.", n)]
    matrix = np.where(first[:, None], lock.SR, np.nan)
    try:
        found = assess_classes(matrix, settings, seed=seed, bounds=bounds_of(lock, first))
    except ModelError as error:
        return None, [_not_assessed(f"Classes are not looked for. {error}", n)]
    return found, _told(found)


def bounds_of(lock: Lock, first: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray] | None:
    """Lowest and highest that each SR could be, where P heaps at an end; None where it does not.

    SR itself need not heap there: where P cannot fall, SR = P - expected still varies with E.
    """
    low, high = stops(lock.P[first])
    if not np.isfinite([low, high]).any():
        return None
    return lock.SR - (lock.P - low), lock.SR + (high - lock.P)


def _not_assessed(text: str, n: int) -> Finding:
    return finding("classes-not-assessed", text, numbers={"persons": n})


def _told(found: ClassAssessment) -> list[Finding]:
    code = "classes-claimed" if found.passed else "classes-not-claimed"
    numbers = {
        "persons": int(found.rows.size),
        "classes_by_bic": found.n_classes,
        "failed": [gate.name for gate in found.gates if gate.reached and not gate.passed],
    }
    told = [finding(code, verdict_words(found), numbers=numbers)]
    if found.at_the_edge:
        text = (
            f"BIC still falls at {found.n_classes} classes, the most that were to be tried: their "
            "number is not settled."
        )
        told.append(finding("classes-at-the-edge", text, numbers={"max": found.settings.max}))
    if found.passed:
        told += _relaxed(found.settings)
    return told


def _relaxed(settings: ClassSettings) -> list[Finding]:
    """Say where the plan asks less of a claim than the defaults do."""
    asked = settings.gates.model_dump()
    looser = [
        f"{name} {asked[name]:g} instead of {usual:g}"
        for name, usual in GateSettings().model_dump().items()
        if (asked[name] > usual if name == "p" else asked[name] < usual)
    ]
    if "latent-class-growth" in settings.models:
        looser.append("latent class growth, which finds classes wherever persons differ")
    if not looser:
        return []
    text = f"Classes are claimed under gates that ask less than the defaults: {'; '.join(looser)}."
    return [finding("classes-under-relaxed-gates", text, numbers={"relaxed": looser})]
