"""What cross-lagged effects say, in words made from what was fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.analyses.change.agreement import HIGHER, NOT_SHOWN, apart, claim, crossing
from salutogen.analyses.change.alike import (
    Row,
    effect_of,
    path_of,
    size_of,
    together,
    way,
    when_in_short,
)
from salutogen.analyses.change.doubts import back_in_words, fits_inexactly
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
from salutogen.analyses.repeated_variables import SR, P
from salutogen.findings import Persons
from salutogen.page.words import enumeration, p_value, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.change.analysis import ChangeResult
    from salutogen.page.section import Text


def answer_of(result: ChangeResult) -> Text:
    """Say what goes before what by the main model, and whether others agree."""
    own = list(crossing(result.paths).filter(model=RANDOM).iter_rows(named=True))
    shown = [row for row in own if claim(row) not in (NOT_SHOWN, None)]
    rest = [row for row in own if claim(row) == NOT_SHOWN]
    if not shown and not rest:
        return "What comes first within persons cannot be told: effects have no standard errors."
    if not shown:
        sizes = "; ".join(
            f"{path_of(result.title, rows)}: {size_of(rows)}" for rows in together(own)
        )
        return (
            f"Within persons, no effect of one of {_names(result)} on another "
            f"{'an occasion' if result.lag == 1 else 'one or two occasions'} later is shown "
            f"({sizes}).{_agreed(result, rest)}{_doubted(result)}{_inexact(result)}"
        )
    denied = _denied(result)
    held = [
        effect_of(result, rows)
        for rows in together(row for row in shown if row["path"] not in denied)
    ]
    alone = [
        f" By the model with random intercepts, {effect_of(result, rows)}; models that assume "
        f"something else do not claim the same ({', '.join(denied[rows[0]['path']])}), so that it "
        "hangs on what is assumed."
        for rows in together((row for row in shown if row["path"] in denied), extra=denied)
    ]
    missed = [path_of(result.title, rows) for rows in together(rest)]
    parts = [f" Within persons, {enumeration(held)}."] if held else []
    parts += [*alone, f" Not shown: {'; '.join(missed)}." if missed else ""]
    return "".join([*parts, _agreed(result, rest), _doubted(result), _inexact(result)]).strip()


def in_short_of(result: ChangeResult) -> str:
    """Say in a clause which effects every model claims, or that none is told."""
    own = list(crossing(result.paths).filter(model=RANDOM).iter_rows(named=True))
    denied = _denied(result)
    held = [row for row in own if claim(row) not in (NOT_SHOWN, None) and row["path"] not in denied]
    if not held:
        return f"which of {_names(result)} changes first is not told"
    if result.doubts:
        return (
            f"which of {_names(result)} changes first hangs on a model that "
            f"{enumeration(result.doubts)}"
        )
    return enumeration(
        [
            f"{result.title(rows[0]['source'])} above a person's usual level is followed by "
            f"{way(rows)} {result.title(rows[0]['outcome'])}{when_in_short(result, rows)}"
            for rows in together(held)
        ]
    )


def _names(result: ChangeResult) -> str:
    return enumeration(result.titles)


def _doubted(result: ChangeResult) -> str:
    """Say that the main model is doubtful; empty where it is not."""
    if not result.doubts:
        return ""
    return (
        f" All of this hangs on a model with random intercepts that {enumeration(result.doubts)}: "
        "do not build on it."
    )


def _inexact(result: ChangeResult) -> str:
    """Say that exact fit of the main model is rejected though its indices are good."""
    fit = result.models.row(0, named=True)
    if not fits_inexactly(fit):
        return ""
    cfi, rmsea = (points(fit[name], 3) for name in ("cfi", "rmsea"))
    return (
        f" By its indices the model with random intercepts fits (CFI {cfi}, RMSEA {rmsea}); that "
        f"it fits exactly is rejected ({p_value(fit['p'])}). Levels that are not constant, or "
        f"effects that reach back further than {back_in_words(result.lag)}, do that; a small "
        "effect may come from them."
    )


def _denied(result: ChangeResult) -> dict[str, list[str]]:
    """Effects of which models that assume something else do not claim the same, with these."""
    models: dict[str, list[str]] = {}
    for model in (PLAIN, REGRESSION, ONE_STEP, WITHOUT_ERROR):
        for path in apart(result.agreement, (RANDOM, model)):
            models.setdefault(path, []).append(model)
    return models


def _agreed(result: ChangeResult, untold: Sequence[Row]) -> str:
    """Say of which effects that are not shown another model claims one, or that all agree."""
    models = _denied(result)
    some = together((row for row in untold if row["path"] in models), extra=models)
    if some:
        told = "; ".join(
            f"{path_of(result.title, rows)} ({', '.join(models[rows[0]['path']])})" for rows in some
        )
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
        found.append(f"{path_of(result.title, [row])}: {what}, {p_value(row['p_adjusted'])}")
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
        f"{result.title(row['one'])} with {result.title(row['two'])} {points(row['correlation'])}"
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
        _by_group(result, name, p_value(row["p_adjusted"]))
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


def _by_group(result: ChangeResult, effect: str, p: str) -> str:
    rows = result.group_paths.filter(path=effect)
    told = ", ".join(
        f"{signed(row['standardised'])} in {row['group']} (95 % interval "
        f"{signed(row['standardised_low'])} to {signed(row['standardised_high'])})"
        for row in rows.iter_rows(named=True)
    )
    return f"{path_of(result.title, [rows.row(0, named=True)])} ({p}): {told}"


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
        names=_names(result),
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
