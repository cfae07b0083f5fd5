"""Commented study files for common designs, to begin with."""

from __future__ import annotations

from importlib.resources import files

from salutogen.errors import StudyError
from salutogen.findings import finding
from salutogen.names import did_you_mean


def template_names() -> tuple[str, ...]:
    """Names of the templates."""
    folder = files("salutogen.study.templates")
    names = (resource.name for resource in folder.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def read_template(name: str) -> str:
    """Text of a template.

    Raises
    ------
    StudyError
        There is no template of this name; the nearest one is named.
    """
    names = template_names()
    if name not in names:
        mend = did_you_mean(name, names).strip() or None
        raise StudyError([finding("unknown-template", name=name, mend=mend)])
    return (files("salutogen.study.templates") / f"{name}.yaml").read_text(encoding="utf-8")
