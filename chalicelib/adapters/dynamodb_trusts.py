"""Trusts in DynamoDB: the record by name, and an item with the names of all that there are.

The names are read with their newest state, which no index gives: who was trusted a moment ago can sign in.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from chalicelib.adapters.dynamodb import DynamoTable, Item, text, text_in
from chalicelib.adapters.dynamodb_audit import entry_writes
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.adapters.dynamodb_tokens import token_item, trust_key
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import IdTaken, TooManyTrusts, TrustExists, TrustNotFound
from chalicelib.domain.record import Report, each_readable, insist, read_record
from chalicelib.domain.token import Token
from chalicelib.domain.trust import Trust

_NAMES_KEY = trust_key("")  # no trust has an empty name
_SET = "trusted"  # "names" is a word of DynamoDB's own
_IS_NEW = "attribute_not_exists(pk)"
_IS_THIS = "trust_id = :id"
_FIRST = 0  # the place in a transaction of what tells why it was refused


class DynamoTrustStore:
    """`report` is told of each record that the list leaves out because it cannot be read."""

    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        self._table = table
        self._report = report

    def create(self, trust: Trust, most: int, entry: Entry | None = None) -> None:
        record = self._table.put(_item(trust), _IS_NEW)
        try:
            name = self._table.include(_NAMES_KEY, _SET, trust.name, below=most)
            self._table.write(record, name, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise TrustExists(trust.name) if _FIRST in refusal.found else TooManyTrusts(most) from refusal

    def get(self, name: str) -> Trust:
        found = self._table.get(trust_key(name))
        if not name or found is None:
            raise TrustNotFound(name)
        return _trust(found)

    def remove(self, trust: Trust, entry: Entry | None = None) -> None:
        removal = self._table.delete(trust_key(trust.name), _IS_THIS, {":id": text(trust.id)})
        name = self._table.exclude(_NAMES_KEY, _SET, trust.name)
        with suppress(ConditionsFailed):  # it is gone already, or another one has the name by now
            self._table.write(removal, name, *entry_writes(self._table, entry))

    def list(self) -> Sequence[Trust]:
        names = (self._table.get(_NAMES_KEY) or {}).get(_SET, {}).get("SS", [])
        items = self._table.get_all([trust_key(name) for name in names])
        readable = each_readable(items, _trust, self._report)
        return sorted(readable, key=lambda trust: trust.name)

    def lend(self, token: Token, now: datetime, entry: Entry | None = None) -> None:
        assert token.lent_by is not None
        trust = token.lent_by
        is_there = self._table.check(trust_key(trust.trust), _IS_THIS, {":id": text(trust.id)})
        try:
            lent = self._table.put(token_item(token, now), _IS_NEW)
            self._table.write(lent, is_there, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise IdTaken(token.id) if _FIRST in refusal.found else TrustNotFound(trust.trust) from refusal


def _item(trust: Trust) -> Item:
    return {
        "pk": text(trust_key(trust.name)),
        "trust_id": text(trust.id),
        "record": text(trust.model_dump_json()),
    }


def _trust(item: Item) -> Trust:
    return read_record(Trust, text_in(item, "record"), f"trust {text_in(item, 'pk').partition('#')[2]}")
