"""What a session asks of the terminal that its command is on, wherever that is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class Terminal(Protocol):
    """`file` is to be watched: to read from, and to write to while `has_input`."""

    file: int
    exit_code: int | None
    is_at_end: bool

    @property
    def has_input(self) -> bool: ...

    @property
    def has_room(self) -> bool: ...

    def resize(self, columns: int, rows: int) -> None: ...

    def read(self) -> bytes:
        """Return what there is; nothing now, or (`is_at_end`) nothing ever again."""

    def write(self, data: bytes) -> None: ...

    def push(self) -> None:
        """Hand on as much of the input as the terminal takes."""

    def ended(self, child: int, wait_status: int) -> None:
        """Hear of a process that has ended, which may be another's."""

    def hang_up(self) -> None:
        """Tell whoever would notice that somebody hung up."""

    def kill(self) -> None:
        """Kill whoever did not take the hint."""

    @property
    def is_deserted(self) -> bool:
        """Whether nobody is left of those who were hung up on."""

    def close(self) -> None: ...


MakeTerminal = Callable[
    [Sequence[str], Mapping[bytes, bytes]], Terminal
]  # raises OSError when there is none to be had
