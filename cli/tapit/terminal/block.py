"""A block of `Key: value` lines."""

from tapit.terminal.folding import fitted
from tapit.terminal.stream import Stream, harmless

WIDTH = 12


class Block:
    """Lines under keys; whatever a task brought along is made harmless."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def line(self, key: str, value: str | None, *styles: str) -> None:
        if value:
            self.lines(key, value.split("\n"), *styles)

    def lines(self, key: str, values: list[str], *styles: str) -> None:
        """The first beside the key, the others below it; what does not fit is broken between words."""
        room = WIDTH + 1
        self._write(
            key,
            [part for one in map(_clean, values) for part in fitted(self._stream, one, taken=room)],
            styles,
        )

    def whole_lines(self, key: str, values: list[str]) -> None:
        """What is not ours to break: somebody may copy it."""
        self._write(key, [_clean(value) for value in values], ())

    def _write(self, key: str, values: list[str], styles: tuple[str, ...]) -> None:
        for at, value in enumerate(values):
            head = f"{key}:" if at == 0 else ""
            shown = self._stream.styled(f"{head:<{WIDTH}}", "dim") + " " + self._stream.styled(value, *styles)
            self._stream.write(shown + "\n")


def _clean(value: str) -> str:
    return harmless(value.replace("\t", "    "))
