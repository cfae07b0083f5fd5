"""Parts of the page stand for themselves: one that fails is missing, and the rest is complete."""

from __future__ import annotations

import os
from collections.abc import Callable

from salutogen.analyses.running import place_of
from salutogen.findings import Finding, finding

STRICT = "SALUTOGEN_STRICT_PAGE"  # set: what fails is raised, as in the project's own tests


def attempt[T](what: str, make: Callable[[], T], found: list[Finding]) -> T | None:
    """Make a part of the page; where that fails, tell it in `found` and return None.

    Parameters
    ----------
    what : str
        The part, in words.
    make : callable
    found : list of Finding
        Takes what failed: the place in the code, never the text of the error, which may hold
        answers of persons.
    """
    try:
        return make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # engines panic
        if os.environ.get(STRICT):
            raise
        place, name = place_of(error, {"salutogen"}), type(error).__name__
        found.append(finding("part-of-page-failed", part=what, error=name, place=place))
        return None
