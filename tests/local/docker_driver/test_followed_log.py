"""What a container printed since its line broke is read whole and once, whenever it is looked at."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.docker_driver.followed_log import follow_log

LINES = st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"") + b"\n")
PRINTED = st.lists(LINES, max_size=20).map(b"".join)


class Engine:
    """Its container has printed more at each look, and its record of that comes in parts of some length.

    As Podman's, it ends a line that is half written; and one that is read on after its end misses lines.
    """

    def __init__(self, printed: bytes, looks: list[int], part: int) -> None:
        self._printed = printed
        self._looks = looks
        self._part = part

    def inspect_container(self, _container: str) -> dict[str, Any]:
        return {"State": {"Running": bool(self._looks)}}

    def logs(self, _container: str, *, follow: bool, **_streams: bool) -> Iterator[bytes]:
        assert not follow
        there = self._printed[: self._looks.pop()] if self._looks else self._printed
        if not there.endswith(b"\n") and there:
            there += b"\n"
        yield from (there[at : at + self._part] for at in range(0, len(there), self._part))


@given(st.data(), PRINTED, st.integers(1, 40))
def test_all_that_is_not_known_is_read_once(data: st.DataObject, printed: bytes, part: int) -> None:
    sizes = st.integers(0, len(printed))
    known, looks = data.draw(sizes), sorted(data.draw(st.lists(sizes, max_size=5)), reverse=True)

    with follow_log(Engine(printed, looks, part), "tapit-1", known, pause=0) as line:
        read = b"".join(iter(lambda: line.recv(7), b""))

    assert read == printed[known:]
