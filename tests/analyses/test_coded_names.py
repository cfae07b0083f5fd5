"""A model's sentences in the study's names, whatever these are."""

from __future__ import annotations

from salutogen.analyses.coded_names import codes_of, in_names


def test_names_come_back_to_the_letter() -> None:
    odd = ("E<-P", "v2", "a b (c)", "v1")
    codes = codes_of("v", odd)
    names = {code: name for name, code in codes.items()}
    assert list(codes.values()) == ["v1", "v2", "v3", "v4"]
    told = in_names("loading(v1) and loading(v3) beside v2, v4 and v12", names)
    assert told == "loading(E<-P) and loading(a b (c)) beside v2, v1 and v12"


def test_parameters_are_put_into_words_before_names_are() -> None:
    words = ((r"\bloading\((\w+)\)", r"loading of \1"),)
    assert in_names("loading(v1)", {"v1": "loading(v2)"}, words) == "loading of loading(v2)"
