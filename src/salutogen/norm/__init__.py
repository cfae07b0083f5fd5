"""From scores to E-P lines."""

from salutogen.norm.fitting import fit_norm
from salutogen.norm.norm import Line, MixedLine, Norm, ShapeTest
from salutogen.norm.norm_file import read_norm

__all__ = ["Line", "MixedLine", "Norm", "ShapeTest", "fit_norm", "read_norm"]
