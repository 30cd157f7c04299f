"""Both ends of a delivery over a network that loses, doubles and overtakes, with a clock of the test's own."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tapit.session import frames
from tapit.session.frames import Message, decode
from tapit.session.reliable_delivery import MOST_BUFFERED, ReliableDelivery

LOST, DOUBLED, LATE, FINE = "lost", "doubled", "late", "fine"
mishaps = st.lists(st.sampled_from([LOST, DOUBLED, LATE, FINE]), max_size=60)
texts = st.lists(st.binary(min_size=1, max_size=8), max_size=25)


class Network:
    """Every frame meets the next mishap of its direction; once they are used up, all goes well."""

    def __init__(self, *ways: list[str]) -> None:
        self.client = ReliableDelivery(frames.INPUT, frames.OUTPUT)
        self.agent = ReliableDelivery(frames.OUTPUT, frames.INPUT)
        self.received: dict[ReliableDelivery, bytes] = {self.client: b"", self.agent: b""}
        self.now = 0.0
        self._mishaps = dict(zip((self.client, self.agent), map(list, ways), strict=True))
        self._late: dict[ReliableDelivery, list[bytes]] = {self.client: [], self.agent: []}

    def carries(self) -> None:
        """A twentieth of a second goes by."""
        self.now += 0.05
        for source, sink in ((self.client, self.agent), (self.agent, self.client)):
            if source.due_at is not None and self.now >= source.due_at:
                source.resend(self.now)
            for frame in self._arriving(source):
                for message in sink.receive(decode(frame), self.now):
                    self.received[sink] += message.payload

    def _arriving(self, source: ReliableDelivery) -> list[bytes]:
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


def an_end() -> ReliableDelivery:
    return ReliableDelivery(frames.INPUT, frames.OUTPUT)


def output(number: int, payload: bytes = b"x") -> Message:
    return Message(frames.OUTPUT, payload, payload_type=frames.DATA, sequence=number)


def acknowledge(delivery: ReliableDelivery, frame: bytes, now: float) -> None:
    delivery.receive(decode(frames.acknowledgement(decode(frame))), now)


def transmitted(delivery: ReliableDelivery) -> list[bytes]:
    frames_out = list(delivery.outbox)
    delivery.outbox.clear()
    return frames_out


def test_what_was_received_before_is_acknowledged_again_and_not_handed_on() -> None:
    delivery = an_end()
    first = output(0)
    assert delivery.receive(first, 0) == [first]
    delivery.outbox.clear()

    assert delivery.receive(first, 0) == []
    assert [decode(frame).kind for frame in delivery.outbox] == [frames.ACKNOWLEDGE]


def test_what_comes_early_waits_for_what_is_missing() -> None:
    delivery = an_end()

    assert delivery.receive(output(2, b"c"), 0) == []
    assert delivery.receive(output(1, b"b"), 0) == []
    assert [message.payload for message in delivery.receive(output(0, b"a"), 0)] == [b"a", b"b", b"c"]
    assert len(delivery.outbox) == 3


def test_only_so_many_early_messages_are_kept_and_the_others_not_acknowledged() -> None:
    delivery = an_end()
    for number in range(1, MOST_BUFFERED + 1):
        delivery.receive(output(number), 0)
    delivery.outbox.clear()

    delivery.receive(output(MOST_BUFFERED + 1), 0)
    assert not delivery.outbox
    delivery.receive(output(MOST_BUFFERED), 0)
    assert len(delivery.outbox) == 1

    assert len(delivery.receive(output(0), 0)) == MOST_BUFFERED + 1


def test_a_message_of_the_wrong_stream_is_ignored() -> None:
    delivery = an_end()

    assert delivery.receive(Message(frames.INPUT, b"x"), 0) == []
    assert not delivery.outbox


def test_only_the_oldest_is_sent_again_when_it_has_waited_long_enough() -> None:
    delivery = an_end()
    delivery.send(frames.DATA, b"a", 0)
    delivery.send(frames.DATA, b"b", 0)
    delivery.outbox.clear()

    assert delivery.due_at == pytest.approx(0.1)
    delivery.resend(0.1)
    assert not delivery.outbox
    assert delivery.due_at == pytest.approx(0.2)
    delivery.resend(0.2)
    assert [decode(frame).payload for frame in delivery.outbox] == [b"a"]


def test_nothing_is_due_once_all_is_acknowledged() -> None:
    delivery = an_end()
    delivery.send(frames.DATA, b"abc", 0)
    assert (delivery.unacknowledged_bytes, delivery.is_settled) == (3, False)

    acknowledge(delivery, delivery.outbox[0], 0.05)

    assert (delivery.unacknowledged_bytes, delivery.is_settled, delivery.due_at) == (0, True, None)


def times_out_after(delivery: ReliableDelivery, now: float) -> float:
    """Hundredths of a second until a message sent now is sent again."""
    delivery.send(frames.DATA, b"x", now)
    frame = transmitted(delivery)[0]
    waited = 0
    while not delivery.outbox:
        waited += 1
        delivery.resend(now + waited / 1000)
    acknowledge(delivery, frame, now + waited / 1000)
    delivery.outbox.clear()
    return waited / 1000


def sample(delivery: ReliableDelivery, seconds: float, now: float = 0.0) -> None:
    delivery.send(frames.DATA, b"x", now)
    acknowledge(delivery, transmitted(delivery)[0], now + seconds)


def test_the_time_out_begins_at_a_fifth_of_a_second() -> None:
    assert times_out_after(an_end(), 0) == pytest.approx(0.2, abs=0.002)


def test_the_time_out_follows_what_was_measured() -> None:
    delivery = an_end()

    sample(delivery, 0.1)  # variance 0.025, round trip 0.0125
    assert times_out_after(delivery, 10) == pytest.approx(0.1125, abs=0.002)
    sample(delivery, 0.1)  # variance 0.040625, round trip 0.0234375
    assert times_out_after(delivery, 20) == pytest.approx(0.1859375, abs=0.002)


def test_the_time_out_is_never_longer_than_a_second() -> None:
    delivery = an_end()
    sample(delivery, 60.0)

    assert times_out_after(delivery, 100) == pytest.approx(1.0, abs=0.002)


def test_the_time_out_leaves_room_above_a_steady_round_trip() -> None:
    delivery = an_end()
    for _ in range(300):
        sample(delivery, 0.05)

    assert times_out_after(delivery, 10) == pytest.approx(0.06, abs=0.002)


def test_nothing_is_learned_from_what_was_sent_twice() -> None:
    delivery = an_end()
    delivery.send(frames.DATA, b"x", 0)
    delivery.resend(0.3)
    acknowledge(delivery, transmitted(delivery)[0], 0.301)

    assert times_out_after(delivery, 10) == pytest.approx(0.2, abs=0.002)


def test_a_pause_holds_everything_until_anything_comes() -> None:
    delivery = an_end()
    delivery.send(frames.DATA, b"a", 0)
    delivery.outbox.clear()
    delivery.receive(Message(frames.PAUSE, b""), 0)

    delivery.send(frames.DATA, b"b", 1)
    delivery.resend(5)
    assert (len(delivery.outbox), delivery.due_at) == (0, None)

    delivery.receive(Message(frames.START, b""), 6)
    assert [decode(frame).payload for frame in delivery.outbox] == [b"a", b"b"]
    assert delivery.due_at is not None


def test_nothing_is_learned_from_what_waited_for_the_end_of_a_pause() -> None:
    delivery = an_end()
    delivery.send(frames.DATA, b"a", 0)
    frame = transmitted(delivery)[0]
    delivery.receive(Message(frames.PAUSE, b""), 0)
    delivery.receive(Message(frames.START, b""), 6)
    acknowledge(delivery, frame, 6.001)
    delivery.outbox.clear()

    assert times_out_after(delivery, 10) == pytest.approx(0.2, abs=0.002)


def test_there_is_a_limit_to_what_waits_for_its_acknowledgement() -> None:
    delivery = an_end()
    for _ in range(MOST_BUFFERED):
        assert delivery.can_send
        delivery.send(frames.DATA, b"x", 0)

    assert not delivery.can_send


def test_only_the_agents_first_message_says_that_it_is_the_first() -> None:
    agent, client = ReliableDelivery(frames.OUTPUT, frames.INPUT), an_end()
    for delivery in (agent, client):
        delivery.send(frames.DATA, b"x", 0)
        delivery.send(frames.DATA, b"x", 0)

    assert [decode(frame).flags for frame in agent.outbox] == [frames.SYN, 0]
    assert [decode(frame).flags for frame in client.outbox] == [0, 0]
