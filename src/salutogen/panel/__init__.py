"""From files or frames to one canonical panel of answers."""

from salutogen.panel.panel import InputFile, Panel, Reason
from salutogen.panel.reading import read_panel

__all__ = ["InputFile", "Panel", "Reason", "read_panel"]
