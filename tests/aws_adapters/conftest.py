"""What every test of an adapter to AWS may use."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with dynamodb_on_moto() as client:
        yield client


@pytest.fixture
def table(dynamodb: Any) -> DynamoTable:
    return a_table(dynamodb)
