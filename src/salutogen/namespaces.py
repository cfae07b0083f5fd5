"""Names of the study file beside names of our own: the one place that keeps them apart.

Tables of ours have columns such as `time`, `valid` or `E_low`; a study may give the same names to
its background, factors, exposure types and scales. Where both would stand in one table, what the
study names is put under a namespace, such as `covariate:time`, in which no column of ours lies.

>>> covariate_column("time")
'covariate:time'
>>> told_term("covariate:time"), told_term("covariate:site=B"), told_term("covariate:E")
('time', 'site=B', 'covariate:E')
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

COVARIATE = "covariate:"
BACKGROUND = "background:"
FACTOR = "factor:"
SUBSCALE = "subscale:"
ITEM = "item:"
NAMESPACES = (COVARIATE, BACKGROUND, FACTOR, SUBSCALE, ITEM)
LABEL_MARK = "="

ARM = "arm"
ALL_TYPES = "all types"  # in tables of exposure types, what they make together
OF_PERSONS = ("person", "subject", ARM)  # columns of ours in a table with a row per person
OF_SCORES = frozenset(
    {
        "E_high",
        "E_low",
        "E_skipped",
        "P_expected",
        "P_high",
        "P_low",
        "P_prorated",
        "SR_common",
        "SR_cross_fit",
        "SR_frozen",
        "SR_frozen_z",
        "SR_high",
        "SR_high_days",
        "SR_low",
        "SR_low_days",
        "SR_refit",
        "SR_refit_z",
        "SR_se",
        "SR_se_days",
        "SR_shrunken",
        "SR_shrunken_high",
        "SR_shrunken_low",
        "SR_z",
    }
)
CURVED = ("^2", ":spline1", ":spline2")  # terms of one predictor beside itself
OTHER_WAYS = ("count", "severity", "low", "high", "skipped")  # to score a type
MEASURES = ("E", "SR")


def covariate_column(name: str) -> str:
    """Column of a covariate beside columns of ours."""
    return COVARIATE + name.replace("%", "%25").replace(LABEL_MARK, "%3D")


def covariate_term(name: str, label: str) -> str:
    """Term of a line for one label of a covariate that is a category."""
    return f"{covariate_column(name)}{LABEL_MARK}{label}"


def covariate_of(term: str) -> str | None:
    """Covariate, as the study names it, that a term of a line is of; None for exposure's terms."""
    if not term.startswith(COVARIATE):
        return None
    column = term.partition(LABEL_MARK)[0].removeprefix(COVARIATE)
    return column.replace("%3D", LABEL_MARK).replace("%25", "%")


def told_term(term: str) -> str:
    """Write a term of a line for people and files.

    Covariates stand by the study's name (`age`, `site=B`), unless it looks like a term of ours
    (`E`, `E2`, `E_…`, `intercept`), holds an equals sign or begins with `covariate:`: these keep
    the namespace, `covariate:E`.
    """
    name = covariate_of(term)
    if name is None or _looks_like_ours(name):
        return term
    _, mark, label = term.partition(LABEL_MARK)
    return f"{name}{mark}{label}"


def term_of(told: str, ours: Collection[str]) -> str:
    """Return the term that `told_term` wrote, given those of the line that are no covariate's."""
    if told in ours or told.startswith(COVARIATE):
        return told
    name, mark, label = told.partition(LABEL_MARK)
    return f"{covariate_column(name)}{mark}{label}"


def _looks_like_ours(name: str) -> bool:
    ours = name in ("intercept", "E", "E2") or name.startswith(("E^", "E:", "E_"))
    return ours or LABEL_MARK in name or name.startswith(COVARIATE)


def background_column(name: str) -> str:
    """Column of a background in the table of persons: its own name wherever that is not ours."""
    return f"{BACKGROUND}{name}" if is_apart(name) else name


def is_pattern(name: str) -> bool:
    """Whether Polars takes a name for all columns that fit a pattern."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def item_column(name: str) -> str:
    """Column of an item in tables of answers: its own name wherever that is not ours."""
    return f"{ITEM}{name}" if is_apart(name) else name


def is_apart(name: str) -> bool:
    """Whether a name of the study cannot stand as it is beside persons, or in any table."""
    return name in OF_PERSONS or name.startswith(NAMESPACES) or is_pattern(name)


def factor_column(name: str) -> str:
    """Column of a factor beside scores."""
    return f"{FACTOR}{name}"


def factor_column_of_persons(name: str, taken: Collection[str]) -> str:
    """Column of a factor in the table of persons, in which other columns stand already."""
    apart = name in taken or is_apart(name)
    return factor_column(name) if apart else name


def column_of_persons(name: str, columns: Collection[str]) -> str | None:
    """Find a background, factor or the arm by the study's name among columns of persons."""
    found = [background_column(name), factor_column(name)]
    if name == ARM or not is_apart(name):
        found.append(name)
    return next((one for one in found if one in columns), None)


def subscale_column(name: str) -> str:
    """Column of a subscale, `<instrument>_<subscale>`, among other ways to score."""
    return f"{SUBSCALE}{name}" if name.startswith(("E_", "P_", *NAMESPACES)) else name


def subscale_names(
    parts: Iterable[tuple[str, str]], instruments: Iterable[str]
) -> dict[tuple[str, str], str]:
    """Names of subscales, `<instrument>_<subscale>`, by instrument and subscale.

    Where an instrument or another subscale would bear the name as well, each of these subscales is
    `<instrument>_subscale_<subscale>`.

    >>> subscale_names([("mood", "low")], ["mood"])
    {('mood', 'low'): 'mood_low'}
    """
    parts = tuple(parts)
    plain = Counter(f"{instrument}_{name}" for instrument, name in parts)
    taken = {*instruments, *(name for name, times in plain.items() if times == 1)}
    once = {name for name, times in plain.items() if times == 1} - set(instruments)
    found: dict[tuple[str, str], str] = {}
    for instrument, name in parts:
        told = f"{instrument}_{name}"
        if told not in once:
            end = name
            while told in taken or plain[told] > 1:
                end = f"subscale_{end}"
                told = f"{instrument}_{end}"
            taken.add(told)
        found[instrument, name] = told
    return found


def type_column(name: str, types: Iterable[str], measure: str = "E") -> str:
    """Column of an exposure type, `E_<type>`, or of another measure by type, `SR_<type>`.

    Where that is a column or a term of ours, or of another type, `type_` is put before the type's
    name: `E_type_low` and `SR_type_low`.
    """
    return f"{measure}_{_tags(tuple(types))[name]}"


def renamed_types(types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Types whose columns bear another name, with these columns."""
    tags = _tags(tuple(types))
    return {
        name: tuple(f"{measure}_{tag}" for measure in MEASURES)
        for name, tag in tags.items()
        if tag != name
    }


@lru_cache(maxsize=64)
def _tags(types: tuple[str, ...]) -> dict[str, str]:
    plain = {name: name for name in types if not _forms(name) & OF_SCORES}
    taken: set[str] = set()
    tags: dict[str, str] = {}
    for name in (*plain, *(one for one in types if one not in plain)):
        tag = name if name in plain else f"type_{name}"
        while _forms(tag) & (OF_SCORES | taken):
            tag = f"type_{tag}"
        taken |= _forms(tag)
        tags[name] = tag
    return tags


def _forms(tag: str) -> frozenset[str]:
    """Names of columns and terms that a type brings with it."""
    columns = [f"{measure}_{tag}" for measure in MEASURES]
    return frozenset([*columns, *(f"E_{tag}{suffix}" for suffix in CURVED)])


def combined_name(types: Collection[str]) -> str:
    """Name of all types together among those of the types."""
    name = ALL_TYPES
    while name in types:
        name = f"{name} together"
    return name


def part_columns(
    parts: Iterable[tuple[str, str]], types: Iterable[str]
) -> dict[tuple[str, str], str]:
    """Columns of parts of event lists, `E_<type>_<part>`, by type and part.

    Where that is the column of another type, part or way to score, or one of ours, it is
    `E_<type>_part_<part>`.
    """
    types = tuple(types)
    own = [type_column(name, types) for name in types]
    taken = {*OF_SCORES, *own, *(f"{column}_{way}" for column in own for way in OTHER_WAYS)}
    found: dict[tuple[str, str], str] = {}
    for name, block in parts:
        column, end = f"{type_column(name, types)}_{block}", block
        while column in taken:
            end = f"part_{end}"
            column = f"{type_column(name, types)}_{end}"
        taken.add(column)
        found[name, block] = column
    return found


def scale_column(name: str, names: Iterable[str]) -> str:
    """Column of one of several problem scales, `P_<scale>`; `P_scale_<scale>` for names of ours."""
    tags: dict[str, str] = {}
    names = tuple(names)
    taken = {f"P_{one}" for one in names if f"P_{one}" not in OF_SCORES} | OF_SCORES
    for one in names:
        column = f"P_{one}"
        if column in OF_SCORES:
            while column in taken:
                column = f"P_scale_{column.removeprefix('P_')}"
            taken.add(column)
        tags[one] = column
    return tags[name]
