"""Counts of forms know of how many persons they are."""

from __future__ import annotations

import copy
import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from salutogen.counts import Forms, forms_of
from salutogen.page.words import Share


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=40))
def test_persons_behind_forms_are_counted_one_by_one(forms: list[tuple[bool, int]]) -> None:
    counted = np.array([one for one, _ in forms], dtype=bool)
    person = np.array([who for _, who in forms], dtype=np.int64)
    found = forms_of(counted, person)
    assert found == sum(one for one, _ in forms)
    assert found.persons == len({who for one, who in forms if one})
    assert found.others == len({who for one, who in forms if not one})


def test_a_copy_knows_the_same_persons() -> None:
    forms = Forms(6, 40, persons=1, others=12)
    share = Share(6 / 40, of=40, part=forms)
    for made in (pickle.loads(pickle.dumps(share)), copy.deepcopy(share)):
        assert made == share
        assert (made.of, made.part.of, made.part.persons, made.part.others) == (40, 40, 1, 12)
