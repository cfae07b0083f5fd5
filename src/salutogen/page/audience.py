"""Who may be seen, and under which label: no subject id ever reaches the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SMALL_CELL = 5
PERSONS_DRAWN = 3000
_PER_LETTER = 99
_LABEL_STREAM = 0x5A1


@dataclass(frozen=True)
class Audience:
    """What the page may show of single persons.

    Attributes
    ----------
    individuals : bool
        The study file's `report: {individuals: show}`.
    n_persons : int
    seed : int
        Seed of the run; the order of labels comes from it, not from the file.
    """

    individuals: bool
    n_persons: int
    seed: int

    @property
    def draws_persons(self) -> bool:
        """Whether figures draw a mark for each person; beyond 3,000 they aggregate."""
        return self.individuals and self.n_persons <= PERSONS_DRAWN

    @property
    def smallest(self) -> int:
        """Smallest number of persons a shown figure may stand for."""
        return 1 if self.individuals else SMALL_CELL

    @cached_property
    def places(self) -> np.ndarray:
        """Place (from 0) of each person index in the seeded order of labels."""
        generator = np.random.default_rng(np.random.SeedSequence([self.seed, _LABEL_STREAM]))
        return generator.permutation(self.n_persons)

    def label(self, person: int) -> str:
        """Label such as "Person A7" of a person index."""
        return f"Person {person_code(int(self.places[person]))}"

    def labels(self, persons: np.ndarray) -> list[str]:
        """Labels of many person indices."""
        return [self.label(int(person)) for person in persons]

    def count(self, n: int) -> str:
        """Write a count; small ones are not told where persons are hidden."""
        if n < self.smallest and n > 0:
            return f"fewer than {self.smallest}"
        return f"{n:,}"


def person_code(place: int) -> str:
    """Write a place as letters and a number from 1 to 99: 0 is A1, 98 is A99, 99 is B1."""
    block, number = divmod(place, _PER_LETTER)
    letters = ""
    block += 1
    while block:
        block, rest = divmod(block - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{number + 1}"
