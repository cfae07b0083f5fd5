"""Simulated cohorts whose truth is known: the shipped example and the oracle of the tests."""

from salutogen.simulation.settings import SimulationSettings
from salutogen.simulation.simulation import Simulated, simulate
from salutogen.simulation.symptom_network import SymptomNetwork

__all__ = ["Simulated", "SimulationSettings", "SymptomNetwork", "simulate"]
