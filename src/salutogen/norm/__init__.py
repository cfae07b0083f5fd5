"""From scores to E-P lines."""

from salutogen.norm.lines import Line, LineKey, Lines
from salutogen.norm.mixed import MixedLine
from salutogen.norm.norm import Norm
from salutogen.norm.norm_file import read_norm
from salutogen.norm.norm_fit import fit_norm
from salutogen.norm.shape import ShapeTest

__all__ = ["Line", "LineKey", "Lines", "MixedLine", "Norm", "ShapeTest", "fit_norm", "read_norm"]
