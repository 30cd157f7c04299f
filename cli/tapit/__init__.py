"""The `tapit` command line: it talks HTTP to a home and shares no code with it."""

__version__ = "0.1.0"
