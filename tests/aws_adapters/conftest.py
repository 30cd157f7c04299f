"""What every test of an adapter to AWS may use."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.ecs import EcsCluster
from tests.aws_adapters.ecs_account import a_cluster, ecs_on_moto
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


@pytest.fixture
def ecs() -> Iterator[Any]:
    with ecs_on_moto() as ecs:
        yield ecs


@pytest.fixture
def cluster(ecs: Any) -> EcsCluster:
    return a_cluster(ecs)
