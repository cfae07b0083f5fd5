"""Identifiers of persons, found in texts whatever role their column was given, and struck out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from salutogen.findings import Finding, filled

STRUCK = "[identifier]"
_TOKEN = re.compile(r"[^\s,;:=()\[\]{}\"'“”‘’<>]+")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"|“([^”]*)”")
_JOINED = re.compile(r"[/|\\_#&+*~]+")  # what puts an identifier and something else into a word
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.0+)?(?![\d,])")  # 100,234
_DECIMAL = re.compile(r"\d+\.0+")  # a number that was read as one
_DIGIT = r"[\d¹²³⁰⁴-⁹₀-₉]"
_LETTERED, _DIGITS = 4, 6  # from how many characters on an identifier is like no other word
_MOST_OF_WORDS = 5_000  # identifiers of several words that are searched for within texts


@dataclass(frozen=True, repr=False)
class Identifiers:
    """The identifiers of a study, as far as they can be told from other words and numbers.

    Attributes
    ----------
    subjects : Series of str
        All of them.
    columns : collection of str
        Columns that hold them, whatever else the study file takes these for: what is quoted of
        such a column is an identifier, however short.
    """

    subjects: pl.Series
    columns: Collection[str] = ()

    def __repr__(self) -> str:
        """Say how many there are, and none of them."""
        return f"Identifiers({self.subjects.len():,} persons)"

    @cached_property
    def distinctive(self) -> frozenset[str]:
        """Identifiers that are like no other word: four characters with a digit, or six digits."""
        text = pl.col("text")
        digits, length = text.str.contains(rf"^{_DIGIT}+$"), text.str.len_chars()
        lettered = text.str.contains(_DIGIT) & (length >= _LETTERED)
        alike_no_other = pl.when(digits).then(length >= _DIGITS).otherwise(lettered)
        # In one query: a large study has a million of them.
        texts = pl.DataFrame({"text": self.subjects}).filter(alike_no_other)
        return frozenset(texts["text"].to_list())

    @cached_property
    def _keys(self) -> frozenset[str]:
        """The same as they look, whatever their case or Unicode form."""
        texts = pl.Series(list(self.distinctive), dtype=pl.String)
        return frozenset(texts.str.normalize("NFKC").str.to_lowercase().to_list())

    @cached_property
    def lettered(self) -> frozenset[str]:
        """Others that are no plain number, such as a name: known where they stand alone."""
        plain = self.subjects.str.contains(rf"^[\s.\-]*{_DIGIT}*$")
        like_words = ~self.subjects.str.contains(_DIGIT)
        short = self.subjects.str.len_chars() < _LETTERED
        texts = self.subjects.filter(~plain & (like_words | short))
        return frozenset(texts.str.strip_chars().to_list()) | frozenset(texts.to_list())

    @cached_property
    def _of_words(self) -> re.Pattern[str] | None:
        """Identifiers of several words, which no token finds."""
        spaced = self.subjects.str.strip_chars().str.contains(" ", literal=True)
        found = self.subjects.filter(spaced & (self.subjects.str.len_chars() >= _LETTERED))
        if found.is_empty() or found.len() > _MOST_OF_WORDS:
            return None
        texts = found.str.strip_chars().to_list()
        known = "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))
        return re.compile(rf"(?<!\w)(?:{known})(?!\w)")

    @cached_property
    def _labels(self) -> re.Pattern[str] | None:
        """Labels of a column of identifiers, as the terms of a line have them: `name=label`."""
        if not self.columns:
            return None
        names = "|".join(map(re.escape, sorted(self.columns)))
        return re.compile(rf"(?<!\w)({names})=[^\s,;()]+")

    @cached_property
    def all(self) -> frozenset[str]:
        """Every identifier."""
        return frozenset(self.subjects.to_list())

    def stand_in(self, text: str) -> bool:
        """Whether a text holds an identifier that is like no other word."""
        if self._of_words is not None and self._of_words.search(text):
            return True
        if self._labels is not None and "=" in text and self._labels.search(text):
            return True
        if not self.distinctive:
            return False
        if text in self.distinctive or any(map(self._is_grouped, _GROUPED.findall(text))):
            return True
        return any(map(self._is_one, _TOKEN.findall(text)))

    def _is_one(self, token: str) -> bool:
        """Whether a word is an identifier, or is joined of one and something else."""
        if token in self.distinctive or token.rstrip(".!?…") in self.distinctive:
            return True
        if _DECIMAL.fullmatch(token):
            return token.partition(".")[0] in self.distinctive
        parts = [_key(token), _key(token.rstrip(".!?…"))]
        parts += [_key(part) for part in _JOINED.split(token)] if _JOINED.search(token) else []
        return any(part in self._keys for part in parts)

    def _is_grouped(self, number: str) -> bool:
        return number.partition(".")[0].replace(",", "") in self.distinctive

    def struck(self, text: str, known: frozenset[str] = frozenset()) -> str:
        """Return a text without identifiers.

        Parameters
        ----------
        text : str
        known : set of str
            What is an identifier where it is all that stands between quotes, or all of the text.
        """
        if text in known or text in self.distinctive:
            return STRUCK
        told = _QUOTED.sub(lambda found: _without(found, known), text) if known else text
        if self._labels is not None and "=" in told:
            told = self._labels.sub(rf"\1={STRUCK}", told)
        if self._of_words is not None:
            told = self._of_words.sub(STRUCK, told)
        if not self.distinctive:
            return told
        told = _GROUPED.sub(lambda found: STRUCK if self._is_grouped(found[0]) else found[0], told)
        return _TOKEN.sub(lambda found: STRUCK if self._is_one(found[0]) else found[0], told)

    def struck_from(self, item: Finding) -> Finding:
        """Return a finding that quotes no identifier."""
        evidence = item.evidence
        column = evidence.column or ""
        known = self.all if column and column in self.columns else self.lettered
        values = {
            name: self.plain(value, frozenset() if name in ("file", "column") else known)
            for name, value in item.values.items()
        }
        text = item.text
        if item.template and values != dict(item.values):
            text = filled(item.template, values, "{:,}".format)
        text = self.struck(text, known)
        template = item.template
        if template and self.struck(filled(template, values, str), known) != filled(
            template, values, str
        ):
            template = ""  # an identifier stands in what the template itself says
        return replace(
            item,
            text=text,
            template=template,
            values=values,
            mend=self.struck(item.mend, known),
            evidence=replace(evidence, numbers=self.plain(evidence.numbers, known)),
        )

    def plain(self, value: Any, known: frozenset[str] = frozenset()) -> Any:
        """Return plain data without identifiers, in keys as well."""
        if isinstance(value, str):
            return self.struck(value, known)
        if isinstance(value, Finding):
            return self.struck_from(value)
        if isinstance(value, Mapping):
            made: dict[Any, Any] = {}
            for key, item in value.items():
                told = self.struck(key, known) if isinstance(key, str) else key
                while told in made:
                    told = f"{told} more"
                made[told] = self.plain(item, known)
            return made
        if isinstance(value, list | tuple):
            return type(value)([self.plain(item, known) for item in value])
        whole = type(value) is int or (type(value) is float and value.is_integer())
        if whole and str(int(value)) in self.distinctive:
            return None
        return value


def _key(text: str) -> str:
    """A text as it looks, whatever its case or Unicode form."""
    return unicodedata.normalize("NFKC", text).lower()


def _without(found: re.Match[str], known: frozenset[str]) -> str:
    inside = next((part for part in found.groups() if part is not None), "")
    return found[0].replace(inside, STRUCK) if inside in known else found[0]


def struck_from_all(found: Iterable[Finding], identifiers: Identifiers) -> tuple[Finding, ...]:
    """Return findings that quote no identifier."""
    if identifiers.subjects.is_empty():
        return tuple(found)
    return tuple(identifiers.struck_from(item) for item in found)
