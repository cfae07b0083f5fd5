"""One comparison, fitted: steps, items, and what these do to the mean of the score."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from salutogen.analyses.coded_names import codes_of, in_names
from salutogen.analyses.invariance.answers import ItemTable
from salutogen.analyses.invariance.compared import Compared
from salutogen.analyses.invariance.fit_limits import LEAST_CFI, MOST_RMSEA
from salutogen.analyses.invariance.kinds import FEWEST_IN_CATEGORY, in_words
from salutogen.analyses.told_fit import RMSEA, with_told_size
from salutogen.columns import Column, Kind, Record, figure, record, rows
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models import (
    ConvergenceWarning,
    MeasurementInvariance,
    OrderedInvariance,
    OrderedInvarianceResult,
)
from salutogen.models.sem.one_factor.result import MOST_FALL, MOST_RISE

if TYPE_CHECKING:
    from salutogen.models import InvarianceResult

Z = 1.959964
POINTS = "points of the score"
HIGHER = "positive = the score is higher there than at the first place"
NOT_FOUND = (
    "the search for a model of {answers} did not settle, as where an item hardly goes together "
    "with the others, or nearly gives another."
)

PLACE_COLUMNS = (
    Column(name="place", meaning="Occasion or group", heading="Occasion or group",
           kind=Kind.LABEL),
    Column(name="n", meaning="Persons who answered an item there", unit="persons",
           heading="Persons", kind=Kind.COUNT, of="n", adds_up=1, nested="counts"),
    Column(name="n_complete", meaning="Persons who answered every item there", unit="persons",
           heading="With every item", kind=Kind.COUNT, of="n", adds_up=1, nested="counts"),
    Column(name="mean", meaning="Mean score of those who answered every item", unit=POINTS,
           heading="Mean", n="n_complete", sd="sd"),
    Column(name="sd", meaning="SD of their scores", unit=POINTS, heading="SD", n="n_complete"),
)  # fmt: skip
STEP_COLUMNS = (
    Column(name="step", meaning="What is held equal", heading="Model", kind=Kind.LABEL),
    Column(name="parameters", meaning="Free parameters", heading="Parameters", kind=Kind.LABEL),
    Column(name="chi_square", meaning="Scaled chi-square against a model without structure",
           heading="Chi-square"),
    Column(name="df", meaning="Its degrees of freedom", heading="df", kind=Kind.LABEL),
    Column(name="p", meaning="Its p value", heading="p"),
    Column(name="cfi", meaning="Comparative fit index (scaled)", heading="CFI"),
    Column(name="rmsea", meaning="Root mean square error of approximation (scaled)",
           heading="RMSEA"),
    Column(name="rmsea_low", meaning="Lower end of its 90 % interval", heading="from"),
    Column(name="rmsea_high", meaning="Upper end of its 90 % interval", heading="to"),
    Column(name="srmr", meaning="Standardised root mean square residual", heading="SRMR"),
    Column(name="cfi_change", meaning="CFI less that of the model before", heading="Change of CFI"),
    Column(name="rmsea_change", meaning="RMSEA less that of the model before",
           heading="Change of RMSEA"),
    Column(name="difference", heading="Difference",
           meaning="Scaled test against the model before (likelihood ratio: Satorra and Bentler "
           "2010; ordered items, weighted squares: Satorra 2000)"),
    Column(name="difference_df", meaning="Its degrees of freedom", heading="df of it",
           kind=Kind.LABEL),
    Column(name="difference_p", meaning="Its p value", heading="p of it"),
    Column(name="holds", heading="Holds",
           meaning="Whether CFI falls by no more than .010 and RMSEA rises by no more than .015"),
)  # fmt: skip
ITEM_COLUMNS = (
    Column(name="item", meaning="Item", heading="Item", kind=Kind.LABEL),
    Column(name="chi_square", heading="Chi-square",
           meaning="Scaled test of its own loadings and intercepts (ordered items: thresholds)"),
    Column(name="df", meaning="Its degrees of freedom", heading="df", kind=Kind.LABEL),
    Column(name="p", meaning="Its p value", heading="p"),
    Column(name="p_adjusted", heading="p (adjusted)",
           meaning="p value adjusted for the items tested (Benjamini and Hochberg 1995)"),
    Column(name="called", heading="Called",
           meaning="Whether the item is called: answered differently at the same latent value"),
)  # fmt: skip
JOINED_COLUMNS = (
    Column(name="item", meaning="Item", heading="Item", kind=Kind.LABEL),
    Column(name="answers", meaning="Answers that count as one category", heading="Answers",
           kind=Kind.LABEL),
)  # fmt: skip


def _with_interval(name: str, meaning: str, heading: str) -> tuple[Column, ...]:
    return tuple(
        Column(name=f"{name}{end}", meaning=told, heading=above, unit=POINTS, sign=sign)
        for end, told, above, sign in (
            ("", meaning, heading, HIGHER),
            ("_se", "Its standard error", "SE", ""),
            ("_low", "Lower end of its 95 % interval", "from", HIGHER),
            ("_high", "Upper end of its 95 % interval", "to", HIGHER),
        )
    )


SHIFT_COLUMNS = (
    Column(name="item", meaning="Item that is free", heading="Item", kind=Kind.LABEL),
    Column(name="place", meaning="Occasion or group beside the first", heading="Occasion or group",
           kind=Kind.LABEL),
    *_with_interval("shift", "How much higher the item is answered at the same latent value",
                    "Shift"),
    *_with_interval("factor", "Difference of the latent mean where this item is free",
                    "Latent mean"),
)  # fmt: skip
SUM_COLUMNS = (
    Column(name="place", meaning="Occasion or group beside the first", heading="Occasion or group",
           kind=Kind.LABEL),
    *_with_interval("total", "Difference of the mean score, as the model has it", "Score"),
    *_with_interval("factor", "Of it, the difference of the latent mean", "Latent mean"),
    *_with_interval("items", "Of it, what is due to items that are called", "Items"),
    Column(name="items_sd", meaning="That part in SDs of the score at the first place",
           unit="SDs of the score", heading="Items (SDs)"),
)  # fmt: skip


@record
class Comparison(Record):
    """How far items measure alike over some places; the first place is the standard."""

    over: Literal["occasions", "groups"] = figure("What is compared", kind=Kind.LABEL)
    by: str = figure("What groups persons", kind=Kind.LABEL)
    at: str = figure("Occasion at which groups are compared", kind=Kind.LABEL)
    places: tuple[str, ...] = figure("Occasions or groups", kind=Kind.LABEL)
    n: int = figure("Persons with any answer", unit="persons", kind=Kind.COUNT, of="n_answered")
    n_answered: int = figure(
        "Persons with any answer, those of groups that are not compared with them",
        unit="persons",
        kind=Kind.COUNT,
    )
    # Times the parameters, persons: kept back with the values of single persons.
    per_parameter: float = figure("Persons for each parameter", kind=Kind.PERSON)
    ordered: bool = figure("Whether answers are taken for ordered categories", kind=Kind.LABEL)
    established: str = figure(
        "Last step that fits hardly worse than the one before: configural, thresholds (ordered "
        "items), metric, scalar, strict (where asked for)",
        kind=Kind.LABEL,
    )
    one_factor: bool = figure("Whether one factor describes the items (CFI .90, RMSEA .08)")
    called: tuple[str, ...] = figure("Items that are answered differently", kind=Kind.LABEL)
    persons: pl.DataFrame = rows("Persons and scores", PLACE_COLUMNS)
    steps: pl.DataFrame = rows("Models, each with more held equal", STEP_COLUMNS)
    items: pl.DataFrame = rows("Tests of single items", ITEM_COLUMNS)
    shifts: pl.DataFrame = rows("What freeing an item shows", SHIFT_COLUMNS)
    score: pl.DataFrame = rows("What called items do to the mean score", SUM_COLUMNS)
    joined: pl.DataFrame = rows("Categories of ordered items that were joined", JOINED_COLUMNS)
    apart: tuple[str, ...] = figure(
        "Answers that one place has and another lacks, so that items are not taken for ordered",
        kind=Kind.LABEL,
    )


def fit_comparison(
    one: Compared,
    table: ItemTable,
    found: Findings,
    told_size: Callable[[int], int] = int,
    *,
    strict: bool = False,
) -> Comparison:
    """Fit configural, metric and scalar models, test items, and put shifts in points of the score.

    RMSEA is told as that of `told_size` of the persons (`Audience.told_size`), after it was judged.
    With `strict` residual variances are compared, too, of items that are quantities.

    Raises
    ------
    ModelError
        A model cannot be fitted; in the study's names.
    """
    items, places = codes_of("v", table.items), codes_of("p", one.places)
    names = {code: name for codes in (items, places) for name, code in codes.items()}
    result = _fitted(one, table, items, places, names, strict=strict)
    for message in dict.fromkeys(
        message for fit in (*result.fits.values(), result.partial) for message in fit.messages
    ):
        found.tell("invariance-model-doubtful", variant=one.over, over=one.over,
                   message=in_names(message, names, _PARAMETERS))  # fmt: skip
    if isinstance(result, OrderedInvarianceResult) and result.corrected:
        pairs = [in_names(pair, names, _PARAMETERS) for pair in result.corrected]
        found.tell("invariance-cell-filled", over=one.over, pairs=pairs)
    where = pl.coalesce(
        pl.when(pl.col(column) != "").then(pl.col(column)) for column in ("group", "occasion")
    ).replace_strict(names, return_dtype=pl.String)
    own = pl.col("item").replace_strict(names, return_dtype=pl.String)
    steps, persons = _steps(result), _persons(one, table)
    first_sd = persons["sd"][0]
    sums = _intervals(result.sums.with_columns(place=where), ("total", "factor", "items"), table)
    if not result.biased:  # nothing is due to items by definition: there is no error of it
        sums = sums.with_columns(pl.lit(None, pl.Float64).alias(f"items_{end}")
                                 for end in ("se", "low", "high"))  # fmt: skip
    return Comparison(
        over=one.over,
        by=one.by,
        at=one.at,
        places=one.places,
        n=one.n,
        n_answered=one.n_answered,
        per_parameter=one.n / one.n_parameters,
        ordered=table.ordered,
        established=result.established,
        one_factor=_is_one_factor(steps),
        called=tuple(names[code] for code in result.biased),
        persons=persons,
        steps=with_told_size(steps, (*RMSEA, "rmsea_change"), one.n, told_size(one.n)),
        items=result.items.with_columns(item=own).rename({"p_value": "p", "biased": "called"}),
        shifts=_intervals(
            result.shifts.with_columns(place=where, item=own), ("shift", "factor"), table
        ).select(column.name for column in SHIFT_COLUMNS),
        score=sums.with_columns(items_sd=pl.col("items") / first_sd).select(
            column.name for column in SUM_COLUMNS
        ),
        joined=_joined(result, names, table),
        apart=table.apart.get(one.over, ()),
    )


def _fitted(
    one: Compared,
    table: ItemTable,
    items: dict[str, str],
    places: dict[str, str],
    names: dict[str, str],
    *,
    strict: bool,
) -> InvarianceResult | OrderedInvarianceResult:
    over_time = one.over == "occasions"
    columns: dict[str, Any] = {
        "items": tuple(items.values()),
        "person": "person",
        "occasion": "place" if over_time else None,
        "group": None if over_time else "place",
    }
    model: MeasurementInvariance | OrderedInvariance
    if table.ordered:
        model = OrderedInvariance(**columns, fewest=FEWEST_IN_CATEGORY)
    else:
        model = MeasurementInvariance(**columns, strict=strict, standard_errors="robust")
    n, m, _ = one.values.shape
    labels = list(places.values())
    at = np.tile(np.arange(m), n) if one.over == "occasions" else one.group
    frame = pl.DataFrame(
        {code: one.values[:, :, number].ravel() for number, code in enumerate(items.values())}
    ).with_columns(
        person=pl.Series(np.repeat(np.arange(n), m)),
        place=pl.Series([labels[number] for number in at], dtype=pl.Enum(labels)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its message is a finding
        try:
            result = model.fit(frame)
        except ModelError as error:
            raise ModelError(in_names(str(error), names, _PARAMETERS)) from error
    if not all(fit.converged for fit in (*result.fits.values(), result.partial)):
        # Estimates run away then, and so do tests of them.
        answers = "ordered items" if table.ordered else "items taken for quantities"
        raise ModelError(NOT_FOUND.format(answers=answers))
    return result


def _joined(
    result: InvarianceResult | OrderedInvarianceResult, names: dict[str, str], table: ItemTable
) -> pl.DataFrame:
    """Categories that hold more than one answer."""
    made = []
    if isinstance(result, OrderedInvarianceResult):
        for code, own in result.categories.items():
            item = names[code]
            made += [{"item": item, "answers": in_words(table.as_given(item, answers))}
                     for answers in own.joined]  # fmt: skip
    return pl.DataFrame(made, schema={"item": pl.String, "answers": pl.String})


def _is_one_factor(steps: pl.DataFrame) -> bool:
    cfi, rmsea = steps["cfi"][0], steps["rmsea"][0]
    return cfi is not None and rmsea is not None and cfi >= LEAST_CFI and rmsea <= MOST_RMSEA


def _persons(one: Compared, table: ItemTable) -> pl.DataFrame:
    made: list[dict[str, Any]] = []
    for number, label in enumerate(one.places):
        answered = np.isfinite(one.at_place(number))
        scores = one.at_place(number)[answered.all(axis=1)].sum(axis=1) * table.points
        enough = len(scores) > 1
        made.append(
            {"place": label, "n": int(answered.any(axis=1).sum()), "n_complete": len(scores),
             "mean": float(scores.mean()) if enough else None,
             "sd": float(scores.std(ddof=1)) if enough else None}
        )  # fmt: skip
    made += [{"place": f"{label} (not compared)", "n": n} for label, n in one.left.items()]
    schema = {"place": pl.String, "n": pl.Int64, "n_complete": pl.Int64, "mean": pl.Float64,
              "sd": pl.Float64}  # fmt: skip
    return pl.DataFrame(made, schema=schema)


def _steps(result: InvarianceResult | OrderedInvarianceResult) -> pl.DataFrame:
    table = result.steps.rename(
        {"model": "step", "n_parameters": "parameters", "p_value": "difference_p"}
    )
    holds = (pl.col("cfi_change") >= -MOST_FALL) & (pl.col("rmsea_change") <= MOST_RISE)
    return table.with_columns(holds=holds).select(column.name for column in STEP_COLUMNS)


def _intervals(frame: pl.DataFrame, parts: Iterable[str], table: ItemTable) -> pl.DataFrame:
    """Amounts in points of the score, with errors and limits."""
    size = abs(table.points)
    columns: list[pl.Expr] = []
    for part in parts:
        value, error = pl.col(part) * table.points, pl.col(f"{part}_error") * size
        columns += [value.alias(part), error.alias(f"{part}_se"),
                    (value - Z * error).alias(f"{part}_low"),
                    (value + Z * error).alias(f"{part}_high")]  # fmt: skip
    return frame.with_columns(columns)


# Parameters as the model calls them, and what they are.
_PARAMETERS = (
    (r"\bthreshold\((\w+)@(\w+)\|(\d+)\)", r"threshold \3 of \1 at \2"),
    (r"\bthreshold\((\w+)\|(\d+)\)", r"threshold \2 of \1"),
    (r"\b(loading|intercept|scale)\((\w+)@(\w+)\)", r"\1 of \2 at \3"),
    (r"\b(loading|intercept|scale)\((\w+)\)", r"\1 of \2"),
    (r"\bresid\((\w+)@(\w+),(\w+)@(\w+)\)", r"residuals of \1 at \2 and at \4"),
    (r"\bresid\((\w+)@(\w+)\)", r"residual of \1 at \2"),
    (r"\bresid\((\w+)\)", r"residual of \1"),
    (r"\b(v\d+)@(p\d+)", r"\1 at \2"),
    (r"\bvar\(factor@(\w+)\)", r"variance of the factor at \1"),
    (r"\bvar\(factor\)", "variance of the factor"),
    (r"\bmean\(factor@(\w+)\)", r"mean of the factor at \1"),
    (r"\bmean\(factor\)", "mean of the factor"),
    (r"\bcov\(factor@(\w+),factor@(\w+)\)", r"covariance of the factor at \1 and at \2"),
    (r" \[(\w+)\]", r" in \1"),
)
