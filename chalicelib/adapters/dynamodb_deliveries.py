"""What was sent to subscriptions, in DynamoDB: for seven days. What waits to be sent is in a queue."""

from collections.abc import Sequence
from itertools import islice

from chalicelib.adapters.dynamodb import DynamoTable, Item, Range, is_expired, last_second, text, text_in
from chalicelib.adapters.dynamodb_audit import entry_writes
from chalicelib.domain.audit import Entry
from chalicelib.domain.delivery import KEPT_FOR, Delivery
from chalicelib.domain.record import Report, each_readable, insist, read_record
from chalicelib.ports import Clock


class DynamoDeliveries:
    """`report` is told of each record that the list leaves out because it cannot be read."""

    def __init__(self, table: DynamoTable, clock: Clock, report: Report = insist) -> None:
        self._table = table
        self._clock = clock
        self._report = report

    def record(self, delivery: Delivery, entry: Entry | None = None) -> None:
        self._table.write(self._table.put(_item(delivery)), *entry_writes(self._table, entry))

    def newest(self, delivery: Delivery) -> Delivery:
        """Return it as it is on record, when that has come further."""
        found = self._table.get(_pk(delivery))
        recorded = delivery if found is None else _delivery(found)
        return recorded if recorded.is_over or recorded.tries > delivery.tries else delivery

    def list(self, subscription_id: str, limit: int) -> Sequence[Delivery]:
        wanted = Range("apps-by-name", "app_list", _list_of(subscription_id), newest_first=True)
        found = self._table.query(wanted, limit)
        kept = (item for item in found if not is_expired(item, self._clock.now()))
        return list(islice(each_readable(kept, _delivery, self._report), limit))

    def backlog(self, subscription_id: str) -> None:  # noqa: ARG002 - a queue cannot be searched
        return None


def _item(delivery: Delivery) -> Item:
    return {
        "pk": text(_pk(delivery)),
        "app_list": text(_list_of(delivery.subscription_id)),
        "id": text(f"{delivery.created_at.timestamp():017.6f} {delivery.event_id}"),
        "record": text(delivery.model_dump_json(exclude_defaults=True)),
        "expires_at": last_second(delivery.created_at + KEPT_FOR),
    }


def _pk(delivery: Delivery) -> str:
    return f"delivery#{delivery.subscription_id}#{delivery.event_id}"


def _delivery(item: Item) -> Delivery:
    return read_record(Delivery, text_in(item, "record"), text_in(item, "pk").replace("#", " "))


def _list_of(subscription_id: str) -> str:
    return f"deliveries#{subscription_id}"
