"""Names that were probably meant: the one place that looks for the nearest of some names."""

from __future__ import annotations

import re
from collections.abc import Iterable


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Return the known name that was probably meant, if one is near.

    What is mistyped most does not count: capitals, spaces, points, dashes and underscores.
    """
    import difflib

    names = [str(item) for item in names]
    alike = {_bare(item): item for item in reversed(names)}
    if _bare(str(name)) in alike:
        return alike[_bare(str(name))]
    known = {item.lower(): item for item in reversed(names)}
    near = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.6)
    return known[near[0]] if near else None


def _bare(name: str) -> str:
    return re.sub(r"[\s._-]+", "", name.lower()) or name


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """Return a sentence that begins with a space and names what was probably meant, or nothing."""
    near = nearest(name, names)
    return f" Did you mean {near!r}?" if near else ""
