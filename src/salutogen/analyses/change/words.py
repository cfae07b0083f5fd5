"""What cross-lagged effects say, in words made from what was fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from salutogen.analyses.change.agreement import HIGHER, NOT_SHOWN, apart, claim, crossing
from salutogen.analyses.change.fitted import LAGS
from salutogen.analyses.change.groups import ALL
from salutogen.analyses.change.paths import (
    LEVEL,
    ONE_STEP,
    PLAIN,
    RANDOM,
    REGRESSION,
    WITHOUT_ERROR,
)
from salutogen.analyses.change.variables import SR, P
from salutogen.findings import Persons
from salutogen.page.words import enumeration, p_value, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.change.analysis import ChangeResult
    from salutogen.page.section import Text


def later(result: ChangeResult, lag: int) -> str:
    """Words for how much later: in occasions, and in days where time is known."""
    occasions = "one occasion" if lag == 1 else f"{lag} occasions"
    days = "" if result.gap is None else f" ({lag * result.gap:.3g} days)"
    return f"{occasions}{days} later"


def answer_of(result: ChangeResult) -> Text:
    """Say what goes before what by the main model, and whether others agree."""
    own = list(crossing(result.paths).filter(model=RANDOM).iter_rows(named=True))
    shown = [row for row in own if claim(row) not in (NOT_SHOWN, None)]
    rest = [row["path"] for row in own if claim(row) == NOT_SHOWN]
    if not shown and not rest:
        return "What comes first within persons cannot be told: effects have no standard errors."
    if not shown:
        return (
            f"Within persons, no effect of one of {enumeration(result.variables)} on another an "
            f"occasion later is shown ({_intervals(own)}).{_agreed(result, rest)}"
        )
    denied = _denied(result)
    held = [_effect(result, row) for row in shown if row["path"] not in denied]
    alone = [
        f" By the model with random intercepts, {_effect(result, row)}; models that assume "
        f"something else do not claim the same ({', '.join(denied[row['path']])}), so that it "
        "hangs on what is assumed."
        for row in shown
        if row["path"] in denied
    ]
    parts = [f" Within persons, {enumeration(held)}."] if held else []
    parts += [*alone, f" Not shown: {enumeration(rest)}." if rest else "", _agreed(result, rest)]
    return "".join(parts).strip()


def in_short_of(result: ChangeResult) -> str:
    """Say in a clause which effects every model claims, or that none is told."""
    own = list(crossing(result.paths).filter(model=RANDOM).iter_rows(named=True))
    denied = _denied(result)
    held = {
        row["path"]: f"{row['source']} above a person's usual level is followed by "
        f"{'a higher' if claim(row) == HIGHER else 'a lower'} {row['outcome']}"
        for row in own
        if claim(row) not in (NOT_SHOWN, None) and row["path"] not in denied
    }
    if held:
        return enumeration(list(held.values()))
    return f"which of {enumeration(result.variables)} changes first is not told"


def _effect(result: ChangeResult, row: Mapping[str, Any]) -> str:
    way = "a higher" if claim(row) == HIGHER else "a lower"
    at = f", at {row['occasion']}" if row["occasion"] else ""
    return (
        f"{row['source']} above the usual level was followed by {way} {row['outcome']} "
        f"{later(result, row['lag'])}{at} ({signed(row['standardised'])} SD per SD, 95 % interval "
        f"{signed(row['standardised_low'])} to {signed(row['standardised_high'])})"
    )


def _intervals(own: list[dict[str, Any]]) -> str:
    parts = [
        f"{row['path']}: {signed(row['standardised'])} SD per SD, 95 % interval "
        f"{signed(row['standardised_low'])} to {signed(row['standardised_high'])}"
        for row in own
    ]
    return "; ".join(parts)


def _denied(result: ChangeResult) -> dict[str, list[str]]:
    """Effects of which models that assume something else do not claim the same, with these."""
    models: dict[str, list[str]] = {}
    for model in (PLAIN, REGRESSION, ONE_STEP, WITHOUT_ERROR):
        for path in apart(result.agreement, (RANDOM, model)):
            models.setdefault(path, []).append(model)
    return models


def _agreed(result: ChangeResult, untold: Sequence[str]) -> str:
    """Say of which effects that are not shown another model claims one, or that all agree."""
    models = _denied(result)
    some = {path: models[path] for path in dict.fromkeys(untold) if path in models}
    if some:
        told = "; ".join(f"{path} ({', '.join(which)})" for path, which in some.items())
        return f" Models that assume something else claim otherwise of {told}."
    if models:
        return ""
    others = len(result.agreement.columns) - len(("path", RANDOM, "agree"))
    return " The other models claim the same." if others > 0 else ""


def stress_generation(result: ChangeResult) -> str:
    """Say whether problems are followed by more exposure; empty where the models do not ask it."""
    own = crossing(result.paths).filter(model=RANDOM)
    found = []
    for row in own.iter_rows(named=True):
        if row["source"] not in (P, SR) or row["outcome"] not in result.exposures:
            continue
        what = {None: "not computed", NOT_SHOWN: "not shown", HIGHER: "shown"}.get(
            claim(row), "the other way round (less exposure later)"
        )
        found.append(f"{row['path']}: {what}, {p_value(row['p_adjusted'])}")
    if not found:
        return ""
    return (
        "Stress generation (problems that bring about later stressors) is asked in the same model: "
        f"{'; '.join(found)}. Whoever feels bad may also report more of what happened: only "
        "stressors that others saw, or that persons cannot bring about, tell the two apart."
    )


def constancy(result: ChangeResult) -> str:
    """Say whether effects are alike at all occasions; empty where that was not tested."""
    tested = result.tests.filter(claim=LAGS)
    if not tested.height or tested["p"].item() is None:
        return ""
    p = tested["p"].item()
    found = "differ over occasions" if p < LEVEL else "are not shown to differ over occasions"
    held = "They are held equal." if result.lags == "equal" else "Each occasion has its own."
    return f"Effects {found} ({p_value(p)}). {held}"


def levels_in_words(result: ChangeResult) -> str:
    """Say how lasting levels go together: that is no effect of one on the other."""
    known = result.levels.drop_nulls("correlation")
    if not known.height:
        return ""
    told = [
        f"{row['one']} with {row['two']} {points(row['correlation'])}"
        for row in known.iter_rows(named=True)
    ]
    return (
        f"Persons' lasting levels correlate ({'; '.join(told)}). Which level brings about which, "
        "no model here can tell."
    )


def groups_in_words(result: ChangeResult) -> str:
    """Say whether effects differ between groups, and how; empty where that was not asked."""
    tests = {row["effect"]: row for row in result.group_tests.iter_rows(named=True)}
    if not result.groups_by:
        return ""
    names = enumeration(result.compared)
    together = tests.get(ALL)
    if together is None or together["p"] is None:
        head = f"Whether effects differ between the groups of {result.groups_by} ({names}) could "
        head += "not be tested together."
    else:
        found = "differ" if together["p"] < LEVEL else "are not shown to differ"
        head = (
            f"Effects {found} between the groups of {result.groups_by} ({names}; "
            f"{p_value(together['p'])}, all effects together)."
        )
    told = [
        f"{name} ({p_value(row['p_adjusted'])}): {_by_group(result, name)}"
        for name, row in tests.items()
        if row["p_adjusted"] is not None and row["p_adjusted"] < LEVEL
    ]
    single = f" Apart from each other: {'; '.join(told)}." if told else (
        " No single effect of one variable on another is shown to differ; that is no proof that "
        "it is the same in all."
    )  # fmt: skip
    if SR in result.variables:
        single += " SR comes from one line for all groups."
    return head + single


def _by_group(result: ChangeResult, effect: str) -> str:
    rows = result.group_paths.filter(path=effect)
    return ", ".join(
        f"{signed(row['standardised'])} in {row['group']} (95 % interval "
        f"{signed(row['standardised_low'])} to {signed(row['standardised_high'])})"
        for row in rows.iter_rows(named=True)
    )


def methods_of(result: ChangeResult) -> Text:
    """Say which models were fitted, to whom, and how."""
    adjusted = f", adjusted for {enumeration(result.covariates)}" if result.covariates else ""
    beside = [model for model in result.models["model"].to_list() if model != RANDOM]
    return say(
        "The order of change of {names} was modelled over {occasions} occasions of "
        "{n:# person|# persons} by a random-intercept cross-lagged panel model (Hamaker, Kuiper "
        "and Grasman 2015; full-information maximum likelihood, robust errors, effects {lags} over "
        "occasions{adjusted}){beside}. p values of effects of one variable on another are adjusted "
        "in each model (Holm 1979).{grouped}",
        names=enumeration(result.variables),
        occasions=len(result.occasions),
        n=Persons(result.n),
        lags="equal" if result.lags == "equal" else "free",
        adjusted=adjusted,
        beside=f", beside it: {enumeration(beside)}" if beside else "",
        grouped=f" Effects of each group of {result.groups_by} were tested against common ones "
        "(scaled likelihood ratio; single effects by Wald's test)."
        if result.groups_by
        else "",
    )
