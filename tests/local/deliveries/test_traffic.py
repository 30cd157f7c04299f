"""What may be sent beside what is being sent already."""

from local.deliveries.traffic import FIRST_HOLD, LONGEST_HOLD, MOST_PER_SUBSCRIPTION, Traffic
from tests.builders import a_delivery


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_sent_twice_at_a_time() -> None:
    traffic = Traffic()

    assert traffic.begin(a_delivery(event_id="1"))
    assert not traffic.begin(a_delivery(event_id="1"))
    traffic.end(a_delivery(event_id="1"), recorded=True)
    assert traffic.begin(a_delivery(event_id="1"))


def test_a_subscription_is_sent_so_much_at_a_time_whatever_others_are_sent() -> None:
    traffic = Traffic()
    its_id = a_delivery().subscription_id
    for number in range(MOST_PER_SUBSCRIPTION):
        assert traffic.has_room(its_id)
        assert traffic.begin(a_delivery(event_id=str(number)))

    assert not traffic.has_room(its_id)
    assert traffic.at_hand(its_id) == MOST_PER_SUBSCRIPTION
    assert traffic.has_room("another")


def test_what_could_not_be_recorded_is_held_for_longer_and_longer() -> None:
    seconds = Seconds()
    traffic, delivery = Traffic(seconds), a_delivery()
    hold = FIRST_HOLD
    for _ in range(10):
        assert traffic.begin(delivery)
        traffic.end(delivery, recorded=False)
        assert traffic.at_hand(delivery.subscription_id) == 1
        seconds.now += hold - 0.1
        assert not traffic.begin(delivery)
        seconds.now += 0.2
        hold = min(hold * 2, LONGEST_HOLD)

    assert traffic.begin(delivery)
    traffic.end(delivery, recorded=True)
    assert traffic.at_hand(delivery.subscription_id) == 0
