"""Kernels that are compiled by themselves, and called at their address by those that need them.

A kernel that calls another by its name is compiled with all of that one in it, again for each
kernel that does. One that is given an address calls the machine code that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from salutogen.models.compiling.njit import settings  # first: it says where machine code is kept

# isort: split
import numba
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

__all__ = ["Addressed", "by_address", "floats", "record", "whole_number"]

kinds: Any = numba.types
whole_number = kinds.int64


def floats(dimensions: int) -> Any:
    """Type of an array of numbers that lie one after the other and may be changed."""
    return kinds.Array(kinds.float64, dimensions, "C")


def record(kind: type[tuple[Any, ...]], *fields: Any) -> Any:
    """Type of a named tuple with fields of these types."""
    return kinds.NamedTuple(fields, kind)


class Addressed:
    """A function that is compiled when its address is first asked for.

    Attributes
    ----------
    call : callable
        For kernels: ``call(address, *arguments)`` calls the function.
    """

    def __init__(self, function: Callable[..., Any], types: Any, options: dict[str, Any]) -> None:
        self._function, self._types, self._options = function, types, options
        self.call: Any = _uncompiled_call if settings["DISABLE_JIT"] else _call(types)

    @cached_property
    def address(self) -> Any:
        """Where the machine code is; the function itself where nothing is compiled."""
        if settings["DISABLE_JIT"]:
            return self._function
        return self._compiled.address

    @cached_property
    def _compiled(self) -> Any:
        try:
            return numba.cfunc(self._types, cache=True, **self._options)(self._function)
        except (RuntimeError, OSError):  # no folder that can be written, or a full one
            return numba.cfunc(self._types, **self._options)(self._function)


def by_address(*types: Any, **options: Any) -> Callable[[Callable[..., float]], Addressed]:
    """Compile a function that returns a number by itself, for kernels that get its address.

    Parameters
    ----------
    *types
        Of the arguments; a kernel that passes others is refused.
    **options
        As of `numba.cfunc`.

    Notes
    -----
    An exception in the function would be printed only.
    """

    def addressed(function: Callable[..., float]) -> Addressed:
        return Addressed(function, kinds.float64(*types), options)

    return addressed


def _uncompiled_call(function: Callable[..., float], *arguments: Any) -> float:
    return function(*arguments)


def _call(types: Any) -> Any:
    """Make the call of what has this signature and stands at an address."""

    @intrinsic
    def call(typing: Any, address: Any, *arguments: Any) -> Any:
        if arguments != types.args:
            raise TypingError(f"compiled for {types.args}, called with {arguments}")

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            tools: Any = cgutils
            pointer = context.get_value_type(kinds.FunctionType(types).ftype)
            place = builder.inttoptr(given[0], pointer)
            return builder.call(place, tools.unpack_tuple(builder, given[1]))

        return types.return_type(address, kinds.Tuple(arguments)), generate

    return call
