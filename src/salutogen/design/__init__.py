"""Simulated cohorts whose truth is known: the shipped example and the oracle of the tests."""

from salutogen.design.settings import SimulationSettings
from salutogen.design.simulation import Simulated, simulate

__all__ = ["Simulated", "SimulationSettings", "simulate"]
