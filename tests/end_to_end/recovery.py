"""Attempts to find persons again in what claims to hold none."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl

# Counts of persons or of their forms, by their names; and whole numbers of the design.
COUNTED = re.compile(
    r"(^|[._])(n|n_\w+|persons\w*|answered|valid|with_[PE]|planned|changed|missing|counts|flow|"
    r"rows\w*|by_\w+|far_\w+|clear_\w+|outside|influential|moving|other_event_before|lag1_pairs)([._\[]|$)"
)
DESIGN = re.compile(
    r"figure-valid-occasions.csv valid|n_items|n_pairs|n_splits|by_chance|seed|draws|df\d?$|window$"
)
SAID = re.compile(
    r"(?<![\w.,–−-])[1-4] (?:of [\d,]+ )?(?:persons?|participants|anchors?|courses?|rows?|forms?|"
    r"values|answers?|occasions are)\b"
)
EDGES = re.compile(r"distribution.csv (from|to)$")  # multiples of a width that is told
NUMBER = re.compile(r"(?<![\w.,#])[-−]?\d[\d,]*(?:\.\d+)?(?![\w.,]*\d)")


@dataclass(frozen=True)
class Shared:
    """Every file of an output folder that its manifest calls no personal data."""

    folder: Path
    texts: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path, **more: str) -> Shared:
        """Read them; pictures of dots are left to the eye."""
        made = json.loads((folder / "manifest.json").read_text("utf-8"))
        names = [item["file"] for item in made["outputs"] if not item["personal_data"]]
        texts = {
            name: _without_scripts((folder / name).read_text("utf-8"))
            for name in [*names, "manifest.json"]
            if not name.endswith(".png")
        }
        return cls(folder, {**texts, **more})

    def json(self, name: str) -> Any:
        """One file as data."""
        return json.loads(self.texts[name])

    def tables(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Every table of the page."""
        for name, text in self.texts.items():
            if name.startswith("tables/"):
                yield name, pl.read_csv(io.StringIO(text), infer_schema_length=None)

    def naming(self, subjects: tuple[str, ...]) -> list[tuple[str, str]]:
        """Identifiers that stand anywhere."""
        return [
            (name, subject)
            for name, text in self.texts.items()
            for subject in subjects
            if subject in text
        ]

    def telling(self, values: list[float]) -> list[tuple[str, float]]:
        """Values that stand anywhere as a number, to the digits that they are told with."""
        wanted = {f"{value:.{digits}f}" for value in values for digits in (0, 1, 2, 3)}
        found = []
        for name, text in self.texts.items():
            if name == "manifest.json":
                continue
            words = re.sub(r"<svg.*?</svg>", "", text, flags=re.S) if "html" in name else text
            told = {token.replace(",", "").lstrip("-−") for token in NUMBER.findall(words)}
            found += [(name, float(value)) for value in wanted & told]
        return found

    def small_counts(self, n: int) -> list[tuple[str, Any]]:
        """Counts of few, and those that leave few of everyone."""
        found = [
            (path, value)
            for path, value in leaves(self.json("results.json"))
            if COUNTED.search(path)
            and not DESIGN.search(path)
            and type(value) is int
            and is_few(value, n)
        ]
        for name, table in self.tables():
            for column in table.columns:
                if COUNTED.search(f".{column}") and not DESIGN.search(f"{name} {column}"):
                    cells = table[column].drop_nulls()
                    whole = [cell for cell in cells.to_list() if isinstance(cell, int)]
                    found += [(f"{name} {column}", cell) for cell in whole if is_few(cell, n)]
        return found

    def said_counts(self) -> list[tuple[str, str]]:
        """Counts of few in sentences."""
        found = []
        for name, text in self.texts.items():
            if name in ("report.html", "findings.json", "stderr"):
                words = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text, flags=re.S)
                found += [(name, match[0]) for match in SAID.finditer(words)]
        return found

    def telling_shares(self, n: int) -> list[tuple[str, float]]:
        """Shares that are a few of everyone."""
        told = [
            (path, value) for path, value in leaves(self.json("results.json")) if "share" in path
        ]
        for name, table in self.tables():
            told += [
                (f"{name} {column}", cell)
                for column in table.columns
                if "share" in column
                for cell in table[column].drop_nulls().to_list()
            ]
        return [
            (path, value)
            for path, value in told
            if isinstance(value, float)
            and "exposure" not in path
            and abs(value * n - round(value * n)) < 1e-3 * n
            and is_few(round(value * n), n)
            and value > 0.5 / n
        ]

    def long_numbers(self, digits: int) -> list[tuple[str, str]]:
        """Numbers of persons with more digits than may be told; of the norm for others some do."""
        page = re.sub(
            r"<script.*?</script>|<svg.*?</svg>", "", self.texts["report.html"], flags=re.S
        )
        told = [
            ("report.html", token)
            for token in NUMBER.findall(re.sub(r"<[^>]+>", " ", page))
            if "." in token
        ]
        told += [
            (path, f"{value:.12g}")
            for path, value in leaves(self.json("results.json"))
            if isinstance(value, float)
        ]
        told += [
            ("findings.json", token)
            for item in self.json("findings.json")
            for token in NUMBER.findall(item["text"])
            if "." in token
        ]
        told += [
            (f"{name} {column}", f"{cell:.12g}")
            for name, table in self.tables()
            for column in table.columns
            if table[column].dtype.is_float() and not EDGES.search(f"{name} {column}")
            for cell in table[column].drop_nulls().to_list()
        ]
        return [(where, token) for where, token in told if significant(token) > digits]

    def differences(self, values: list[float], near: float) -> list[tuple[str, float]]:
        """Values that follow from two means whose counts are told and differ by few."""
        found = []
        for name, told in self.means().items():
            for (n, a), (m, b) in combinations(sorted(set(told)), 2):
                if 0 < m - n < 5:
                    implied = (m * b - n * a) / (m - n)
                    found += [
                        (name, value) for value in values if abs(implied - value) < near * value
                    ]
        return found

    def means(self) -> dict[str, list[tuple[int, float]]]:
        """Numbers beside the counts they may rest on, by the name of the number."""
        found: dict[str, list[tuple[int, float]]] = {}
        for row in self._rows():
            counts = [
                value
                for name, value in row.items()
                if type(value) is int and COUNTED.search(f".{name}") and not DESIGN.search(name)
            ]
            for name, value in row.items():
                if isinstance(value, float):
                    found.setdefault(name, []).extend((n, value) for n in counts)
        return found

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        """Rows of tables, and mappings of `results.json` with what lies within."""
        for _, table in self.tables():
            yield from table.iter_rows(named=True)
        waiting = [self.json("results.json")]
        while waiting:
            part = waiting.pop()
            inside = part.values() if isinstance(part, Mapping) else part
            waiting += [item for item in inside if isinstance(item, dict | list)]
            if isinstance(part, Mapping):
                own = {key: value for key, value in part.items() if type(value) is int}
                yield own | {path: value for path, value in leaves(part) if type(value) is float}

    def beyond(self, name: str, limit: float) -> list[tuple[str, float]]:
        """Values of exposure or problems, in tables and figures, that are beyond a limit."""
        kind = re.compile(rf"^{name}(_|$)")
        found = [
            (f"{file} {column}", value)
            for file, table in self.tables()
            for column in table.columns
            if kind.search(column) and table[column].dtype.is_numeric()
            for value in table[column].drop_nulls().to_list()
        ]
        found += [
            (path, value)
            for path, value in leaves(self.json("results.json"))
            if kind.search(path.rpartition(".")[2]) and isinstance(value, int | float)
        ]
        # What the scale can hold is known of the plan.
        return [
            (where, value)
            for where, value in found
            if abs(value) > limit and ".possible." not in where
        ]


def significant(token: str) -> int:
    """Digits of a number, without zeros before and behind them."""
    plain = token.lower().partition("e")[0].replace(",", "").strip("-−+")
    return len(plain.replace(".", "").strip("0"))


def is_few(count: int, n: int) -> bool:
    """Whether a count is of few, or leaves few of everyone."""
    return 0 < count < 5 or 0 < n - count < 5


def leaves(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of plain data with its dotted path."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from leaves(value, f"{path}[{place}]")
    elif content is not None:
        yield path, content


def _without_scripts(text: str) -> str:
    text = re.sub(r"<script(?! type=\"application/json\")[^>]*>.*?</script>", "", text, flags=re.S)
    return re.sub(r"<style.*?</style>", "", text, flags=re.S)
