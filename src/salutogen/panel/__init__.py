"""From files or frames to one canonical panel of answers."""

from salutogen.panel.momentary import Momentary
from salutogen.panel.panel import InputFile, Panel, Reason
from salutogen.panel.reading import read_panel

__all__ = ["InputFile", "Momentary", "Panel", "Reason", "read_panel"]
