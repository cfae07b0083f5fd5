"""Cross-lagged panel models of the variables, with and without lasting levels of persons."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.change.paths import Path
from salutogen.analyses.coded_names import codes_of, in_names
from salutogen.errors import ModelError
from salutogen.models import (
    ConvergenceWarning,
    CrossLaggedFit,
    CrossLaggedPanel,
    StructuralComparison,
    compare_structural_fits,
)

Float = NDArray[np.float64]
Labels = NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class PanelModel:
    """A model to be fitted: variables by the study's names.

    Attributes
    ----------
    values : mapping of array (n_persons, n_occasions)
        The variables that may act on each other.
    occasions : tuple of str
    lag : int
    covariates : mapping of array (n_persons,)
    time_varying : mapping of array (n_persons, n_occasions)
        What acts on the variables at the same occasion.
    reliability : mapping of float
        By variable.
    titles : mapping of str
        What variables and covariates are called in messages and errors; others by their names.
    group : array (n_persons,), optional
        Label of each person's group; by default there is one group.
    """

    values: Mapping[str, Float]
    occasions: tuple[str, ...]
    lag: int
    covariates: Mapping[str, Float] = field(default_factory=dict)
    time_varying: Mapping[str, Float] = field(default_factory=dict)
    reliability: Mapping[str, float] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    group: Labels | None = None

    def n_parameters(self, *, random_intercepts: bool, free: bool) -> int:
        """How many parameters it has, in each group."""
        k, n, c, v = (
            len(self.values), len(self.occasions), len(self.covariates), len(self.time_varying),
        )  # fmt: skip
        pairs = k * (k + 1) // 2
        times = n - self.lag if free else 1
        outer = n * v + c
        found = k * n + n * pairs + (k * k if self.lag > 1 else 0) + self.lag * k * k * times
        found += outer + outer * (outer + 1) // 2 + k * v * (n if free else 1)
        if random_intercepts:
            return found + pairs + k * c + k * n * v
        return found + k * c * (n if free else 1)

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups, in order; empty where there is one."""
        return () if self.group is None else tuple(np.unique(self.group).tolist())

    def fit(
        self, *, random_intercepts: bool, free: bool, equal_groups: tuple[str, ...] = ()
    ) -> ToldFit:
        """Fit by full-information maximum likelihood with robust errors.

        Parameters
        ----------
        random_intercepts, free : bool
            Whether persons have lasting levels; whether effects are free over occasions.
        equal_groups : tuple of str
            What groups share, as `CrossLaggedPanel` calls it.

        Raises
        ------
        ModelError
            In the study's names and titles.
        """
        outcomes, occasions = codes_of("v", self.values), codes_of("t", self.occasions)
        constant, varying = codes_of("c", self.covariates), codes_of("w", self.time_varying)
        groups = codes_of("g", self.groups)
        names = {code: name for codes in (outcomes, occasions, constant, varying, groups)
                 for name, code in codes.items()}  # fmt: skip
        titled = {code: self.titles.get(name, name) for code, name in names.items()}
        model = CrossLaggedPanel(
            outcomes=tuple(outcomes.values()),
            person="person",
            occasion="occasion",
            random_intercepts=random_intercepts,
            lags="free" if free else "equal",
            standard_errors="robust",
            lag=self.lag,
            covariates=tuple(constant.values()),
            time_varying=tuple(varying.values()),
            group="group" if groups else None,
            equal_groups=equal_groups,
            reliability={outcomes[name]: value for name, value in self.reliability.items()},
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # its message is a finding
            try:
                fit = model.fit(self._rows(outcomes, constant, varying))
            except ModelError as error:
                raise ModelError(in_names(str(error), titled, _PARAMETERS)) from error
        messages = tuple(in_names(message, titled, _PARAMETERS) for message in fit.messages)
        return ToldFit(fit=fit, names=names, messages=messages)

    def _rows(
        self, outcomes: dict[str, str], constant: dict[str, str], varying: dict[str, str]
    ) -> pl.DataFrame:
        first = next(iter(self.values.values()))
        n, m = first.shape
        columns: dict[str, Float | pl.Series] = {
            code: self.values[name].ravel() for name, code in outcomes.items()
        }
        columns |= {code: self.time_varying[name].ravel() for name, code in varying.items()}
        columns |= {code: np.repeat(self.covariates[name], m) for name, code in constant.items()}
        labels = [*codes_of("t", self.occasions).values()]
        occasion = pl.Series(labels * n, dtype=pl.Enum(labels))
        if self.group is not None:
            codes = codes_of("g", self.groups)
            each = [codes[label] for label in self.group.tolist()]
            own = pl.Series(each, dtype=pl.Enum(list(codes.values())))
            columns["group"] = own.gather(np.repeat(np.arange(n), m))
        return pl.DataFrame(columns).with_columns(
            person=pl.Series(np.repeat(np.arange(n), m)), occasion=occasion
        )


@dataclass(frozen=True, kw_only=True)
class ToldFit:
    """A fitted model, with the study's names of its variables and its messages in them."""

    fit: CrossLaggedFit
    names: Mapping[str, str]
    messages: tuple[str, ...]

    def paths(
        self, renamed: Mapping[str, str] | None = None, *, group: str | None = None
    ) -> list[Path]:
        """Effects of the variables on each other.

        Parameters
        ----------
        renamed : mapping of str to str, optional
            Other names of some variables.
        group : str, optional
            Label of the group whose effects are wanted, where each has its own.
        """
        table = {row["term"]: row for row in self.fit.tidy().iter_rows(named=True)}
        told = {code: (renamed or {}).get(name, name) for code, name in self.names.items()}
        found = []
        for source, outcome, back, at in self.effects():
            row = table[self.parameter(source, outcome, back, at, group)]
            figures = {
                name: np.nan if row[column] is None else float(row[column])
                for name, column in _TIDY.items()
            }
            found.append(
                Path(source=told[source], outcome=told[outcome], lag=back,
                     occasion=self.names.get(at, ""), **figures)
            )  # fmt: skip
        return found

    def effects(self) -> list[tuple[str, str, int, str]]:
        """Codes of source and outcome, lag, and code of the occasion (empty where equal)."""
        plan = self.fit.plan
        return [
            (source, outcome, back, at)
            for back in range(1, plan.lag + 1)
            for source in plan.outcomes
            for outcome in plan.outcomes
            for at in (plan.occasions[plan.lag :] if plan.lags == "free" else ("",))
        ]

    def parameter(
        self, source: str, outcome: str, back: int, at: str, group: str | None = None
    ) -> str:
        """What the model calls an effect; `group` is a label of the study."""
        which = f"[lag {back}]" if back > 1 else ""
        own = next((f" [{code}]" for code in self.fit.groups
                    if group is not None and self.names.get(code) == group), "")  # fmt: skip
        return f"{outcome}<-{source}{which}{at and '@'}{at}{own}"

    def within(self) -> pl.DataFrame:
        """Effects in SDs of deviations within persons, by occasion."""
        table = self.fit.standardised_lags()
        names = pl.col("source", "outcome", "occasion").replace_strict(dict(self.names))
        return table.select(
            "source", "outcome", "lag", "occasion",
            estimate="estimate", low="conf_low", high="conf_high",
        ).with_columns(names)  # fmt: skip

    def level_correlations(self) -> list[tuple[str, str, float]]:
        """Pairs of variables, and the correlation of persons' levels."""
        found = []
        for pair, value in self.fit.level_correlations().items():
            one, two = pair.split(",")
            found.append((self.names[one], self.names[two], value))
        return found


def test_of(smaller: ToldFit | None, larger: ToldFit | None) -> StructuralComparison | None:
    """The likelihood-ratio test of one model in another; None where there is none."""
    if smaller is None or larger is None:
        return None
    try:
        return compare_structural_fits(smaller.fit, larger.fit)
    except ModelError:  # a search ended too early: its message is told already
        return None


_TIDY = {"estimate": "estimate", "se": "std_error", "low": "conf_low", "high": "conf_high",
         "p": "p_value"}  # fmt: skip


# Parameters as a model calls them, and what they are.
_PARAMETERS = (
    (r"\bvar\((\w+)\)", r"level of \1"),
    (r"\bcov\((\w+),(\w+)\)", r"levels of \1 and \2"),
    (r"\bresid\((\w+)\)@(\w+)", r"deviation of \1 at \2"),
    (r"\bresid\((\w+),(\w+)\)@(\w+)", r"deviations of \1 and \2 at \3"),
    (r"\bresid\((\w+)@(\w+),(\w+)@(\w+)\)", r"deviations of \1 at \2 and \3 at \4"),
    (r" \[(g\d+)\]", r" in \1"),
    (r"\bin group (g\d+)", r"in \1"),
)
