"""The `tapit` command line: it talks HTTP to a home and shares no code with it."""

__version__ = "0.1.0"

# Start-up is a budget: `typing` by itself would be 2 ms of every command. So what only annotations need is imported
# under `if TYPE_CHECKING:`, which a type checker takes for true by its name, and `from __future__ import annotations`
# lets them be written as anywhere else.
TYPE_CHECKING = False
