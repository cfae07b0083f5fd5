"""Analyses that random studies ask for, with few draws."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.plan import Plan

LATER = 40  # purpose of the draws that came last


def add_analyses(plan: Plan) -> None:
    """Let a study ask for some analyses."""
    lot, values = plan.lot, plan.values
    steps: list[dict[str, Any]] = [{"step": "sensitivity", "draws": 100}]
    if lot.chance(0.1):
        low, high = sorted((lot.one(0.3, 0.6, 1.0), lot.one(0.5, 0.8, 1.0)))
        steps[0] |= {"plausible_reliability": [low, high], "plausible_mood": [0.0, 0.3]}
    functioning = [scale.name for scale in plan.scales if scale.role == "functioning"]
    if lot.chance(0.12):
        steps.append(_trajectories(plan))
    if lot.chance(0.08):
        steps.append({"step": "centiles", "bootstrap": 100, "folds": lot.one(2, 5, 10)})
    if len(plan.scales) > 1 and lot.chance(0.08):
        steps.append({"step": "domains", "bootstrap": 100})
    if len(plan.labels) > 1 and lot.chance(0.08):
        first = list(plan.labels[:-1][: lot.one(1, 2)])
        steps.append({"step": "baseline-adjusted", "baseline": first, "bootstrap": 100})
    if functioning and lot.chance(0.6):
        steps.append({"step": "growth", "scale": functioning[0], "bootstrap": 100,
                      "fluctuation": 50})  # fmt: skip
    if lot.chance(0.06):
        steps.append({"step": "event-weights", "splits": 5,
                      "method": lot.one("ridge", "log-odds")})  # fmt: skip
    before = [scale.name for scale in plan.scales if scale.measured == "baseline"]
    if before and functioning and lot.chance(0.5):
        steps.append({"step": "mechanism", "factor": before[0], "mechanism": functioning[0],
                      "bootstrap": 100, **_imputations(lot, 4)})  # fmt: skip
    if values.get("factors") and lot.chance(0.15):
        steps.append(_factors(plan))
    if len(plan.labels) > 1 and lot.chance(0.12):
        steps.append(_change(plan))
    if lot.chance(0.1):
        steps.append(_attrition(plan))
    if lot.chance(0.1):
        steps.append(_invariance(plan))
    steps += _added_later(plan)
    values["analyses"] = steps


def _added_later(plan: Plan) -> list[dict[str, Any]]:
    """Draw steps apart, so that all else of a study stays what it was."""
    lot = plan.lot.apart(LATER)
    steps: list[dict[str, Any]] = []
    if len(plan.labels) > 1 and lot.chance(0.08):
        steps.append(_change_on_baseline(plan, lot))
    if lot.chance(0.1):
        steps.append(_incremental_validity(plan, lot))
    apart = lot.apart(LATER + 3)
    if len(plan.labels) > 1 and apart.chance(0.15):
        steps.append(_continuous_time(plan, apart))
    return steps


def _continuous_time(plan: Plan, lot: Lot) -> dict[str, Any]:
    step: dict[str, Any] = {"step": "continuous-time", "first": lot.one("rest", "rest", "free")}
    if lot.chance(0.3):
        step |= {"processes": ["P"], "inputs": ["E"]}
    elif lot.chance(0.3):
        step |= {"measurement_error": ["P"], "stress_test": {"size": "5 points"}}
    if plan.background and lot.chance(0.3):
        step["factors"] = [lot.one(*plan.background)]
    return step


def _factors(plan: Plan) -> dict[str, Any]:
    lot = plan.lot
    step: dict[str, Any] = {"step": "factors", "draws": 200}
    if plan.background and lot.chance(0.3):
        step["covariates"] = [lot.one(*plan.background)]
    if len(plan.labels) > 1 and lot.chance(0.3):
        step |= {"from": plan.labels[1], "to": plan.labels[-1]}
    if lot.chance(0.2):
        step["measured"] = lot.one(*plan.labels)
    if lot.chance(0.2):
        step["turning"] = [lot.one(*plan.values["factors"])]
    apart = lot.apart(LATER + 1)
    if apart.chance(0.2):
        step |= {"again": apart.one(*plan.labels), "grouped_from": apart.one(0.2, 0.9)}
    return step | _imputations(lot, 3)


def _imputations(lot: Lot, place: int) -> dict[str, int]:
    """Ask for completed sets in some studies, drawn apart."""
    apart = lot.apart(LATER + place)
    return {"imputations": apart.one(2, 5)} if apart.chance(0.3) else {}


def _change_on_baseline(plan: Plan, lot: Lot) -> dict[str, Any]:
    step: dict[str, Any] = {"step": "change-on-baseline", "bootstrap": 100}
    if plan.background and lot.chance(0.4):
        step["covariates"] = [lot.one(*plan.background)]
    if lot.chance(0.3):
        step |= {"baseline": lot.one(*plan.labels), "k": [1.0, lot.one(1.1, 3.0)]}
    apart = lot.apart(LATER + 2)
    if apart.chance(0.3):
        step["imputations"] = apart.one(2, 5)
    return step


def _incremental_validity(plan: Plan, lot: Lot) -> dict[str, Any]:
    names = [*(scale.name for scale in plan.scales), *plan.background]
    step: dict[str, Any] = {"step": "incremental-validity", "outcome": lot.one(*names)}
    if lot.chance(0.4):
        step["at"] = lot.one(*plan.labels)
    if plan.background and lot.chance(0.3):
        step["covariates"] = [lot.one(*plan.background)]
    return step


def _change(plan: Plan) -> dict[str, Any]:
    lot = plan.lot
    step: dict[str, Any] = {"step": "change", "variables": [lot.one("SR", "P"), "E"]}
    if lot.chance(0.3):
        step["variables"] = ["P", *(name for name in plan.values.get("factors", ())[:1])]
        step["variables"] += ["E"] if len(step["variables"]) < 2 else []
    if lot.chance(0.2):
        step["occasions"] = list(plan.labels[: lot.one(2, 3, 4)])
    if plan.background and lot.chance(0.2):
        step["covariates"] = [lot.one(*plan.background)]
    elif plan.background and lot.chance(0.2):
        step["groups"] = lot.one(*plan.background)
    if lot.chance(0.2):
        step["reliability"] = {"E": lot.one(0.5, 0.8)}
    return step | {"lag": lot.one(1, 1, 2), "lags": lot.one("equal", "free")}


def _attrition(plan: Plan) -> dict[str, Any]:
    lot = plan.lot
    step: dict[str, Any] = {"step": "attrition"}
    if lot.chance(0.2):
        step["scores"] = lot.one(["SR"], ["P"], ["P", "SR"])
    if lot.chance(0.2):
        step["end"] = lot.one(*plan.labels)
    if plan.background and lot.chance(0.2):
        step["background"] = [lot.one(*plan.background)]
    if lot.chance(0.2):
        step["numerator"] = "baseline"
    return step | {"truncate": lot.one(0.01, 0.01, 0.0, 0.05)}


def _invariance(plan: Plan) -> dict[str, Any]:
    lot = plan.lot
    step: dict[str, Any] = {"step": "invariance"}
    if lot.chance(0.3):
        step["instrument"] = lot.one(*(scale.name for scale in plan.scales))
    if lot.chance(0.2):
        step["occasions"] = list(plan.labels[: lot.one(1, 2, 3)])
    if plan.background and lot.chance(0.4):
        step["groups"] = lot.one(*plan.background)
    if lot.chance(0.3):
        step["items"] = lot.one("ordered", "continuous")
    return step


def _trajectories(plan: Plan) -> dict[str, Any]:
    lot = plan.lot
    step: dict[str, Any] = {"step": "trajectories", "classes": "off"}
    if plan.time and lot.chance(0.4):
        plan.register = True
        answers = plan.values["sources"]["answers"]
        plan.values["sources"]["register"] = {
            "file": "register.csv",
            "layout": "row-per-event",
            "person": list(answers["person"]) if plan.habits.sites else answers["person"],
            "time": answers["time"] | {"column": "on"},
            "event": "kind",
            "rating": "burden",
        }
        step["events"] = {"source": "register"}
    if lot.chance(0.3):
        step.setdefault("events", {})["threshold"] = lot.one(1, 2, 3)
    if lot.chance(0.15):
        step["anchor_occasions"] = list(plan.labels[:-1]) or list(plan.labels)
    step["rule"] = lot.one("first-strict", "first-any", "onset", "demo-loop")
    if step["rule"] != "demo-loop":
        step["episodes"] = lot.one("first", "all")
    step["placebo"] = {"draws": 20}
    step["validity"] = {"draws": 50}
    if not plan.register:
        step["background"] = lot.one("with-event", "without-event")
    if "age" in plan.background.values() and lot.chance(0.3):
        age = next(name for name, column in plan.background.items() if column == "age")
        step["validity"] |= {"outcome": age, "threshold": 50}
    if lot.chance(0.3):
        step["labels"] = {"band_from": "answers"}
    if lot.chance(0.1):
        step["classes"] = {
            "max": 2,
            "models": ["random-intercept"],
            "variances": ["equal"],
            "starts": 2,
            "resamples": 5,
            "blrt_draws": 39,
            "fewest": 10,
        }
    return step
