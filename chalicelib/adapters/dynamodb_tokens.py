"""Tokens in DynamoDB.

Each is two items. By its id: what the check of a request reads, the digest of its secret among it. By its name: what
is told of it, which also keeps names apart and is in the index that lists them. A token of an older version has only
the first, until it is used. One that is lent to an AWS identity has no other either, and is good for nothing once its
trust is gone.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pydantic import ValidationError

from chalicelib.adapters.dynamodb import DynamoTable, Item, Range, Write, after, last_second, text, text_in
from chalicelib.adapters.dynamodb_audit import entry_writes
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import IdTaken, TokenExists, TokenNotFound, Unreadable
from chalicelib.domain.record import Report, each_readable, insist, problem_in, read_record
from chalicelib.domain.token import KEPT_AFTER_EXPIRY, LentBy, ListedToken, Token
from chalicelib.ports import Page

_TOLD = {"pk", "name", "secret_sha256", "created_at"}
_NARROWING = {"role", "apps", "good_until"}  # only where a token is not an admin's, of every app, for ever
_LENT = {"trust", "trust_id"}
_BY_ITSELF = {"expires_at"}  # for DynamoDB to delete it some time later
_ALL = "tokens"
_IS_NEW = "attribute_not_exists(pk)"
_IS_THERE = "attribute_exists(pk)"
_IS_OURS = "token_id = :token_id"
_BY_ID = 0  # its place in the transaction


class DynamoTokenStore:
    """`report` is told of each record that the list leaves out because it cannot be read."""

    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        self._table = table
        self._report = report

    def find(self, token_id: str) -> Token | None:
        found = self._table.get(_pk(token_id))
        token = None if found is None else _token(token_id, found)
        return None if token is None or self._has_lost_its_trust(token) else token

    def add(
        self, token: Token, created_at: datetime, created_by: str | None = None, entry: Entry | None = None
    ) -> None:
        listed = ListedToken.of(token, created_at, created_by)
        by_id = self._table.put(token_item(token, created_at), _IS_NEW)
        try:
            by_name = self._table.put(_listed_item(listed), _IS_NEW)
            self._table.write(by_id, by_name, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise IdTaken(token.id) if _BY_ID in refusal.found else TokenExists(token.name) from refusal

    def get(self, name: str) -> ListedToken:
        found = self._table.get(_listed_pk(name))
        if found is None:
            raise TokenNotFound(name)
        return _listed(found)

    def remove(self, token: ListedToken, entry: Entry | None = None) -> None:
        by_id = self._table.delete(_pk(token.id), _IS_THERE)
        by_name = self._table.delete(_listed_pk(token.name), _IS_OURS, _ours(token.id))
        told = entry_writes(self._table, entry)
        try:
            self._table.write(by_id, by_name, *told)
        except ConditionsFailed as refusal:  # one of them is gone, or another one has the name by now
            left = [each for number, each in enumerate((by_id, by_name)) if number not in refusal.found]
            with suppress(ConditionsFailed):
                if left:
                    self._table.write(*left, *told)

    def list(self, limit: int, after_name: str | None) -> Page[ListedToken]:
        lowest = after(after_name or "")
        found = self._table.query(Range("apps-by-name", "app_list", _ALL, lowest), limit + 1)
        tokens = list(islice(each_readable(found, _listed, self._report), limit + 1))
        return Page(tokens[:limit], has_more=len(tokens) > limit)

    def note_use(self, token: Token, now: datetime) -> None:
        if token.lent_by is not None:
            return
        found = self._table.get(_listed_pk(token.name))
        with suppress(ConditionsFailed):  # removed at this moment
            if found is None:
                self._table.write(*self._adopted(token, now))
                return
            listed = _listed(found)
            if listed.id == token.id and not listed.was_used_lately(now):
                used = _listed_item(listed.but(last_used_at=now))
                self._table.write(self._table.put(used, _IS_OURS, _ours(token.id)))

    def _has_lost_its_trust(self, token: Token) -> bool:
        if token.lent_by is None:
            return False
        trust = self._table.get(trust_key(token.lent_by.trust)) or {}
        return text_in(trust, "trust_id") != token.lent_by.id

    def _adopted(self, token: Token, now: datetime) -> tuple[Write, ...]:
        """What lists a token that an older version made, as long as that one is there."""
        by_id = self._table.get(_pk(token.id))
        if by_id is None:
            raise ConditionsFailed({_BY_ID: {}}, was_repeated=False)
        created_at = datetime.fromisoformat(text_in(by_id, "created_at"))
        listed = ListedToken.of(token, created_at, None).but(last_used_at=now)
        return self._table.put(by_id, _IS_THERE), self._table.put(_listed_item(listed), _IS_NEW)


def trust_key(name: str) -> str:
    return f"trust#{name}"


def token_item(token: Token, created_at: datetime) -> Item:
    """What narrows a token is an attribute of its own: a version that does not know it refuses the token."""
    return {
        "pk": text(_pk(token.id)),
        "name": text(token.name),
        "secret_sha256": text(token.secret_sha256),
        "created_at": text(created_at.isoformat()),
        **({} if token.role is Token.model_fields["role"].default else {"role": text(token.role)}),
        **({} if token.apps is None else {"apps": {"L": [text(app) for app in token.apps]}}),
        **({} if token.expires_at is None else {"good_until": text(token.expires_at.isoformat())}),
        **_lent(token.lent_by),
        **_time_to_live(token),
    }


def _token(token_id: str, item: Item) -> Token:
    unknown = item.keys() - _TOLD - _NARROWING - _LENT - _BY_ITSELF
    if unknown:
        raise Unreadable(f"token {token_id}", f"{', '.join(sorted(unknown))}: is unknown")
    try:
        return Token(
            id=token_id,
            name=text_in(item, "name"),
            secret_sha256=text_in(item, "secret_sha256"),
            **_rights(item),
        )
    except (ValidationError, KeyError) as error:
        said = problem_in(error) if isinstance(error, ValidationError) else "apps: is no list"
        raise Unreadable(f"token {token_id}", said) from error


def _rights(item: Item) -> dict[str, Any]:
    rights: dict[str, Any] = {}
    if "role" in item:
        rights["role"] = text_in(item, "role")
    if "apps" in item:
        rights["apps"] = tuple(app["S"] for app in item["apps"]["L"])
    if "good_until" in item:
        rights["expires_at"] = text_in(item, "good_until")
    if _LENT & item.keys():
        rights["lent_by"] = LentBy(trust=text_in(item, "trust"), id=text_in(item, "trust_id"))
    return rights


def _lent(lent_by: LentBy | None) -> Item:
    return {} if lent_by is None else {"trust": text(lent_by.trust), "trust_id": text(lent_by.id)}


def _listed_item(listed: ListedToken) -> Item:
    return {
        "pk": text(_listed_pk(listed.name)),
        "app_list": text(_ALL),
        "id": text(listed.name),
        "token_id": text(listed.id),
        "record": text(listed.model_dump_json()),
        **_time_to_live(listed),
    }


def _listed(item: Item) -> ListedToken:
    return read_record(ListedToken, text_in(item, "record"), f"token {text_in(item, 'id')}")


def _time_to_live(token: Token | ListedToken) -> Item:
    """One that was lent is listed nowhere, so nobody wonders what became of it."""
    if token.expires_at is None:
        return {}
    is_lent = isinstance(token, Token) and token.lent_by is not None
    return {"expires_at": last_second(token.expires_at + (timedelta() if is_lent else KEPT_AFTER_EXPIRY))}


def _ours(token_id: str) -> Item:
    return {":token_id": text(token_id)}


def _pk(token_id: str) -> str:
    return f"token#{token_id}"


def _listed_pk(name: str) -> str:
    """No id has a #, so no id and name are one item."""
    return f"token#named#{name}"
