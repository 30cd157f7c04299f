"""Both ends of a channel over a network that loses, doubles and overtakes, with a clock of the test's own."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tapit.session import frames
from tapit.session.channel import MOST_BUFFERED, Channel
from tapit.session.frames import Message, decode

LOST, DOUBLED, LATE, FINE = "lost", "doubled", "late", "fine"
mishaps = st.lists(st.sampled_from([LOST, DOUBLED, LATE, FINE]), max_size=60)
texts = st.lists(st.binary(min_size=1, max_size=8), max_size=25)


class Network:
    """Every frame meets the next mishap of its direction; once they are used up, all goes well."""

    def __init__(self, *ways: list[str]) -> None:
        self.client = Channel(frames.INPUT, frames.OUTPUT)
        self.agent = Channel(frames.OUTPUT, frames.INPUT)
        self.received: dict[Channel, bytes] = {self.client: b"", self.agent: b""}
        self.now = 0.0
        self._mishaps = dict(zip((self.client, self.agent), map(list, ways), strict=True))
        self._late: dict[Channel, list[bytes]] = {self.client: [], self.agent: []}

    def carries(self) -> None:
        """A twentieth of a second goes by."""
        self.now += 0.05
        for source, sink in ((self.client, self.agent), (self.agent, self.client)):
            if source.due_at is not None and self.now >= source.due_at:
                source.resend(self.now)
            for frame in self._arriving(source):
                for message in sink.receive(decode(frame), self.now):
                    self.received[sink] += message.payload

    def _arriving(self, source: Channel) -> list[bytes]:
        arriving: list[bytes] = []
        late, self._late[source] = self._late[source], []
        for frame in source.outbox:
            mishap = self._mishaps[source].pop(0) if self._mishaps[source] else FINE
            if mishap == LATE:
                self._late[source].append(frame)
            else:
                arriving += {LOST: [], DOUBLED: [frame, frame], FINE: [frame]}[mishap]
        source.outbox.clear()
        return arriving + late[::-1]

    def breaks(self) -> None:
        for end in (self.client, self.agent):
            end.outbox.clear()
            self._late[end].clear()
        for end in (self.client, self.agent):
            end.reconnected(self.now)


@settings(deadline=None)
@given(mishaps, mishaps, texts, texts, st.sets(st.integers(0, 40), max_size=3))
def test_every_byte_arrives_once_and_in_order_and_both_ends_settle(
    on_the_way: list[str], back: list[str], typed: list[bytes], shown: list[bytes], breaks: set[int]
) -> None:
    network = Network(on_the_way, back)
    to_type, to_show = list(typed), list(shown)
    for turn in range(2000):
        if to_type:
            network.client.send(frames.DATA, to_type.pop(0), network.now)
        if to_show:
            network.agent.send(frames.DATA, to_show.pop(0), network.now)
        network.carries()
        if turn in breaks:
            network.breaks()
        if turn > 40 and network.client.is_settled and network.agent.is_settled:
            break

    assert network.received[network.agent] == b"".join(typed)
    assert network.received[network.client] == b"".join(shown)
    assert network.client.is_settled
    assert network.agent.is_settled
    assert network.client.unacknowledged_bytes == 0


def test_half_of_all_frames_lost_for_long_changes_nothing() -> None:
    dice = random.Random(5)
    ways = [[dice.choice([LOST, LOST, DOUBLED, LATE, FINE]) for _ in range(3000)] for _ in range(2)]
    network = Network(*ways)
    for number in range(500):
        network.client.send(frames.DATA, b"%d," % number, network.now)
    while not network.client.is_settled:
        network.carries()

    assert network.received[network.agent] == b"".join(b"%d," % number for number in range(500))


def an_end() -> Channel:
    return Channel(frames.INPUT, frames.OUTPUT)


def output(number: int, payload: bytes = b"x") -> Message:
    return Message(frames.OUTPUT, payload, payload_type=frames.DATA, sequence=number)


def acknowledge(channel: Channel, frame: bytes, now: float) -> None:
    channel.receive(decode(frames.acknowledgement(decode(frame))), now)


def transmitted(channel: Channel) -> list[bytes]:
    frames_out = list(channel.outbox)
    channel.outbox.clear()
    return frames_out


def test_what_was_received_before_is_acknowledged_again_and_not_handed_on() -> None:
    channel = an_end()
    first = output(0)
    assert channel.receive(first, 0) == [first]
    channel.outbox.clear()

    assert channel.receive(first, 0) == []
    assert [decode(frame).kind for frame in channel.outbox] == [frames.ACKNOWLEDGE]


def test_what_comes_early_waits_for_what_is_missing() -> None:
    channel = an_end()

    assert channel.receive(output(2, b"c"), 0) == []
    assert channel.receive(output(1, b"b"), 0) == []
    assert [message.payload for message in channel.receive(output(0, b"a"), 0)] == [b"a", b"b", b"c"]
    assert len(channel.outbox) == 3


def test_only_so_many_early_messages_are_kept_and_the_others_not_acknowledged() -> None:
    channel = an_end()
    for number in range(1, MOST_BUFFERED + 1):
        channel.receive(output(number), 0)
    channel.outbox.clear()

    channel.receive(output(MOST_BUFFERED + 1), 0)
    assert not channel.outbox
    channel.receive(output(MOST_BUFFERED), 0)
    assert len(channel.outbox) == 1

    assert len(channel.receive(output(0), 0)) == MOST_BUFFERED + 1


def test_a_message_of_the_wrong_stream_is_ignored() -> None:
    channel = an_end()

    assert channel.receive(Message(frames.INPUT, b"x"), 0) == []
    assert not channel.outbox


def test_only_the_oldest_is_sent_again_when_it_has_waited_long_enough() -> None:
    channel = an_end()
    channel.send(frames.DATA, b"a", 0)
    channel.send(frames.DATA, b"b", 0)
    channel.outbox.clear()

    assert channel.due_at == pytest.approx(0.1)
    channel.resend(0.1)
    assert not channel.outbox
    assert channel.due_at == pytest.approx(0.2)
    channel.resend(0.2)
    assert [decode(frame).payload for frame in channel.outbox] == [b"a"]


def test_nothing_is_due_once_all_is_acknowledged() -> None:
    channel = an_end()
    channel.send(frames.DATA, b"abc", 0)
    assert (channel.unacknowledged_bytes, channel.is_settled) == (3, False)

    acknowledge(channel, channel.outbox[0], 0.05)

    assert (channel.unacknowledged_bytes, channel.is_settled, channel.due_at) == (0, True, None)


def times_out_after(channel: Channel, now: float) -> float:
    """Hundredths of a second until a message sent now is sent again."""
    channel.send(frames.DATA, b"x", now)
    frame = transmitted(channel)[0]
    waited = 0
    while not channel.outbox:
        waited += 1
        channel.resend(now + waited / 1000)
    acknowledge(channel, frame, now + waited / 1000)
    channel.outbox.clear()
    return waited / 1000


def sample(channel: Channel, seconds: float, now: float = 0.0) -> None:
    channel.send(frames.DATA, b"x", now)
    acknowledge(channel, transmitted(channel)[0], now + seconds)


def test_the_time_out_begins_at_a_fifth_of_a_second() -> None:
    assert times_out_after(an_end(), 0) == pytest.approx(0.2, abs=0.002)


def test_the_time_out_follows_what_was_measured() -> None:
    channel = an_end()

    sample(channel, 0.1)  # variance 0.025, round trip 0.0125
    assert times_out_after(channel, 10) == pytest.approx(0.1125, abs=0.002)
    sample(channel, 0.1)  # variance 0.040625, round trip 0.0234375
    assert times_out_after(channel, 20) == pytest.approx(0.1859375, abs=0.002)


def test_the_time_out_is_never_longer_than_a_second() -> None:
    channel = an_end()
    sample(channel, 60.0)

    assert times_out_after(channel, 100) == pytest.approx(1.0, abs=0.002)


def test_the_time_out_leaves_room_above_a_steady_round_trip() -> None:
    channel = an_end()
    for _ in range(300):
        sample(channel, 0.05)

    assert times_out_after(channel, 10) == pytest.approx(0.06, abs=0.002)


def test_nothing_is_learned_from_what_was_sent_twice() -> None:
    channel = an_end()
    channel.send(frames.DATA, b"x", 0)
    channel.resend(0.3)
    acknowledge(channel, transmitted(channel)[0], 0.301)

    assert times_out_after(channel, 10) == pytest.approx(0.2, abs=0.002)


def test_a_pause_holds_everything_until_anything_comes() -> None:
    channel = an_end()
    channel.send(frames.DATA, b"a", 0)
    channel.outbox.clear()
    channel.receive(Message(frames.PAUSE, b""), 0)

    channel.send(frames.DATA, b"b", 1)
    channel.resend(5)
    assert (len(channel.outbox), channel.due_at) == (0, None)

    channel.receive(Message(frames.START, b""), 6)
    assert [decode(frame).payload for frame in channel.outbox] == [b"a", b"b"]
    assert channel.due_at is not None


def test_nothing_is_learned_from_what_waited_for_the_end_of_a_pause() -> None:
    channel = an_end()
    channel.send(frames.DATA, b"a", 0)
    frame = transmitted(channel)[0]
    channel.receive(Message(frames.PAUSE, b""), 0)
    channel.receive(Message(frames.START, b""), 6)
    acknowledge(channel, frame, 6.001)
    channel.outbox.clear()

    assert times_out_after(channel, 10) == pytest.approx(0.2, abs=0.002)


def test_there_is_a_limit_to_what_waits_for_its_acknowledgement() -> None:
    channel = an_end()
    for _ in range(MOST_BUFFERED):
        assert channel.can_send
        channel.send(frames.DATA, b"x", 0)

    assert not channel.can_send


def test_only_the_agents_first_message_says_that_it_is_the_first() -> None:
    agent, client = Channel(frames.OUTPUT, frames.INPUT), an_end()
    for channel in (agent, client):
        channel.send(frames.DATA, b"x", 0)
        channel.send(frames.DATA, b"x", 0)

    assert [decode(frame).flags for frame in agent.outbox] == [frames.SYN, 0]
    assert [decode(frame).flags for frame in client.outbox] == [0, 0]
