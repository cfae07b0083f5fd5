"""Whether items that measure alike are left alone, items that do not are found, and by how much.

    python benchmarks/bench_invariance.py [quick]

Simulated studies of nine items: persons have a lasting level and a state, items load .5 to .9 and
differ in difficulty, and what an item has for itself lasts in part. Over two occasions the latent
mean moves by half an SD; between two groups it differs by as much. In some studies one item is
answered half an SD higher at the second place. Answers are quantities, or 2 to 7 categories:
crowded (the lowest takes 34 to 84 % of the answers, as symptoms have them) or central (it takes 7
to 18 %), taken for quantities or for ordered categories. With 200 studies chance alone moves a
share of 5 % by ±3 points, with 100 one of 30 % by ±9. `quick` makes 10 and keeps nothing; otherwise
kinds of study whose results are kept are not simulated again.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from measuring import RESULTS, save
from scipy.special import ndtr

from salutogen.errors import ModelError
from salutogen.models import MeasurementInvariance, OrderedInvariance, executor_for
from salutogen.models.parallel.executors import run_each

STUDIES = 200
OF_CATEGORIES = 100  # whose shares are large
ITEMS = tuple(f"i{number}" for number in range(9))
LOADINGS = np.linspace(0.9, 0.5, len(ITEMS))
LASTING = 0.64  # share of the factor's variance that is the person's level
OWN = 0.3  # share of an item's own part that lasts
MOVE = 0.5
BIASED, BIAS = 4, 0.5
# First thresholds of the easiest and of the hardest item, and how far it is to the last one.
CROWDED, CENTRAL = (-0.4, 1.0, 1.5), (-1.5, -0.9, 2.4)
Z = 1.959964


@dataclass(frozen=True)
class Kind:
    """One kind of study."""

    persons: int
    categories: int = 0  # 0: quantities
    crowded: bool = True
    groups: bool = False
    bias: float = 0.0
    move: float = MOVE
    ordered: bool = False  # taken for ordered categories, else for quantities

    def __str__(self) -> str:
        crowded = "crowded" if self.crowded else "central"
        answers = f"{self.categories} {crowded} categories" if self.categories else "quantities"
        over = "2 groups" if self.groups else "2 occasions"
        still = "" if self.move else ", no move"
        ordered = ", ordered" if self.ordered else ""
        return f"{answers}, {self.persons} persons, {over}{still}{ordered}"


KINDS = (
    *(Kind(320, categories=c) for c in (4, 3, 2, 5)),
    *(Kind(320, categories=c, crowded=False) for c in (3, 4, 5)),
    Kind(320, categories=7),
    Kind(320, categories=4, move=0.0),
    *(Kind(320, bias=BIAS, groups=groups) for groups in (False, True)),
    *(Kind(persons) for persons in (130, 320)),
    Kind(320, groups=True),
    *(Kind(320, categories=c, ordered=True) for c in (4, 2, 3, 5, 7)),
    *(
        Kind(320, categories=4, ordered=True, groups=groups, bias=bias)
        for groups, bias in ((False, BIAS), (True, 0.0), (True, BIAS))
    ),
    Kind(160, categories=4, ordered=True),
    Kind(320, categories=4, ordered=True, crowded=False),
    Kind(320, categories=4, ordered=True, move=0.0),
)


def study(rng: np.random.Generator, kind: Kind) -> dict[str, Any]:
    """Answers in rows of persons and places."""
    n, k = kind.persons, len(ITEMS)
    places = np.arange(2) if not kind.groups else np.zeros(1, dtype=int)
    m = len(places)
    factor = np.sqrt(LASTING) * rng.normal(size=(n, 1))
    factor = factor + np.sqrt(1 - LASTING) * rng.normal(size=(n, m))
    group = np.arange(n) % 2
    later = np.tile(places, (n, 1)) if not kind.groups else group[:, None]
    factor = factor + kind.move * later
    own = np.sqrt(OWN) * rng.normal(size=(n, 1, k))
    own = own + np.sqrt(1 - OWN) * rng.normal(size=(n, m, k))
    loadings = rng.permutation(LOADINGS)
    values = factor[:, :, None] * loadings + np.sqrt(1 - loadings**2) * own
    values[:, :, BIASED] += kind.bias * later
    moved, shift = kind.move * float(loadings.sum()), kind.bias
    if kind.categories:
        easiest, hardest, width = CROWDED if kind.crowded else CENTRAL
        first = rng.permutation(np.linspace(easiest, hardest, k))
        steps = np.linspace(0, width, kind.categories - 1)
        thresholds = first[:, None] + steps
        values = (values[..., None] > thresholds).sum(axis=-1).astype(float)
        if kind.ordered:  # in points of answers, at the latent mean of the second place
            later_means = kind.move * loadings[:, None] - thresholds
            moved = float((ndtr(later_means) - ndtr(-thresholds)).sum())
            own = later_means[BIASED]
            shift = float((ndtr(own + kind.bias) - ndtr(own)).sum())
    if not kind.groups:
        gone = rng.random((n, m)) < 0.08
        gone[:, 0] = False
        values[gone] = np.nan
    columns = {item: values[:, :, number].ravel() for number, item in enumerate(ITEMS)}
    return columns | {
        "id": np.repeat(np.arange(n), m),
        "place": (later if not kind.groups else group[:, None]).ravel(),
        "label": np.array(["a", "b"])[later.ravel()],
        "moved": moved,
        "shift": shift,
    }


def answers(work: tuple[Kind, np.random.SeedSequence]) -> dict[str, float] | None:
    """What is said of one study; nothing where no model could be fitted."""
    kind, seed = work
    columns = study(np.random.default_rng(seed), kind)
    moved, truth = columns.pop("moved"), columns.pop("shift")
    over = {"group": "label"} if kind.groups else {"occasion": "place"}
    model: OrderedInvariance | MeasurementInvariance
    if kind.ordered:
        model = OrderedInvariance(items=ITEMS, person="id", **over)
    else:
        model = MeasurementInvariance(items=ITEMS, person="id", standard_errors="robust", **over)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = model.fit(columns)
        except ModelError:
            return None
    p = dict(zip(result.steps["model"], result.steps["p_value"], strict=True))
    part = result.sums.row(0, named=True)
    shift = result.shifts.filter(item=ITEMS[BIASED])
    held = shift.height and abs(shift["shift"][0] - truth) <= Z * shift["shift_error"][0]
    return {
        "any called": bool(result.biased),
        "called and no other": result.biased == (ITEMS[BIASED],),
        "biased called": ITEMS[BIASED] in result.biased,
        "a step fails": result.established != "scalar",
        "configural rejected": result.steps["p"][0] < 0.05,
        "thresholds rejected": p.get("thresholds", 1.0) < 0.05,
        "metric rejected": p.get("metric", 1.0) < 0.05,
        "scalar rejected": p["scalar"] < 0.05,
        "shift held": bool(held),
        "factor held": abs(part["factor"] - moved) <= Z * part["factor_error"],
        "items": part["items"],
        "items beside the latent move": abs(part["items"]) / max(abs(part["factor"]), 1e-9),
    }


def rows(kind: Kind, share: dict[str, float]) -> list[dict[str, Any]]:
    """Lines of the table for one kind of study."""

    def line(
        what: str, value: float, limit: str = "", within: bool | None = None
    ) -> dict[str, Any]:
        made: dict[str, Any] = {"what": f"{what}, {kind}", "measured": f"{100 * value:.1f} %"}
        return made | ({"limit": limit, "within": within} if limit else {})

    lines = []
    if kind.bias:
        lines.append(line("an item answered .5 SD higher is called", share["biased called"]))
        lines.append(line("it is called, and no other", share["called and no other"]))
        lines.append(line("the rule says that a step does not hold", share["a step fails"]))
        lines.append(line("coverage of 95 % intervals of its shift", share["shift held"],
                          "93 to 97 %", 0.93 <= share["shift held"] <= 0.97))  # fmt: skip
        return lines
    called = share["any called"]
    parameters = 10 + 2 * len(ITEMS) * kind.categories if kind.ordered else 64
    enough = kind.persons >= (3 if kind.ordered else 5) * parameters
    asked = enough and (kind.ordered or not kind.categories)
    most = 0.10 if kind.ordered else 0.08
    lines.append(
        line("an item is called though all measure alike", called,
             *((f"at most {100 * most:.0f} %", called <= most) if asked else ()))
    )  # fmt: skip
    lines.append(line("the rule says that a step does not hold", share["a step fails"]))
    if kind.ordered and kind.categories > 3:
        lines.append(line("the test of equal thresholds rejects", share["thresholds rejected"]))
    if not kind.ordered or kind.categories > 2:
        lines.append(line("the test of equal loadings rejects", share["metric rejected"]))
    lines.append(line("the test of equal intercepts rejects", share["scalar rejected"]))
    if kind.ordered or not kind.categories:
        lines.append(line("coverage of 95 % intervals of the latent difference",
                          share["factor held"]))  # fmt: skip
    return lines


def main() -> None:
    quick, begun = "quick" in sys.argv[1:], time.perf_counter()
    path = RESULTS / "invariance.json"
    known = json.loads(path.read_text("utf-8"))["shares"] if path.exists() and not quick else {}
    table: list[dict[str, Any]] = []
    shares: dict[str, dict[str, float]] = {}
    with executor_for() as executor:
        for number, kind in enumerate(KINDS):
            name = f"{kind}, biased" if kind.bias else str(kind)
            many = kind.ordered or not kind.categories
            studies = 10 if quick else STUDIES if many else OF_CATEGORIES
            shares[name] = known.get(name, {})
            if shares[name].get("studies") != studies:
                seeds = np.random.SeedSequence([2026, number]).spawn(studies)
                made = run_each(answers, [(kind, seed) for seed in seeds], executor=executor)
                found = [one for one in made if one is not None]
                told = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
                shares[name] = {"studies": studies, "fitted": len(found) / studies, **told}
            table += rows(kind, shares[name])
            print(name, {key: round(value, 3) for key, value in shares[name].items()}, flush=True)
    if not quick:
        save("invariance", table, shares=shares, seconds=round(time.perf_counter() - begun, 1))


if __name__ == "__main__":
    main()
