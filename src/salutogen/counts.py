"""Counts of persons, and of what a person has several of, that know of whom they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Persons(int):
    """A count of persons: told to everyone only where neither it nor what it leaves is small.

    Parameters
    ----------
    n : int
    of : int, optional
        The count whose part it is, where that is told as well. Everyone in the study is a whole
        without being named.

    Examples
    --------
    >>> Persons(38, of=40) + 1, Persons(38, of=40).of
    (39, 40)
    """

    of: int | None

    def __new__(cls, n: Any, of: int | None = None) -> Self:
        """Make a count."""
        made = super().__new__(cls, n)
        made.of = of
        return made


class Forms(Persons):
    """A count of forms, rows or cells, of which a person may have several.

    Six forms of one person are no more to be told than one person is: small are the persons, not
    the forms.

    Parameters
    ----------
    n : int
    persons : int
        Persons whose they are.
    others : int
        Persons who have others of the same whole, which are not counted; 0 where there are none.

    Examples
    --------
    >>> Forms(6, persons=1, others=40), Forms(6, persons=1, others=40).persons
    (6, 1)
    """

    persons: int
    others: int

    def __new__(cls, n: Any, of: int | None = None, *, persons: int, others: int = 0) -> Self:
        """Make a count."""
        made = super().__new__(cls, n, of)
        made.persons, made.others = persons, others
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[int, int | None], dict[str, int]]:
        """What a copy is made of."""
        return (int(self), self.of), {"persons": self.persons, "others": self.others}


def forms_of(counted: NDArray[np.bool_], person: NDArray[Any]) -> Forms:
    """Count forms, and the persons whose the counted and the other ones are.

    Parameters
    ----------
    counted : ndarray of bool, shape (forms,)
    person : ndarray of int, shape (forms,)
        Index of each form's person.
    """
    import numpy as np

    # One pass for both: even places are of the other forms, odd ones of those that are counted.
    places = person.astype(np.int64)
    places *= 2
    places += counted
    found = np.bincount(places)
    others, own = (found[place::2] for place in (0, 1))
    return Forms(
        int(own.sum()), persons=int(np.count_nonzero(own)), others=int(np.count_nonzero(others))
    )
