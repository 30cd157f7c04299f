"""Trusts and AWS identities, of which a home on one machine knows none.

It has no address that is its own alone: 127.0.0.1 is every machine's, so what is signed for it would serve elsewhere.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from chalicelib.domain.audit import Entry
from chalicelib.domain.aws_proof import Proof
from chalicelib.domain.errors import NoAwsIdentities
from chalicelib.domain.token import Token
from chalicelib.domain.trust import Trust


class NoTrusts:
    """Says so, whatever it is asked."""

    def create(self, _trust: Trust, _most: int, _entry: Entry | None = None) -> None:
        _refuse()

    def get(self, _name: str) -> Trust:
        _refuse()

    def remove(self, _trust: Trust, _entry: Entry | None = None) -> None:
        _refuse()

    def list(self) -> Sequence[Trust]:
        _refuse()

    def lend(self, _token: Token, _now: datetime, _entry: Entry | None = None) -> None:
        _refuse()

    def identify(self, _proof: Proof, _home: str) -> str:
        _refuse()


def _refuse() -> NoReturn:
    raise NoAwsIdentities
