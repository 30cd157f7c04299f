"""Saved commands in DynamoDB."""

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_named_records import DynamoNamedRecords
from chalicelib.domain.record import Report, insist
from chalicelib.domain.saved_command import COMMANDS, SavedCommand


class DynamoCommandStore(DynamoNamedRecords[SavedCommand]):
    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        super().__init__(table, COMMANDS, report, names="saved_names")
