"""Quantiles behind 95 % intervals and 5 % tests, to the last digit of a double."""

from __future__ import annotations

NORMAL_95 = 1.959963984540054  # two-sided, standard normal
CHI_SQUARE_95 = 3.841458820694124  # one degree of freedom; the square of the other
