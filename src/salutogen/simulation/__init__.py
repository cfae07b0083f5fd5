"""Simulated cohorts whose truth is known: the shipped example and the oracle of the tests."""

from salutogen.simulation.settings import SimulationSettings
from salutogen.simulation.simulation import Simulated, simulate

__all__ = ["Simulated", "SimulationSettings", "simulate"]
