"""What a container printed since its line broke is read whole, though Podman may miss the end while it follows."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from local.docker_driver.followed_log import follow_log


@dataclass
class Forgetful:
    """An engine that misses some of a container's last words while it follows, as Podman 4.3 does now and then."""

    printed: bytes
    followed: int
    part: int

    def logs(self, _container: str, *, follow: bool, **_streams: bool) -> Iterator[bytes]:
        there = self.printed[: self.followed] if follow else self.printed
        yield from (there[at : at + self.part] for at in range(0, len(there), self.part))


@given(st.data(), st.binary(max_size=100), st.integers(1, 40))
def test_all_that_is_not_known_is_read_once(data: st.DataObject, printed: bytes, part: int) -> None:
    known, followed = (data.draw(st.integers(0, len(printed))) for _ in range(2))

    with follow_log(Forgetful(printed, followed, part), "tapit-1", known) as line:
        read = b"".join(iter(lambda: line.recv(7), b""))

    assert read == printed[known:]
