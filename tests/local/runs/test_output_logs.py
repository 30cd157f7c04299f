"""Lines are cut from bytes, whatever the bytes are, and however they are read."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.runs.output_logs import LONGEST_LINE, OutputLogs
from local.runs.run_folders import RunFolders
from tests.builders import a_finished_task

TASK = a_finished_task()
chunks = st.lists(
    st.sampled_from([b"a", b"bc", b"\n", b"\r\n", "é".encode(), "🎉".encode(), b"\xff", b"x" * LONGEST_LINE])
)


@pytest.fixture
def logs(tmp_path: Path) -> OutputLogs:
    return OutputLogs(RunFolders(tmp_path))


def all_lines(logs: OutputLogs, limit: int) -> list[str]:
    lines: list[str] = []
    position, is_complete = None, False
    while not is_complete:
        page = logs.read(TASK, position, limit)
        assert page.lines or page.is_complete, "it stands still"
        lines += [line.message for line in page.lines]
        position, is_complete = page.position, page.is_complete
    return lines


@settings(max_examples=50)
@given(chunks.map(b"".join), st.integers(1, 5))
@example(b"x" * LONGEST_LINE + b"\n", 1)
@example(b"x" * 4 * LONGEST_LINE, 5)
@example(b"x" * 4 * LONGEST_LINE + b"\n", 5)
@example(b"\x80" * 3 * LONGEST_LINE, 5)
@example("é".encode() * 3 * LONGEST_LINE, 5)
def test_every_byte_is_in_one_line_and_lines_are_no_longer_than_may_be(
    logs: OutputLogs, tmp_path: Path, printed: bytes, limit: int
) -> None:
    folder = RunFolders(tmp_path).of(TASK)
    assert folder is not None
    folder.path.mkdir(exist_ok=True)
    (folder.path / "output").write_bytes(printed)

    lines = all_lines(logs, limit)

    whole = printed.decode("utf-8", "replace")
    if b"\xff" not in printed and b"\x80" not in printed:
        assert "".join(lines) == whole.replace("\n", "")
    assert lines == [
        piece for line in printed.removesuffix(b"\n").split(b"\n") if printed for piece in pieces(line)
    ]


def pieces(line: bytes) -> list[str]:
    """Cut a line into pieces of at most LONGEST_LINE bytes, between characters where there are any."""
    found = []
    while len(line) > LONGEST_LINE:
        ends = [end for end in range(LONGEST_LINE, LONGEST_LINE - 4, -1) if line[end] & 0xC0 != 0x80]
        end = ends[0] if ends else LONGEST_LINE
        found.append(line[:end].decode("utf-8", "replace"))
        line = line[end:]
    return [*found, line.decode("utf-8", "replace")]
