"""What a comparison of items says, in words made from what was fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.invariance.fit_limits import LEAST_CFI, MOST_RMSEA, digits_beside
from salutogen.analyses.invariance.signs import LEVELS_ALIKE, Signs, equal_of, signs_of, step_test
from salutogen.analyses.invariance.simulated import nearest
from salutogen.findings import Persons
from salutogen.models.sem.one_factor.result import MOST_FALL, MOST_RISE
from salutogen.page.words import enumeration, p_value, percent, plural, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.invariance.analysis import ItemInvariance
    from salutogen.analyses.invariance.fitted import Comparison
    from salutogen.page.section import Text

MOST_NAMED = 4
QUANTITY_FIT = "by full-information maximum likelihood with robust tests"
ORDERED_FIT = (
    "fitted to polychoric correlations and thresholds by diagonally weighted least squares with "
    "tests adjusted in mean and variance (delta parametrisation; steps of Wu and Estabrook 2016)"
)


def answer_of(result: ItemInvariance) -> Text:
    """Say of each comparison whether items measure alike, and what follows for means."""
    told = " ".join(verdict(result, one) for one in result.comparisons)
    more = caution(result)
    return say("{told} {more}", told=told, more=more) if more else told


def verdict(result: ItemInvariance, one: Comparison) -> str:
    """Say of one comparison which steps hold, which items are called and what they do."""
    where, signs = _where(one), signs_of(one)
    if signs is not None and not signs.tested:
        head = _unsettled(result, one, signs)
    elif one.established in LEVELS_ALIKE and one.apart:
        head = (
            f"Whether items of {result.instrument} measure alike {_where(one)} is not settled: "
            f"some answers are given at one place and hardly at another ({enumeration(one.apart)})"
            f", and a model of quantities, in which steps hold ({_changes(one)}), cannot tell a "
            "way of answering that all items share from a difference of what is measured."
        )
    elif one.established in LEVELS_ALIKE:
        alike = "measure nearly alike" if one.called else "measure alike"
        head = f"Items of {result.instrument} {alike} {where}: {_changes(one)}.{_rare(one)}"
        head += _scatter(one)
    elif one.established == "metric":
        head = (
            f"Items of {result.instrument} have equal loadings {where}, but not equal "
            f"{equal_of(one)['scalar']}: {_changes(one)}. Differences of mean scores are not "
            "differences of what is measured alone."
        )
    else:
        head = (
            f"Items of {result.instrument} do not measure alike {where}: {_changes(one)}. Neither "
            "means nor associations of the score can be compared as they are."
        )
    if not one.one_factor:
        first = one.steps.row(0, named=True)
        head = (
            f"One factor does not describe the items of {result.instrument} "
            f"(CFI {points(first['cfi'], digits_beside(first['cfi'], LEAST_CFI))}, RMSEA "
            f"{points(first['rmsea'], digits_beside(first['rmsea'], MOST_RMSEA))}), so that what "
            f"follows rests on a model that the answers contradict. {head}"
        )
    return f"{head} {items_in_words(result, one)}"


def _rare(one: Comparison) -> str:
    """Say that nothing is told apart of answers that hardly anybody gives."""
    if not one.joined.height:
        return ""
    return " Of rare answers that count as one with their neighbour nothing is told apart."


def _scatter(one: Comparison) -> str:
    """Say whether scatter is of one making, where residual variances were compared."""
    if "strict" not in equal_of(one):
        return ""
    if one.established == "strict":
        return " Scatter and correlations of the score can be compared as well."
    return (
        " What items have for themselves does not scatter alike: differences in scatter or in "
        "correlations of the score are not differences of what is measured alone."
    )


def _unsettled(result: ItemInvariance, one: Comparison, signs: Signs) -> str:
    """Say of a step that only a rule for fit speaks against, which signs do not."""
    what = "means" if one.established == "metric" else "associations and means"
    held = equal_of(one).get(one.established)
    so_far = f"have equal {held}" if held else ""
    head = f"Items of {result.instrument} {so_far} {_where(one)}; whether" if so_far else "Whether"
    of = "they have" if so_far else f"items of {result.instrument} have"
    place = "" if so_far else f" {_where(one)}"
    verb = "speaks" if len(signs.against) == 1 else "speak"
    return (
        f"{head} {of} equal {signs.equal}{place} is not settled: {_changes(one)}. "
        f"T{enumeration(signs.against)[1:]} {verb} against it; "
        f"{enumeration(signs.silent)} {'does' if len(signs.silent) == 1 else 'do'} not. Compare "
        f"{what} of the score with that in mind, and beside the latent means."
    )


def _where(one: Comparison) -> str:
    if one.over == "occasions":
        return f"over {enumeration(one.places)}"
    return f"in the groups of {one.by} ({enumeration(one.places)}, at {one.at})"


def _changes(one: Comparison) -> str:
    """Words for each step: by how much fit changes, and its test."""
    told = []
    named = equal_of(one)
    for row in one.steps.iter_rows(named=True):
        equal = named.get(row["step"])
        if equal is None:
            continue
        fit = "fit unknown"
        if row["cfi_change"] is not None:
            cfi, rmsea = row["cfi_change"], row["rmsea_change"]
            fit = (
                f"CFI {signed(cfi, digits_beside(cfi, -MOST_FALL))}, RMSEA "
                f"{signed(rmsea, digits_beside(rmsea, MOST_RISE))}"
            )
        told.append(f"equal {equal} {fit}, {p_value(row['difference_p'])}")
    return "; ".join(told)


def rule(result: ItemInvariance) -> str:
    """Say which rule decides whether a step holds."""
    test = step_test(result.comparisons[0])
    return (
        f"A step holds where CFI falls by no more than {MOST_FALL:.3f} and RMSEA rises by no more "
        f"than {MOST_RISE:.3f} (Chen 2007). T{test[1:]} beside it finds small differences "
        "in large samples, too, and with few persons some that are not there; it does not decide."
    )


def taken_for(result: ItemInvariance) -> str:
    """Say what answers are taken for, why, and what that assumes."""
    turned = ""
    if result.turned:
        turned = (
            f" Codes of {_some(result.turned)} are turned as they enter the score: an item said to "
            "be answered higher has lower codes there."
        )
    if not result.ordered:
        return f"Answers are taken for quantities, because {result.why}.{turned}"
    told = (
        f"Answers are taken for ordered categories, because {result.why}: behind each stands a "
        "normal response that thresholds cut."
    )
    return f"{told}{turned} {_assumed(result)}"


def _some(items: Sequence[str]) -> str:
    """Name items, the last ones by their number."""
    rest = len(items) - MOST_NAMED
    if rest < 1:
        return enumeration(items)
    return enumeration([*items[:MOST_NAMED], plural(rest, "more item")])


def _assumed(result: ItemInvariance) -> str:
    """Say what is needed for thresholds alone, and of who misses answers."""
    steps = [equal_of(one) for one in result.comparisons]
    told = ""
    if any("thresholds" not in one for one in steps):
        told = (
            "Thresholds can be tested by themselves only where an item has four categories, "
            "loadings only where one has three; what cannot be is tested together with the next "
            "step. "
        )
    return (
        f"{told}Missing answers are left out pair by pair, which is right where who misses does "
        "not depend on what was or would have been answered."
    )


def items_in_words(result: ItemInvariance, one: Comparison) -> str:
    """Say which items are called, or which moves most, and what it does to the mean score."""
    told = _of_items(result, one)
    silent = one.items.filter(pl.col("chi_square").is_null())["item"].to_list()
    if not silent or len(silent) == one.items.height:
        return told
    return f"{told} {_some(silent)} could not be tested: no model was found in which it is free."


def _of_items(result: ItemInvariance, one: Comparison) -> str:
    if one.called:
        named = [_shift(result, one, item) for item in one.called[:MOST_NAMED]]
        rest = len(one.called) - MOST_NAMED
        named += [f"{plural(rest, 'more item')} differently"] if rest > 0 else []
        return f"At the same {result.thing}, {enumeration(named)}. {_of_score(one)}"
    known = one.items.drop_nulls("chi_square")
    if not known.height:
        return "No item could be tested by itself."
    row = known.sort("chi_square", descending=True).row(0, named=True)
    tested = "all items" if known.height == one.items.height else "the items tested"
    return (
        f"No single item is shown to be answered differently; {row['item']} comes nearest "
        f"({p_value(row['p_adjusted'])}, adjusted for {tested}). {_range(one)}"
    )


def _shift(result: ItemInvariance, one: Comparison, item: str) -> str:
    """Say by how much an item is answered higher or lower, where that is most."""
    rows = one.shifts.filter(item=item).drop_nulls("shift")
    rows = rows.sort(pl.col("shift").abs(), descending=True)
    if not rows.height:
        return f"{item} is answered differently"
    named = f"{item} (turned)" if item in result.turned else item
    row = rows.row(0, named=True)
    way = "higher" if row["shift"] > 0 else "lower"
    return (
        f"{named} is answered {points(abs(row['shift']))} points of the {_score(result)} {way} at "
        f"{row['place']} (95 % "
        f"interval {signed(row['shift_low'])} to {signed(row['shift_high'])})"
    )


def _score(result: ItemInvariance) -> str:
    """Words for the score whose points amounts are in."""
    return "mean score" if result.of_means else "score"


def _of_score(one: Comparison) -> str:
    """Say how much of the difference of mean scores called items make up, where it is most."""
    row = one.score.sort(pl.col("items").abs(), descending=True).row(0, named=True)
    sds = "" if row["items_sd"] is None else f"; {signed(row['items_sd'])} SD of the score"
    verb = "changes" if one.over == "occasions" else "differs"
    which = "that item" if len(one.called) == 1 else "those items"
    return (
        f"From {one.places[0]} to {row['place']} the mean score {verb} by "
        f"{signed(row['total'])} points: {signed(row['factor'])} ({signed(row['factor_low'])} to "
        f"{signed(row['factor_high'])}) by the latent mean, {signed(row['items'])} "
        f"({signed(row['items_low'])} to {signed(row['items_high'])}{sds}) by {which}."
    )


def _range(one: Comparison) -> str:
    """Say between which values freeing one item would put the latent difference at each place."""
    told: list[str] = []
    for place in one.places[1:]:
        row = one.score.filter(place=place).row(0, named=True)
        held = row["factor"]
        free = one.shifts.filter(pl.col("place") == place)["factor"].drop_nulls().to_list()
        if held is None or not free:
            continue
        told.append(
            f"from {one.places[0]} to {place} the latent mean differs by {signed(held)} points of "
            f"the score{_interval(row)}; if any one item is left free, estimates go from "
            f"{signed(min(free))} to {signed(max(free))}"
        )
    return " ".join(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in told)


def _interval(row: dict[str, Any]) -> str:
    """Words for the interval of the latent difference, if there is one."""
    if row["factor_low"] is None or row["factor_high"] is None:
        return ""
    return f" (95 % interval {signed(row['factor_low'])} to {signed(row['factor_high'])})"


def caution(result: ItemInvariance) -> Text:
    """Say what answers that crowd at one end do to these figures; empty where none do."""
    if not result.crowded or result.ordered:
        return ""
    size = nearest(result.categories)
    return say(
        "Answers are taken for quantities, but up to {share} of those to an item are at one end. "
        f"In simulated studies of {size.persons} persons whose items measured "
        f"alike, with {size.categories} such categories and a latent mean that moved by .5 SD, an "
        f"item was called in {percent(size.called)} and a step was said not to hold in "
        f"{percent(size.failed)}; what was put down to items was {percent(size.part)} of the "
        "change of the latent mean.",
        share=result.at_one_end,
    )


def methods_of(result: ItemInvariance) -> Text:
    """Say which models were fitted, to whom, and by which rule they are judged."""
    parts: list[Text] = []
    for one in result.comparisons:
        over = "occasions" if one.over == "occasions" else f"groups of {one.by}"
        parts.append(
            say(
                "Whether items of {instrument} measure alike over {n_places} {over} was asked of "
                "{n:# person|# persons} by one-factor models {models}{residuals}, {fitted}; a step "
                "holds where CFI falls by at most .010 and RMSEA rises by at most .015 (Chen "
                "2007).",
                instrument=result.instrument,
                n_places=len(one.places),
                over=over,
                n=Persons(one.n, of=one.n_answered),
                models=_models(one),
                residuals=", residuals of an item going together over occasions"
                if one.over == "occasions"
                else "",
                fitted=ORDERED_FIT if one.ordered else QUANTITY_FIT,
            )
        )
    return parts[0] if len(parts) == 1 else say("{one} {two}", one=parts[0], two=parts[1])


def _models(one: Comparison) -> str:
    if not one.ordered:
        steps = [f"equal {words} ({step})" for step, words in equal_of(one).items()]
        return f"with {enumeration(steps)}"
    return (
        f"of ordered answers with more and more equal ({enumeration(list(equal_of(one).values()))})"
    )
