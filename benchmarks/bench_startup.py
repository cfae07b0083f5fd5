"""Claim: `salutogen --help` takes under 0.4 s and `import salutogen` under 0.2 s."""

from __future__ import annotations

from measuring import measure, python, salutogen, save

REPEATS = 15


def main() -> None:
    nothing = measure(python("pass"), REPEATS)
    imported = measure(python("import salutogen"), REPEATS)
    helped = measure(salutogen("--help"), REPEATS)
    own = imported.median_s - nothing.median_s
    save(
        "startup",
        [
            {
                "what": "`import salutogen`, new process (Python alone taken off)",
                "measured": f"{imported.median_s:.2f} s ({own:.2f} s)",
                "limit": "0.2 s",
            },
            {
                "what": "`salutogen --help`",
                "measured": f"{helped.median_s:.2f} s",
                "limit": "0.4 s",
            },
        ],
        measured={"python": nothing, "import": imported, "help": helped},
    )


if __name__ == "__main__":
    main()
