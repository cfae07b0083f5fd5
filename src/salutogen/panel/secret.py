"""A number that only who has the answers can work out: it seeds the labels of persons."""

from __future__ import annotations

import hashlib

from salutogen.panel.panel import Panel

_SEED = 0x5A1


def secret_of(panel: Panel) -> int:
    """Return a number made of identifiers and answers, which no output holds.

    The same data give the same number. The hashes that the manifest tells do not give it: these
    are of the files, this is of what stands in them.
    """
    digest = hashlib.sha256()
    frames = (panel.persons, panel.rows, *panel.answers.values(), *panel.baseline.values())
    for frame in frames:
        if frame.width:
            digest.update(frame.hash_rows(seed=_SEED).to_numpy().tobytes())
    return int.from_bytes(digest.digest(), "big")
