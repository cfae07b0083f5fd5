"""Figures of `results.json` where persons are hidden, by their kinds in the schema.

The rules are those of the page: a count of few, or one that gives few away, is null, and with it
what is computed from few; values of single persons are null; other counts are multiples of five,
shares those of such counts, and statistics have few digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.counts import Forms, Persons
from salutogen.namespaces import LABEL_MARK, covariate_of, term_of
from salutogen.norm.norm_for_others import counts_of_line
from salutogen.page.audience import Audience, lies_among_few
from salutogen.page.section import Table
from salutogen.page.small_counts import as_told, hide_small
from salutogen.page.words import Share
from salutogen.pipeline.declared_kinds import (
    BASE,
    base_of,
    column_of,
    inherited,
    is_count,
    is_whole,
    named,
    names_of,
    of_several,
)

_OF_PERSONS = {Kind.PERSON.value, Kind.IDENTIFIER.value}


class HiddenFigures:
    """Hides what may not be told, and remembers where that was.

    Parameters
    ----------
    audience : Audience
    untold : sequence of str
        Covariates with a category of few persons.

    Attributes
    ----------
    withheld : list of str
        Dotted paths of figures that were hidden.
    """

    def __init__(self, audience: Audience, untold: Sequence[str] = ()) -> None:
        self.audience = audience
        self.untold = frozenset(untold)
        self.withheld: list[str] = []

    def of(self, content: Any, schema: Mapping[str, Any], path: str) -> Any:
        """Return content, made by a record with this schema, as the audience may have it."""
        return self._part(content, schema, path, _Around())

    def _part(self, content: Any, schema: Mapping[str, Any], path: str, around: _Around) -> Any:
        schema = of_several(schema)
        if isinstance(content, pl.DataFrame):
            return self._rows(content, schema, path, around)
        if isinstance(content, Mapping):
            terms = (content.get("line") or {}).get("terms", ())
            if any(self._is_untold(str(term), of_line=True) for term in terms):
                content = self._without_errors(content, path)
            if schema.get("properties"):
                return self._record(content, schema, path, around)
            return self._mapping(content, schema, path, around)
        if isinstance(content, list | tuple):
            inside = inherited(schema, schema.get("items") or {})
            at = schema.get("x-at") or [0.5] * len(content)
            return [
                self._gone(item, f"{path}[{place}]")
                if lies_among_few(at[place], self.audience.n_persons, self.audience.smallest)
                else self._part(item, inside, f"{path}[{place}]", around)
                for place, item in enumerate(content)
            ]
        return self._leaf(content, schema, path, around)

    def _record(
        self,
        content: Mapping[str, Any],
        schema: Mapping[str, Any],
        path: str,
        around: _Around,
    ) -> dict[str, Any]:
        properties = schema["properties"]
        counts = {
            name: value if isinstance(value, Forms) else int(value)
            for name, value in content.items()
            if is_count(name, value, properties.get(name, {}))
        }
        hidden = {
            name
            for name, n in counts.items()
            if self._leaves_few(n, properties.get(name), counts)
            or self._is_of_hidden(properties.get(name), properties, counts)
        }
        here = around.within(counts, self.audience, touched=bool(hidden))
        here.share_gone = self._has_untold_share(content, properties, here)
        content = self._in_steps(content, properties, here)
        told = {
            name: self._gone(value, f"{path}.{name}")
            if name in hidden
            else self._part(value, properties.get(name) or named(name, value), f"{path}.{name}",
                            here)
            for name, value in content.items()
        }  # fmt: skip
        return self._alike(told, content, properties, path)

    def _in_steps(
        self, content: Mapping[str, Any], properties: Mapping[str, Any], here: _Around
    ) -> dict[str, Any]:
        """Tell means of everyone in steps, and the SDs that stand beside them."""
        n, told = here.base or self.audience.n_persons, dict(content)
        for name, schema in properties.items():
            sd = content.get(schema.get("x-sd", ""))
            if sd is not None and content.get(name) is not None:
                told[name] = self.audience.told_mean(content[name], sd, n)
                told[schema["x-sd"]] = self.audience.told_sd(sd, n)
        return told

    def _alike(
        self,
        told: dict[str, Any],
        content: Mapping[str, Any],
        properties: Mapping[str, Any],
        path: str,
    ) -> dict[str, Any]:
        """Empty what stands by label and tells, to a few, a count that is hidden by label."""
        for name, counts in told.items():
            kind = (properties.get(name) or {}).get("x-kind")
            if kind != Kind.COUNT.value or not isinstance(counts, Mapping):
                continue
            gone = [label for label, n in counts.items() if n is None and content[name][label]]
            for other, parts in told.items():
                for label in filter(parts.__contains__, gone) if isinstance(parts, dict) else ():
                    n = base_of(content[other].get(label))
                    if n is not None and abs(n - content[name][label]) < self.audience.smallest:
                        parts[label] = self._emptied(parts[label], f"{path}.{other}.{label}")
        return told

    def _has_untold_share(
        self, content: Mapping[str, Any], properties: Mapping[str, Any], here: _Around
    ) -> bool:
        """Whether a share of a record is hidden, and with it what would tell the share."""
        whole = here.base
        return whole is not None and any(
            isinstance(value, float)
            and properties.get(name, {}).get("x-kind") == Kind.SHARE.value
            and self._tells_few(value, whole)
            for name, value in content.items()
        )

    def _leaves_few(
        self, n: int, schema: Mapping[str, Any] | None, counts: Mapping[str, int]
    ) -> bool:
        """Whether few are left of a count of the same record whose part a count is."""
        of = (schema or {}).get("x-of", ())
        wholes = [counts[one] for one in ([of] if isinstance(of, str) else of) if one in counts]
        return any(self.audience.is_small(whole - n) for whole in wholes)

    def _is_of_hidden(
        self,
        schema: Mapping[str, Any] | None,
        properties: Mapping[str, Any],
        counts: Mapping[str, int],
    ) -> bool:
        """Whether a count of forms is of persons whose own count may not be told."""
        by = (schema or {}).get("x-by", "")
        if by not in counts:
            return False
        n = counts[by]
        return self.audience.hides(n) or self._leaves_few(n, properties.get(by), counts)

    def _mapping(
        self,
        content: Mapping[str, Any],
        schema: Mapping[str, Any],
        path: str,
        around: _Around,
    ) -> dict[str, Any]:
        if "range_E" in content:  # a line as `norm.json` has it
            content = self._line(content, path)
        inside = schema.get("additionalProperties")
        inside = inherited(schema, inside if isinstance(inside, Mapping) else {})
        numbers = [value for value in content.values() if value is not None]
        if schema.get("x-kind") == Kind.COUNT.value and all(map(is_whole, numbers)):
            return self._counts(content, schema, path, around)
        of_line = "intercept" in content
        told: dict[str, Any] = {}
        for name, value in content.items():
            if self._is_untold(str(name), of_line=of_line):
                # Without the label, which few may have.
                of = covariate_of(term_of(str(name), ())) or str(name)
                told[of] = self._emptied(value, f"{path}.{of}")
            else:
                told[name] = self._part(value, inside, f"{path}.{name}", around)
        return told

    def _line(self, line: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Give low and high exposure for the lowest and highest, and counts in fives."""
        change = (line.get("claims") or {}).get("expected_change") or {}
        told = {**line, "range_E": [change.get("E_from"), change.get("E_to")]}
        self.withheld.append(f"{path}.range_E")
        told |= counts_of_line(line, self.audience)
        few = [self._is_untold(str(term), of_line=True) for term in line.get("terms", ())]
        if any(few) and told.get("claims"):
            degrees = zip(told["claims"]["df_by_term"], few, strict=False)
            told["claims"] = self._without_errors(
                {**told["claims"], "df_by_term": [None if gone else df for df, gone in degrees]},
                f"{path}.claims",
            )
        return self._without_errors(told, path) if any(few) else told

    def _without_errors(self, content: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Leave out a covariance: with a category of few it tells how many have it."""
        if "covariance" not in content:
            return dict(content)
        gone = self._emptied(content["covariance"], f"{path}.covariance")
        return {**content, "covariance": gone}

    def _is_untold(self, term: str, *, of_line: bool) -> bool:
        """Whether a key is the term, as `site=B`, of a covariate that is not told.

        A number's term is its name, which elsewhere than among the terms of a line may be a key of
        something else.
        """
        if LABEL_MARK not in term and not of_line:
            return False
        return covariate_of(term_of(term, ())) in self.untold

    def _counts(
        self,
        content: Mapping[str, Any],
        schema: Mapping[str, Any],
        path: str,
        around: _Around,
    ) -> dict[str, Any]:
        """Counts by label: as a column of a table that adds up to a number that is told."""
        nested = schema.get("x-nested", "")
        frame = pl.DataFrame({"n": pl.Series(list(content.values()), dtype=pl.Int64)})
        whole = around.base
        if whole is not None and not nested:
            frame = frame.with_columns(whole=pl.lit(whole, dtype=pl.Int64))
        columns = (
            Column(name="n", meaning="", kind=Kind.COUNT, of="whole", adds_up=not nested,
                   nested=nested),
            Column(name="whole", meaning="", kind=Kind.LABEL),
        )  # fmt: skip
        told = hide_small(Table(name="n", title="", frame=frame, columns=columns), self.audience)
        cells = dict(zip(content, told.frame["n"].to_list(), strict=True))
        return {
            name: self._gone(value, f"{path}.{name}")
            if cells[name] is None
            else self.audience.told(value)
            for name, value in content.items()
        }

    def _rows(
        self, frame: pl.DataFrame, schema: Mapping[str, Any], path: str, around: _Around
    ) -> pl.DataFrame:
        """A table: by the rules of tables of the page; columns of single persons are emptied.

        Counts of the table may be parts of those that stand beside it.
        """
        declared = (schema.get("items") or {}).get("properties") or {}
        columns = [column_of(name, declared.get(name, {})) for name in frame.columns]
        beside = {
            name: around.counts[name]
            for item in columns
            for name in (*names_of(item.of), item.n)
            if name in around.counts and name not in frame.columns
        }
        whole = frame.with_columns(
            pl.lit(n, dtype=pl.Int64).alias(name) for name, n in beside.items()
        )
        others = [Column(name=name, meaning="", kind=Kind.LABEL) for name in beside]
        table = Table(name="rows", title="", frame=whole, columns=[*columns, *others])
        told = as_told(table, self.audience).frame.drop(list(beside))
        personal = [item.name for item in columns if item.kind in (Kind.PERSON, Kind.IDENTIFIER)]
        told = told.with_columns(pl.lit(None).alias(name) for name in personal)
        for name in frame.columns:
            before, after = frame[name].is_null(), told[name].is_null()
            self.withheld += [f"{path}[{row}].{name}" for row in (after & ~before).arg_true()]
        return told

    def _leaf(self, value: Any, schema: Mapping[str, Any], path: str, around: _Around) -> Any:
        kind = schema.get("x-kind", Kind.STATISTIC.value)
        if value is None or isinstance(value, str | bool) or kind == Kind.LABEL.value:
            return self._gone(value, path) if value and kind in _OF_PERSONS else value
        if kind == Kind.COUNT.value or isinstance(value, Persons):
            wholes = [around.counts.get(name) for name in names_of(schema.get("x-of", ()))]
            wholes.append(None if around.base == value else around.base)
            n = value if isinstance(value, int) else round(value)
            hidden = any(self.audience.hides(n, whole) for whole in wholes)
            return self._gone(value, path) if hidden else self.audience.told(value)
        gone = around.few if kind == Kind.STATISTIC.value else around.few or around.touched
        if isinstance(value, Share) and value.part is not None:
            gone = gone or self.audience.hides(value.part, value.of)
        elif kind == Kind.SHARE.value and isinstance(value, float) and around.base:
            gone = gone or self._tells_few(value, around.base)
        elif kind == Kind.TELLING.value:
            gone = gone or around.share_gone
        if gone or kind in _OF_PERSONS:
            return self._gone(value, path)
        if isinstance(value, Share):
            return self.audience.told_share(value, value.of)
        column = column_of("", {**schema, "x-n": ""})
        return self.audience.rounded(
            value, column, around.counts.get(schema.get("x-n", ""), around.base)
        )

    def _tells_few(self, share: float, whole: int) -> bool:
        return 0 <= share <= 1 and self.audience.hides(round(share * whole), whole)

    def _emptied(self, value: Any, path: str) -> Any:
        """Hide every figure of a part."""
        if isinstance(value, Mapping):
            return {name: self._emptied(part, f"{path}.{name}") for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._emptied(part, f"{path}[{place}]") for place, part in enumerate(value)]
        return self._gone(value, path)

    def _gone(self, value: Any, path: str) -> Any:
        """Note that a figure is hidden; null stands in its place."""
        if value is not None:
            self.withheld.append(path)
        return None


class _Around:
    """What the record around a figure says of how many persons it rests on."""

    def __init__(
        self,
        base: int | None = None,
        few: bool = False,
        touched: bool = False,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        self.base, self.few, self.touched = base, few, touched
        self.counts = dict(counts or {})
        self.share_gone = False

    def within(
        self, counts: Mapping[str, int], audience: Audience, *, touched: bool = False
    ) -> _Around:
        """Return the same for a record inside, with these counts."""
        own = [counts[name] for name in BASE if name in counts]
        return _Around(
            base=own[0] if own else self.base,
            few=self.few or any(map(audience.is_small, own)),
            touched=self.touched or touched or any(audience.hides(n) for n in counts.values()),
            counts={**self.counts, **counts},
        )
