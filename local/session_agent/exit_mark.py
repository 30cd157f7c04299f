"""Hears in a session's output how its command ended, for its script says it (chalicelib.domain.session_script)."""

import re
from collections.abc import Sequence

_LONGEST = 64  # bytes


class ExitMark:
    def __init__(self, argv: Sequence[str]) -> None:
        nonce = argv[4] if len(argv) > 4 and argv[3] == "tapit" else None
        self._mark = (
            None
            if nonce is None
            else re.compile(rb"\x1b\]777;tapit-exit;" + re.escape(nonce.encode()) + rb";(\d{1,3})\x1b")
        )
        self._rest = b""

    def code_in(self, output: bytes) -> int | None:
        """Return the exit code that the output tells; the mark may come in pieces."""
        if self._mark is None:
            return None
        text = self._rest + output
        self._rest = text[-_LONGEST:]
        found = self._mark.search(text)
        return int(found[1]) if found else None
