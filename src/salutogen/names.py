"""Names that were probably meant: the one place that looks for the nearest of some names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from salutogen.findings import listed


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


def did_you_mean_these(names: Iterable[object], known: Iterable[str]) -> str:
    """Return such a sentence for several names; nothing where none of them is near a known one."""
    known = list(known)
    near = list(dict.fromkeys(found for name in names if (found := nearest(name, known))))
    return f" Did you mean {listed(near, quotes=True, most=3)}?" if near else ""
