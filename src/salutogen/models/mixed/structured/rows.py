"""Read the rows of a model with sites or a residual structure, sorted by site, person and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import complete_rows, read_columns
from salutogen.models.formula.design import Design, learn_design, learn_outcome, variables_of
from salutogen.models.formula.mixed_formula import MixedFormula
from salutogen.models.mixed.structured.residual_structures import (
    ResidualLayout,
    ResidualStructure,
    learn_residuals,
    sorted_rows,
    structure_columns,
    structure_labels,
)
from salutogen.models.moments.moments import Moments, learned_columns

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class StructuredRows:
    """Rows of a two-level model.

    Attributes
    ----------
    formula : MixedFormula
        Taken apart; `group` is nested in `outer_group`.
    columns : dict
        The distinct columns (n,), the outcome last; powers and products about `shifts`.
    shifts : dict
        Centres of variables.
    outcome : Design
        The outcome.
    designs, outer_designs : tuple of Design
        Fixed part and persons' blocks; sites' blocks.
    persons : polars.Series
        Label of each row's person (the pair of labels, where persons are pairs).
    units : array (n,)
        Place of each row's person, counted site by site.
    order : array (n_persons,)
        Place among the sorted labels of each such person.
    site_starts : array (n_sites + 1,)
        First person of each site.
    sites : polars.Series or None
        Labels of the sites.
    residuals : ResidualLayout or None
        Where residuals are not independent and alike.
    n_dropped : int
        Rows left out because something was missing.
    """

    formula: MixedFormula
    columns: dict[str, Float]
    shifts: dict[str, float]
    outcome: Design
    designs: tuple[Design, ...]
    outer_designs: tuple[Design, ...]
    persons: pl.Series
    units: Int
    order: Int
    site_starts: Int
    sites: pl.Series | None
    residuals: ResidualLayout | None
    n_dropped: int

    @property
    def fixed(self) -> tuple[str, ...]:
        """Fixed terms."""
        return self.designs[0].names

    @property
    def random(self) -> tuple[tuple[str, ...], ...]:
        """Persons' random terms by block."""
        return tuple(design.names for design in self.designs[1:])

    @property
    def outer_random(self) -> tuple[tuple[str, ...], ...]:
        """Sites' random terms by block."""
        return tuple(design.names for design in self.outer_designs)

    def moments(self, formula: str) -> Moments:
        """Reduce the rows to persons' moments."""
        return Moments.from_columns(
            self.columns,
            self.persons,
            shifts=self.shifts,
            fixed=self.fixed,
            random=self.random,
            n_dropped=self.n_dropped,
            formula=formula,
            designs=(self.outcome, *self.designs),
        )


def read_structured(
    parsed: MixedFormula, structures: Sequence[ResidualStructure], data: Any
) -> StructuredRows:
    """Read and sort the rows of a frame.

    Raises
    ------
    ModelError
        Unknown or non-numeric columns, infinite values, no complete row, a person in several
        sites, and whatever the residual structure refuses.
    """
    groups = [name for name in (parsed.group, parsed.outer_group) if name is not None]
    expressions = (parsed.fixed, *parsed.blocks, *parsed.outer_blocks)
    needed = [*variables_of(f"0 + {parsed.outcome}"), *groups, *structure_columns(structures)]
    for expression in expressions:
        needed += variables_of(expression)
    rows = read_columns(data, needed, labels=[*groups, *structure_labels(structures)])
    keep = complete_rows(rows)
    used = rows if keep.all() else rows.filter(pl.Series(keep))
    if used.height == 0:
        raise ModelError(f"No row of {rows.height} has a value in all of {', '.join(needed)}.")
    parsed = _oriented(parsed, used)
    labels = person_labels(parsed, used)
    sites, units, order, site_starts = _places(parsed, used, labels)
    sorting = np.arange(used.height)
    residuals = None
    if structures:
        sorting = sorted_rows(used, structures, units)
        used, labels, units = used[sorting], labels[sorting], units[sorting]
        numbers = np.flatnonzero(keep)[sorting] + 1
        residuals = learn_residuals(used, structures, units, numbers)
    outcome = learn_outcome(parsed.outcome, used)
    designs = [learn_design(expression, used) for expression in (parsed.fixed, *parsed.blocks)]
    outer = [learn_design(expression, used) for expression in parsed.outer_blocks]
    columns, shifts = learned_columns(outcome, (*designs, *outer), used)
    return StructuredRows(
        formula=parsed,
        columns=columns,
        shifts=shifts,
        outcome=outcome,
        designs=tuple(designs),
        outer_designs=tuple(outer),
        persons=labels,
        units=units,
        order=order,
        site_starts=site_starts,
        sites=sites,
        residuals=residuals,
        n_dropped=rows.height - used.height,
    )


def person_labels(parsed: MixedFormula, frame: pl.DataFrame) -> pl.Series:
    """Label of each row's person; `site:id` where persons are pairs."""
    if not parsed.is_pair or parsed.outer_group is None:
        return frame[parsed.group]
    parts = [_whole(frame[name]) for name in (parsed.outer_group, parsed.group)]
    pair = pl.concat_str(parts, separator=":")
    return frame.select(pair.alias(f"{parsed.outer_group}:{parsed.group}")).to_series()


def _whole(column: pl.Series) -> pl.Series:
    """Whole numbers that came as 1.0, as they do beside missing values in pandas, read as 1."""
    if column.dtype.is_float() and column.is_finite().all() and (column == column.round()).all():
        return column.cast(pl.Int64)
    return column


def _oriented(parsed: MixedFormula, frame: pl.DataFrame) -> MixedFormula:
    """Put the grouping that is nested in the other first; refuse crossed ones."""
    if parsed.outer_group is None or parsed.is_pair:
        return parsed
    inner, outer = parsed.group, parsed.outer_group
    pairs = frame.select(inner, outer).unique()
    if pairs[inner].n_unique() == pairs.height:
        return parsed
    if pairs[outer].n_unique() == pairs.height:
        return parsed.turned()
    several = [pairs.height - pairs[name].n_unique() for name in (inner, outer)]
    raise ModelError(
        f"formula: {inner} and {outer} are crossed: neither lies within the other ({several[0]} "
        f"labels too many of {inner}, {several[1]} of {outer}). Crossed effects are out of scope; "
        f"if {inner} counts anew in each {outer}, write (1 | {outer}/{inner})."
    )


def _places(
    parsed: MixedFormula, frame: pl.DataFrame, labels: pl.Series
) -> tuple[pl.Series | None, Int, Int, Int]:
    """Sites; each row's place, places' order, and first place of each site."""
    codes = labels.rank("dense").to_numpy().astype(np.int64) - 1
    n = int(codes.max()) + 1
    if parsed.outer_group is None:
        step = 256  # persons at a time, where there are no sites to share the work by
        starts = np.append(np.arange(0, n, step), n)
        return None, codes, np.arange(n), starts
    site = frame[parsed.outer_group]
    site_codes = site.rank("dense").to_numpy().astype(np.int64) - 1
    site_of = np.empty(n, dtype=np.int64)
    site_of[codes] = site_codes
    if (site_of[codes] != site_codes).any():
        raise ModelError(f"{labels.name}: a label stands for persons of two {site.name}.")
    sites = site.unique().sort()
    sizes = np.bincount(site_of, minlength=len(sites))
    _refuse_sites(parsed.outer_group, sizes)
    order = np.argsort(site_of, kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    return sites, place[codes], order, np.append(0, np.cumsum(sizes))


def _refuse_sites(name: str, sizes: Int) -> None:
    if len(sizes) < 2:
        raise ModelError(f"{name}: effects of it need at least 2 of them, got {len(sizes)}.")
    if sizes.max() < 2:
        raise ModelError(
            f"{name}: each of the {len(sizes)} holds one person, so its effects cannot be told "
            "from the persons'. Leave one of the two out."
        )
