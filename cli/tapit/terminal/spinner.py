"""A sign that a slow request is still on its way; a quick one shows nothing."""

import threading

from tapit.terminal.stream import Stream

PATIENCE = 0.4
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_FRAMES = "|/-\\"
REDRAW = 0.1
ERASE = "\r\x1b[2K"


class Spinner:
    """For a terminal only: it draws once the request takes longer than a person likes to wonder."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._frames = FRAMES if stream.speaks_unicode else PLAIN_FRAMES
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _draw(self) -> None:
        if self._ended.wait(PATIENCE):
            return
        at = 0
        while True:
            frame = self._frames[at % len(self._frames)]
            self._stream.write(ERASE + self._stream.styled(f"{frame} waiting for an answer", "dim"))
            at += 1
            if self._ended.wait(REDRAW):
                break
        self._stream.write(ERASE)
