"""Drafts of study files from made-up data files of many forms.

    python benchmarks/bench_drafts.py [quick | FILES]

Files differ in the names of person and occasion, in scales, prefixes and places of numbers, in
occasions as rows or inside names, in codes of missing answers, in totals, and in columns that are
nothing of the study. Counted are drafts that are right, drafts that leave something open although
it is known, and drafts that are wrong in a key, a label, a role or an instrument.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from measuring import save

from salutogen.drafting import draft_study

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.drafting.made_up_files import judged, made_up

FIRST = 10_000  # none of the files that the tests look at


def main(arguments: list[str]) -> None:
    quick = arguments[:1] == ["quick"]
    files = 20 if quick else int(arguments[0]) if arguments else 1000
    verdicts: Counter[tuple[str, str]] = Counter()
    for number in range(FIRST, FIRST + files):
        truth = made_up(number)
        verdict, why = judged(truth, draft_study(truth.frame, "answers.csv").text)
        verdicts[truth.layout, verdict] += 1
        if verdict != "right":
            print(f"file {number}: {verdict}, {why}")
    rows = []
    for layout in ("row-per-occasion", "row-per-person"):
        counts = {verdict: verdicts[layout, verdict] for verdict in ("right", "open", "wrong")}
        total = sum(counts.values())
        told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
        rows.append(
            {
                "what": f"drafts of {total} made-up files, {layout}",
                "measured": told,
                "limit": "95 % right, none wrong",
                **counts,
            }
        )
        print(rows[-1]["what"], rows[-1]["measured"], flush=True)
    if not quick:
        save("drafts", rows, files=files, first=FIRST)


if __name__ == "__main__":
    main(sys.argv[1:])
