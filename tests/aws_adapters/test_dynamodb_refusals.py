"""What becomes of what DynamoDB refuses: never a bug's 500 for the weather, never weather's 503 for a bug."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from chalicelib.adapters.dynamodb import RETRIES, DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.errors import IdTaken, LimitExceeded, Stale, TooLarge, Unavailable
from chalicelib.domain.task import lose
from chalicelib.ports import TaskQuery
from tests.builders import NOON, a_task, an_app
from tests.dynamodb_table import NAME, SetClock

OK: dict[str, Any] = {"Code": "None"}
FAILED = {"Code": "ConditionalCheckFailed"}
CONFLICT = {"Code": "TransactionConflict"}


@pytest.fixture
def stub(dynamodb: Any) -> Iterator[Stubber]:
    with Stubber(dynamodb) as stub:
        yield stub


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(stub: Stubber, pauses: list[float]) -> DynamoTaskStore:
    return DynamoTaskStore(DynamoTable(stub.client, NAME, sleep=pauses.append), SetClock())


def cancelled(stub: Stubber, *reasons: dict[str, Any]) -> None:
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        http_status_code=400,
        modeled_fields={"CancellationReasons": list(reasons)},
    )


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("ProvisionedThroughputExceededException", 400, "too busy"),
        ("ThrottlingException", 400, "too busy"),
        ("RequestLimitExceeded", 400, "too busy"),
        ("InternalServerError", 500, "cannot be reached"),
        ("ServiceUnavailable", 503, "cannot be reached"),
        ("ResourceNotFoundException", 400, "does not exist"),
        ("AccessDeniedException", 400, "our role may not"),
        ("UnrecognizedClientException", 400, "credentials"),
        ("ExpiredTokenException", 400, "expired"),
    ],
)
def test_the_weather_and_a_wrong_set_up_name_the_table(
    stub: Stubber, store: DynamoTaskStore, code: str, status: int, words: str
) -> None:
    stub.add_client_error("get_item", code, "arn:aws:iam::123456789012:role/secret", http_status_code=status)

    with pytest.raises(Unavailable, match=f"{NAME}.*{words}") as raised:
        store.get("t1")
    assert "123456789012" not in f"{raised.value} {raised.value.hint}"
    assert raised.value.hint


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url="https://x"), NoCredentialsError()])
def test_an_endpoint_out_of_reach_is_unavailable(error: Exception) -> None:
    class Unreachable:
        def get_item(self, **_: Any) -> None:
            raise error

    with pytest.raises(Unavailable, match=NAME):
        DynamoTable(Unreachable(), NAME).get("t1")


@pytest.mark.parametrize(
    "words",
    [
        "The table does not have the specified index: tasks-by-app",
        "Cannot read from backfilling global secondary index: tasks-by-app",
    ],
)
def test_an_index_that_is_not_there_yet_is_unavailable(
    stub: Stubber, store: DynamoTaskStore, words: str
) -> None:
    stub.add_client_error("query", "ValidationException", words, http_status_code=400)

    with pytest.raises(Unavailable, match="an index is missing"):
        store.list(TaskQuery("shop", 10))


def test_a_request_that_makes_no_sense_is_a_bug(stub: Stubber, store: DynamoTaskStore) -> None:
    stub.add_client_error(
        "query", "ValidationException", "Invalid KeyConditionExpression", http_status_code=400
    )

    with pytest.raises(ClientError):
        store.list(TaskQuery("shop", 10))


def test_a_record_above_400_kb_is_too_large(dynamodb: Any) -> None:
    apps = DynamoAppStore(DynamoTable(dynamodb, NAME))

    with pytest.raises(TooLarge, match="400 KB"):
        apps.create(an_app(environment={"A": "x" * 410_000}))


def test_a_record_above_400_kb_is_too_large_in_a_transaction(stub: Stubber, store: DynamoTaskStore) -> None:
    words = "Item size to update has exceeded the maximum allowed size"
    cancelled(stub, {"Code": "ValidationError", "Message": words}, OK)

    with pytest.raises(TooLarge):
        store.create(a_task(), None, None)


def test_a_conflict_is_tried_again_a_little_later(
    stub: Stubber, store: DynamoTaskStore, pauses: list[float]
) -> None:
    cancelled(stub, OK, CONFLICT)
    cancelled(stub, CONFLICT, OK)
    stub.add_response("transact_write_items", {})

    assert store.create(a_task(), None, None) == a_task()
    assert len(pauses) == 2


def test_a_conflict_of_a_single_write_is_tried_again(stub: Stubber, store: DynamoTaskStore) -> None:
    stub.add_client_error("put_item", "TransactionConflictException", http_status_code=400)
    stub.add_response("put_item", {})

    assert store.save(a_task()).revision == 2


def test_conflicts_without_end_are_given_up(
    stub: Stubber, store: DynamoTaskStore, pauses: list[float]
) -> None:
    for _ in range(RETRIES):
        cancelled(stub, CONFLICT, OK)

    with pytest.raises(Unavailable, match="at once"):
        store.create(a_task(), None, None)
    assert sum(pauses) < 5


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_is_throttled_is_unavailable(
    stub: Stubber, store: DynamoTaskStore, code: str
) -> None:
    cancelled(stub, OK, {"Code": code})

    with pytest.raises(Unavailable, match="too busy"):
        store.create(a_task(), None, None)


def test_a_transaction_in_progress_is_unavailable(stub: Stubber, store: DynamoTaskStore) -> None:
    stub.add_client_error("transact_write_items", "TransactionInProgressException", http_status_code=400)

    with pytest.raises(Unavailable):
        store.create(a_task(), None, None)


def test_a_limit_that_is_reached_outweighs_a_conflict(stub: Stubber, store: DynamoTaskStore) -> None:
    cancelled(stub, CONFLICT, FAILED)

    with pytest.raises(LimitExceeded):
        store.create(a_task(), None, 3)


def test_an_id_that_is_taken_is_no_reached_limit(stub: Stubber, store: DynamoTaskStore) -> None:
    cancelled(stub, FAILED, OK)

    with pytest.raises(IdTaken):
        store.create(a_task(), None, 3)


def test_an_end_that_came_second_is_stale(stub: Stubber, store: DynamoTaskStore) -> None:
    cancelled(stub, FAILED | {"Item": {"revision": {"N": "7"}}}, OK)

    with pytest.raises(Stale):
        store.save(lose(a_task(), NOON))
