"""Run many random studies at length: `python -m tests.end_to_end.random_studies --to 10000`.

What is done is kept in a file, a line each, so that an interrupted run goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.end_to_end.random_studies.running import Outcome, outcome_of


def main() -> int:
    """Run the studies that are not done yet; the exit code says whether one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first study")
    parser.add_argument("--to", type=int, default=10_000, help="number behind the last study")
    parser.add_argument("--kept", type=Path, default=Path("random-studies.jsonl"))
    given = parser.parse_args()
    warnings.simplefilter("error")
    os.environ["SALUTOGEN_STRICT_PAGE"] = "1"
    done = _done(given.kept, given.seed)
    with given.kept.open("a", encoding="utf-8") as kept:
        for number in range(given.first, given.to):
            if number in done:
                continue
            with tempfile.TemporaryDirectory() as folder:
                outcome = outcome_of(given.seed, number, Path(folder))
            done[number] = outcome
            kept.write(json.dumps(asdict(outcome)) + "\n")
            kept.flush()
            if outcome.kind == "failed":
                _say(f"--seed {given.seed} --first {number} --to {number + 1}\n{outcome.words}")
    asked = [one for number, one in done.items() if given.first <= number < given.to]
    _tell(asked)
    return int(any(one.kind == "failed" for one in asked))


def _done(path: Path, seed: int) -> dict[int, Outcome]:
    """Return the outcomes that an earlier run kept."""
    if not path.exists():
        return {}
    lines = path.read_text("utf-8").splitlines()
    kept = [Outcome(**json.loads(line)) for line in lines if line.endswith("}")]
    return {one.number: one for one in kept if one.seed == seed and one.kind != "failed"}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(outcomes: list[Outcome]) -> None:
    _say(f"{len(outcomes)} studies: {dict(Counter(one.kind for one in outcomes))}")
    for kind in ("refused", "results"):
        codes = Counter(code for one in outcomes if one.kind == kind for code in set(one.codes))
        _say(f"refusals in studies with outcome {kind!r}:")
        for code, count in codes.most_common():
            _say(f"  {count:6} {code}")


if __name__ == "__main__":
    sys.exit(main())
