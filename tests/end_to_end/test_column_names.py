"""Whatever the columns of a file are called, the figures are those of plain names."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from salutogen.scores import Scores, score
from salutogen.study import read_study
from salutogen.study.format import item_name
from tests.end_to_end.named_cohort import (
    OF_ANSWERS,
    answers,
    batches,
    columns_called,
    plan,
    same_numbers,
)
from tests.end_to_end.names_in_use import any_names

# Names that a table library takes for several columns, or a study file for a pattern of its own.
PATTERNS = (
    "*", "^x$",
    "^.*$", "^pid$", ".", "?", "[a]", "$", "^", "M*", "(", "a|b", "\\d", "!", "-", "a,b",
)  # fmt: skip


@cache
def plain() -> Scores:
    return score(read_study(plan({})).read(answers()))


def scored(names: dict[str, str], frame: pl.DataFrame) -> Scores:
    study = read_study(columns_called(names, plan({})))
    return score(study.read(frame.rename(names)))


def same(names: dict[str, str]) -> bool:
    found, expected = scored(names, answers()), plain()
    quality = [one.item_quality.select(pl.exclude("item")) for one in (found, expected)]
    return same_numbers(found.table.clone(), expected.table.clone()) and quality[0].equals(
        quality[1]
    )


@pytest.mark.parametrize("turn", range(len(OF_ANSWERS)))
def test_names_like_patterns_in_every_place(turn: int) -> None:
    """Each name stands once for each column: item, ready-made score, person, occasion."""
    turned = [*PATTERNS[turn:], *PATTERNS[:turn]]
    assert same(dict(zip(OF_ANSWERS, turned, strict=True)))


def test_columns_of_any_name() -> None:
    own = answers().columns
    names = [name for name in any_names() if name not in own and not set("{}") & set(name)]
    for called in batches(names, len(OF_ANSWERS))[::4]:
        assert same(dict(zip(OF_ANSWERS, called, strict=True))), called


def test_an_item_is_never_called_like_a_pattern_or_a_person() -> None:
    assert [item_name(name) for name in ("*", "^a$", "^a{occasion}$", "subject", "^a", "a$")] == [
        "item:*", "item:^a$", "item:^a$", "item:subject", "^a", "a$"
    ]  # fmt: skip
