"""Tokens in DynamoDB, by id; of a secret only the digest is kept."""

from datetime import datetime

from chalicelib.adapters.dynamodb import DynamoTable, text
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.errors import IdTaken
from chalicelib.domain.token import Token


class DynamoTokenStore:
    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def find(self, token_id: str) -> Token | None:
        found = self._table.get(_pk(token_id))
        if found is None:
            return None
        return Token(id=token_id, name=found["name"]["S"], secret_sha256=found["secret_sha256"]["S"])

    def add(self, token: Token, created_at: datetime) -> None:
        """Keep a new token; raise IdTaken rather than replace another."""
        item = {
            "pk": text(_pk(token.id)),
            "name": text(token.name),
            "secret_sha256": text(token.secret_sha256),
            "created_at": text(created_at.isoformat()),
        }
        try:
            self._table.write(self._table.put(item, "attribute_not_exists(pk)"))
        except ConditionsFailed as refusal:
            raise IdTaken(token.id) from refusal


def _pk(token_id: str) -> str:
    return f"token#{token_id}"
