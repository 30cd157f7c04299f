"""Subscriptions in DynamoDB."""

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_named_records import DynamoNamedRecords
from chalicelib.domain.record import Report, insist
from chalicelib.domain.subscription import SUBSCRIPTIONS, Subscription


class DynamoSubscriptionStore(DynamoNamedRecords[Subscription]):
    """What was sent to one that is removed is forgotten in its own time; nobody finds it any more."""

    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        super().__init__(table, SUBSCRIPTIONS, report, names="subscribed")
