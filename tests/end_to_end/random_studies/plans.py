"""The study files of random studies: every layout, score, shape, reference and analysis."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.habits import add_habits
from tests.end_to_end.random_studies.naming import Naming
from tests.end_to_end.random_studies.plan import NAMES, Plan

LAYOUTS = ("row-per-occasion", "row-per-person", "row-per-item")
# Name, columns, items and highest answer of registered scales of problems.
REGISTERED = (
    ("phq-9", "PHQ_{1..9}", 0, 3),
    ("gad-7", "GAD_{1..7}", 0, 3),
    ("k10", "K_{01..10}", 1, 5),
    ("ghq-12", "G_{01..12}", 0, 3),
    ("who-5", "W_{1..5}", 0, 5),
)
EVENTS = ("hassles", "events", "strain")


def random_plan(lot: Lot) -> Plan:
    """Draw a study file."""
    plan = _frame(lot)
    _add_problems(plan)
    _add_exposure(plan)
    _add_others(plan)
    _add_background(plan)
    _add_scoring(plan)
    add_habits(plan)
    return plan


def _naming(lot: Lot) -> Naming:
    """Most studies call everything plainly; some call a little, or nearly all, oddly."""
    own = lot.apart(NAMES)
    names, columns = own.one(0, 0, 0, 0, 0, 0.1, 0.3, 0.9), own.one(0, 0, 0, 0, 0, 0.02, 0.1, 0.5)
    return Naming(lot=own, names=names, columns=columns)


def _frame(lot: Lot) -> Plan:
    naming = _naming(lot)
    layout = lot.one(*LAYOUTS, "row-per-occasion")
    waves = lot.one(1, 2, 3, 4, 4, 5, 6, 8)
    every, days = lot.one(("7 days", 7.0), ("2 weeks", 14.0), ("1 month", 30.4375))
    labels = tuple(str(place) for place in range(1, waves + 1))
    occasions: Any = {"every": every, "count": waves}
    if lot.chance(0.3):
        labels = tuple(f"{lot.one('T', 'w')}{place}" for place in range(waves))
        labels = tuple(f"{labels[0][0]}{place}" for place in range(waves))
        occasions = {"labels": list(labels)}
        if lot.chance(0.7):
            occasions["at"] = [0, *(f"{place * days:g} days" for place in range(1, waves))]
    elif waves > 3 and lot.chance(0.2):
        occasions = [{"every": every, "count": 2}, {"every": every, "count": waves - 2}]
    source: dict[str, Any] = {"file": "answers.csv", "layout": layout}
    source["person"] = naming.column("id")
    if layout != "row-per-person":
        source["occasion"] = naming.column("wave")
    if layout == "row-per-item":
        source |= {"item": naming.column("item"), "value": naming.column("answer")}
    time = lot.one("", "", "days", "date")
    if time:
        at = naming.column("day") + ("_w{occasion}" if layout == "row-per-person" else "")
        source["time"] = {"column": at, "unit": time}
    people = layout == "row-per-item" or lot.chance(0.2)
    values: dict[str, Any] = {
        "salutogen": 1,
        "title": "Random study",
        "occasions": occasions,
        "sources": {"answers": source},
        "instruments": {},
    }
    return Plan(
        lot=lot,
        naming=naming,
        layout=layout,
        labels=labels,
        days=tuple(place * days for place in range(waves)),
        values=values,
        people=people,
        time=time,
    )


def _add_problems(plan: Plan) -> None:
    lot = plan.lot
    names: list[str] = []
    for place in range(lot.one(1, 1, 1, 2, 3)):
        kind = lot.one("own", "own", "total", "registered")
        if kind == "registered":
            name, columns, low, high = lot.one(*REGISTERED)
            if name in names:
                continue
            plan.scale(name, "problems", columns, low, high, turned=name == "who-5")
        elif kind == "total":
            name = plan.naming.name(f"score{place}")
            given: dict[str, Any] = {"answers": "0..60", "higher": "worse", "measures": "problems"}
            if lot.chance(0.3):
                given["reliability"] = 0.85
            plan.scale(name, "problems", f"S{place}", 0, 60, **given)
        else:
            name, top = plan.naming.name(f"mood{place}"), lot.one(1, 3, 4, 10)
            columns = f"M{place}_{{1..{lot.one(2, 3, 6)}}}"
            given = {"answers": f"0..{top}", "measures": "problems"}
            given["method"] = lot.one("sum", "mean")
            plan.scale(name, "problems", columns, 0, top, **given)
        names.append(name)
    if len(names) == 1 and lot.chance(0.7):
        plan.values["problems"] = names[0]
    else:
        combine = lot.one("sum", "first-component") if len(names) > 1 else "single"
        plan.values["problems"] = {"instruments": names, "combine": combine}


def _add_exposure(plan: Plan) -> None:
    lot = plan.lot
    scores: dict[str, str] = {}
    for place, plain in enumerate(EVENTS[: lot.one(1, 1, 2, 2, 3)]):
        name = plan.naming.name(plain)
        kind = lot.one("list", "list", "list", "ticks", "total", "lte-q")
        given: dict[str, Any] = {"measures": "exposure", "did_not_occur": 0}
        given["recall"] = lot.one("7 days", "2 weeks", "1 month")
        score = lot.one("count", "frequency", "severity", "relative")
        if kind == "total":
            plan.scale(name, "exposure", f"X{place}", 0, 40, answers="0..40", **given)
            score = lot.one("frequency", "severity")
        elif kind == "ticks":
            columns = f"T{place}_{{01..{lot.one('04', '12')}}}"
            given |= {"answers": "0..1", "form": "tick-list"}
            plan.scale(name, "exposure", columns, 0, 1, ticks=True, **given)
            score = lot.one("count", "relative")
        elif kind == "lte-q" and "lte-q" not in scores:
            name, score = "lte-q", "count"
            plan.scale(name, "exposure", "L_{01..12}", 0, 1)
        else:
            top = lot.one(1, 3, 5)
            columns = f"H{place}_{{1..{lot.one(1, 3, 8)}}}"
            plan.scale(name, "exposure", columns, 0, top, answers=f"0..{top}", **given)
            if len(plan.labels) > 2 and lot.chance(0.15):  # a list that is longer later on
                _ask_in_part(plan, name)
        scores[name] = score
    exposure: dict[str, Any] = {"types": list(scores), "score": scores}
    if lot.chance(0.8):
        exposure["combine"] = lot.one("sum", "composite", "separate")
    if lot.chance(0.1):
        exposure["threshold"] = 1
    plan.values["exposure"] = exposure


def _ask_in_part(plan: Plan, name: str) -> None:
    """Ask all items of a list from the second occasion on, and only the first ones before."""
    columns = [item for scale in plan.scales if scale.name == name for item in scale.columns]
    if len(columns) > 2:
        asked = {plan.labels[0]: columns[:2]}
        plan.values["instruments"][name]["asked"] = asked


def _add_others(plan: Plan) -> None:
    """Factors, and a scale of positive functioning."""
    lot = plan.lot
    factors = []
    for plain in lot.some(("optimism", "support")):
        name = plan.naming.name(plain)
        measured = "baseline" if plan.layout != "row-per-item" else "repeated"
        given: dict[str, Any] = {"answers": "1..5", "measures": "resource", "higher": "better"}
        given["measured"] = lot.one(measured, "repeated")
        given["method"] = lot.one("sum", "mean")
        plan.scale(name, "factor", f"{plain.upper()[:3]}_{{1..3}}", 1, 5, **given)
        factors.append(name)
    if factors:
        plan.values["factors"] = factors
    if lot.chance(0.15):
        given = {"answers": "0..10", "measures": "wellbeing", "higher": "better"}
        plan.scale(
            plan.naming.name("functioning"),
            "functioning",
            "F_{1..2}",
            0,
            10,
            method="mean",
            **given,
        )


def _add_background(plan: Plan) -> None:
    lot, values = plan.lot, plan.values
    source = "people" if plan.people else "answers"
    kinds = {"age": "number", "sex": "category", "site": "category", "ward": "category",
             "income": "number", "cohort": "category"}  # fmt: skip
    given: dict[str, Any] = {}
    for column in lot.some(list(kinds)):
        given[column] = {"column": column, "kind": kinds[column]}
    if "age" in given and lot.chance(0.2):  # the same column by two names
        given["years"] = {"column": "age", "kind": "number"}
    if given and lot.chance(0.3):
        given |= {"code": {"column": next(iter(given.values()))["column"], "kind": "category"}}
    given = {plan.naming.name(name): entry for name, entry in given.items()}
    plan.background = {name: entry["column"] for name, entry in given.items()}
    for entry in given.values():
        entry["column"] = plan.naming.column(entry["column"])
    plan.arms = lot.chance(0.25)
    if plan.arms:
        values["arms"] = {"column": plan.naming.column("arm"), "control": "control"}
        if lot.chance(0.3):
            values["arms"]["labels"] = ["control", "active", "third"]
    if plan.people:
        values["sources"]["people"] = {
            "file": "people.csv",
            "layout": "row-per-person",
            "person": plan.naming.column("id"),
        }
        for entry in (*given.values(), *([values["arms"]] if plan.arms else [])):
            entry["source"] = source
    if given:
        values["background"] = given


def _add_scoring(plan: Plan) -> None:
    """The line, windows, phases, rules for missing answers and what the report shows."""
    lot, values = plan.lot, plan.values
    norm: dict[str, Any] = {"shape": lot.one("linear", "linear", "quadratic", "spline", "test")}
    norm["unit"] = lot.one("person", "person", "occasion", "window", "mixed")
    if plan.background and lot.chance(0.6):
        norm["covariates"] = lot.some(list(plan.background), 1)[:3]
        if lot.chance(0.1):  # named twice
            norm["covariates"].append(norm["covariates"][0])
    waves = len(plan.labels)
    resilience: dict[str, Any] = {"bootstrap": lot.one(0, 0, 0, 0, 0, 0, 20)}
    windows = 0
    if waves == 1 or lot.chance(0.15):
        resilience["windows"] = None
        if norm["unit"] == "window":
            norm["unit"] = "person"
    else:
        width = lot.whole(1, waves)
        step, valid = lot.whole(1, width), lot.whole(1, min(width, 3))
        windows = (waves - width) // step + 1
        resilience["windows"] = {"width": width, "step": step, "valid": valid}
        if plan.time and lot.chance(0.15):
            resilience["windows"] = {"width": "3 months", "step": "1 months", "valid": 1}
            windows = 1
    if waves > 1 and lot.chance(0.25):
        middle = lot.whole(1, waves - 1)
        before, after = plan.labels[:middle], plan.labels[middle:]
        named = {plan.naming.name("early"): before, plan.naming.name("late"): after}
        resilience["phases"] = {
            name: {"from": part[0], "to": part[-1]} for name, part in named.items()
        }
    references: list[Any] = ["all", "all"]
    if windows:
        references += ["first-window", {"window": lot.whole(1, windows)}]
    if "phases" in resilience:
        references.append({"phase": plan.naming.name(lot.one("early", "late"))})
    if plan.arms:
        references.append({"arm": "control"})
    norm["reference"] = lot.one(*references)
    plan.borrowed = lot.chance(0.06)
    if lot.chance(0.1):
        resilience["stability"] = 0.5
    if lot.chance(0.1):
        resilience["autocorrelation"] = 0.3
    values |= {"norm": norm, "resilience": resilience}
    if lot.chance(0.3):
        values["missing"] = {"codes": {"skipped": [-9], "absent": [-8]}}
        if lot.chance(0.5):
            values["missing"] |= {"prorate": lot.one(0.2, 0.5, 1.0), "checklist": lot.one(0.0, 0.9)}
    if lot.chance(0.3):
        values["report"] = {"individuals": "hide"}
