"""Short codes for a study's names in a model, and a model's words in the study's names.

Models call parameters after columns, and read their names apart; nothing that a study calls its
variables, occasions or groups may mean anything there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def codes_of(letter: str, named: Iterable[str]) -> dict[str, str]:
    """Return a code for each name.

    >>> codes_of("v", ["SR", "E<-P"])
    {'SR': 'v1', 'E<-P': 'v2'}
    """
    return {name: f"{letter}{place}" for place, name in enumerate(named, start=1)}


def in_names(
    text: str, names: Mapping[str, str], parameters: Sequence[tuple[str, str]] = ()
) -> str:
    """Return a model's sentence in the study's names.

    Parameters
    ----------
    text : str
    names : mapping of str to str
        The study's name of each code.
    parameters : sequence of (str, str)
        Patterns of parameters as the model calls them, and words for what they are.

    >>> in_names("var(v1): below zero.", {"v1": "mood"}, [("var[(](v1)[)]", "level of v1")])
    'level of mood: below zero.'
    """
    for pattern, words in parameters:
        text = re.sub(pattern, words, text)
    return re.sub(r"\b[a-z]\d+\b", lambda match: names.get(match[0], match[0]), text)
