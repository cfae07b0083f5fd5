"""One line for a result: its name, its sizes and its key figures; never its arrays."""

from __future__ import annotations

from collections.abc import Callable

LONGEST = 60  # characters of one value


def short_repr[Result](*names: str) -> Callable[[type[Result]], type[Result]]:
    """Let a class be shown by some of its attributes, in a line.

    Parameters
    ----------
    *names : str
        Attributes or properties: text, numbers, truth values or short tuples of these. Arrays,
        tables and the like show their shape.

    Examples
    --------
    >>> @short_repr("n_persons", "p_value")
    ... class Test:
    ...     n_persons, p_value = 40, 0.012345678
    >>> Test()
    Test(n_persons=40, p_value=0.0123457)
    """

    def decorated(kind: type[Result]) -> type[Result]:
        def shown(self: Result) -> str:
            values = ", ".join(f"{name}={_value(getattr(self, name))}" for name in names)
            return f"{type(self).__name__}({values})"

        kind.__repr__ = shown  # type: ignore[assignment, method-assign]
        return kind

    return decorated


def _value(value: object) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"array of {' × '.join(map(str, shape))}"
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
