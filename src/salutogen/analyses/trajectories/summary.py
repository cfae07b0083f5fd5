"""Trajectories as plain data for `results.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from salutogen.analyses.trajectories.courses.locks import FloatArray, position_means
from salutogen.analyses.trajectories.labels.labels import HIGH, LABELS
from salutogen.analyses.trajectories.recovery.metrics import QUANTITIES
from salutogen.analyses.trajectories.recovery.response import VaryingRates, jump, mean_change
from salutogen.analyses.trajectories.validity.validity import validity_summary

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories


def summary_of(result: Trajectories) -> dict[str, Any]:
    """Plain data for `results.json`."""
    return {
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
        "anchors": _anchors(result),
        "lock": {
            **result.lock.summary(),
            "days_since_event": _days(result),
            "background": result.settings.background,
            "mean_SR_other_background": None
            if result.other_background is None
            else position_means(result.other_background.SR),
        },
        "labels": _labels(result),
        "response": _response(result),
        "recovery": _recovery(result),
        "return_time": _return_time(result),
        "validity": validity_summary(result.validity),
        **_classes(result),
    }


def _days(result: Trajectories) -> dict[str, float] | None:
    """Days from dated events to the answers that first cover them."""
    days = result.anchors.days_since
    if days is None:
        return None
    return {"median": float(np.median(days)), "longest": float(days.max())}


def _classes(result: Trajectories) -> dict[str, Any]:
    if result.classes is None:
        return {"classes": None, "gates": [], "gates_passed": False, "class_search": None}
    return result.classes.summary()


def _anchors(result: Trajectories) -> dict[str, Any]:
    items = np.bincount(result.anchors.item, minlength=len(result.grid.items))
    return {
        "rule": result.anchors.rule,
        "n": result.anchors.n,
        "episodes": result.settings.episodes,
        "n_persons": result.anchors.n_persons,
        "by_occasion": result.by_occasion(),
        "by_event": dict(zip(result.grid.items, items.tolist(), strict=True)),
        "threshold": result.grid.threshold,
        "other_event_before": int(result.anchors.other_before.sum()),
        "n_by_rule": {rule: counts[-1] for rule, counts in result.flow.counts.items()},
        "flow": {
            rule: dict(zip(result.flow.steps, counts, strict=True))
            for rule, counts in result.flow.counts.items()
        },
    }


def _labels(result: Trajectories) -> dict[str, Any] | None:
    labels = result.labels
    if labels is None:
        return None
    n = max(1, int(labels.codes.size))
    expected = labels.probability.sum(axis=0) / n
    return {
        "n": int(labels.codes.size),
        "half_width": labels.half_width,
        "counts": dict(zip(LABELS, labels.counts.tolist(), strict=True)),
        "expected_shares": dict(zip(LABELS, expected.tolist(), strict=True)),
        "variants": {
            words: dict(zip(LABELS, found.tolist(), strict=True))
            for words, found in labels.variants.items()
        },
        "no_change": dict(zip(LABELS[:HIGH], labels.no_change.tolist()[:HIGH], strict=True)),
    }


def _response(result: Trajectories) -> dict[str, Any]:
    found: dict[str, Any] = {
        "jump": _moments(jump(result.lock)),
        "mean_change": _moments(mean_change(result.lock)),
    }
    metrics = result.recovery.metrics
    if metrics is None:
        return {**found, "metrics": None}
    unit = "occasions" if result.real_time is None else "days"
    return {
        **found,
        "metrics": {
            "unit_of_time": unit,
            "n_censored": int(metrics.censored.sum()),
            **{name: _moments(getattr(metrics, name)) for name in QUANTITIES},
        },
    }


def _recovery(result: Trajectories) -> dict[str, Any] | None:
    curve = result.recovery.curve
    if curve is None:
        return None
    return {
        "half_life": curve.half_life,
        "half_life_interval": list(curve.interval),
        "asymptote": curve.asymptote,
        "jump": curve.jump,
        "residual_sd": curve.residual_sd,
        "n_persons": curve.n_persons,
        "n_obs": curve.n_obs,
        "individual": _individual(result.recovery.varying),
    }


def _individual(varying: VaryingRates | None) -> dict[str, Any] | None:
    if varying is None:
        return None
    return {
        "told": varying.told,
        "half_life_median": float(np.log(2.0) / np.exp(varying.parameters.log_rate)),
        "log_half_life_sd": float(np.exp(varying.parameters.log_rate_sd)),
        "likelihood_ratio": varying.likelihood_ratio,
        "p": varying.p,
        "shrinkage": varying.shrinkage,
    }


def _return_time(result: Trajectories) -> dict[str, Any] | None:
    times = result.return_times
    if times is None:
        return None
    return {
        "n_left_band": times.n_left,
        "n_never_left": times.n_never_left,
        "n_not_seen_back": int(np.isinf(times.right).sum()),
        "median": None if times.median is None else list(times.median),
        "share_back_by_occasions": [list(point) for point in times.curve()],
        "share_back_on_visits": [list(point) for point in times.visits()],
    }


def _moments(values: FloatArray) -> dict[str, Any]:
    there = values[np.isfinite(values)]
    return {
        "n": int(there.size),
        "mean": float(np.mean(there)) if there.size else None,
        "sd": float(np.std(there, ddof=1)) if there.size > 1 else None,
    }
