"""What becomes of the records that the table's stream brings."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.adapters.dynamodb_task_indexes import task_item
from chalicelib.adapters.table_stream import TableStream
from chalicelib.domain.event import Event
from chalicelib.domain.schedule_runs import pause_itself
from chalicelib.domain.task import Task, set_max_hours
from tests.builders import NOON, a_running_task, a_schedule, a_task, an_app
from tests.dynamodb_table import a_table, dynamodb_on_moto


class Teller:
    """Remembers what it was given to tell and to keep; fails when there is something `wrong`."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.kept: list[Any] = []
        self.wrong: Exception | None = None

    def publish(self, events: Sequence[Event]) -> None:
        self.told.append([event.id for event in events])
        if self.wrong:
            raise self.wrong

    def keep(self, records: Sequence[str]) -> None:
        self.kept += [json.loads(record) for record in records]

    def hear(self, *records: Mapping[str, Any]) -> list[str]:
        """Return the numbers of the records that are to come again."""
        stream = TableStream(self.publish, self.keep, logging.getLogger("test"))
        answer = stream.handle({"Records": list(records)})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def record(number: int, task: Task, **changes: Any) -> dict[str, Any]:
    image = {**task_item(task), **changes}
    return {
        "eventID": "x",
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": str(number), "NewImage": image, "Keys": {"pk": image["pk"]}},
    }


def a_change_without_news() -> Task:
    running = a_running_task().but(revision=2)
    return set_max_hours(running, 5, NOON).but(revision=3)


def test_the_news_in_a_batch_is_told_together_and_in_order() -> None:
    teller = Teller()
    first, second = a_task(id="1jd3m8k7x2qf"), a_task(id="1jd3m8k7x2qg")

    again = teller.hear(record(1, first), record(2, a_change_without_news()), record(3, second))

    assert (again, teller.told) == ([], [["1jd3m8k7x2qf-1", "1jd3m8k7x2qg-1"]])


def test_a_batch_without_news_tells_nobody_anything() -> None:
    teller = Teller()

    assert teller.hear(record(1, a_change_without_news())) == []
    assert teller.told == []


def test_when_telling_fails_what_tells_something_comes_again(caplog: pytest.LogCaptureFixture) -> None:
    teller = Teller()
    teller.wrong = ZeroDivisionError("a bug")

    again = teller.hear(record(1, a_change_without_news()), record(2, a_task()))

    assert again == ["2"]
    assert len(teller.told) == 1
    assert "a bug" in caplog.text


def test_a_batch_of_which_nothing_was_told_is_an_error_so_that_it_is_cut_in_halves() -> None:
    teller = Teller()
    teller.wrong = ZeroDivisionError("a bug")

    with pytest.raises(BatchProcessingError):
        teller.hear(record(1, a_task(id="1jd3m8k7x2qf")), record(2, a_task(id="1jd3m8k7x2qg")))

    assert len(teller.told) == 1


@pytest.mark.parametrize(
    "damage",
    [
        {"record": {"S": "{"}},
        {"record": {"S": a_task().model_dump_json().replace('"PENDING"', '"QUEUED"', 1)}},
        {"record": {"N": "1"}},
    ],
    ids=["broken", "of a newer version", "of another type"],
)
def test_a_record_that_cannot_be_read_is_kept_and_holds_up_no_other(
    damage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    teller = Teller()
    bad = record(1, a_task(), **damage)

    again = teller.hear(bad, record(2, a_task(id="1jd3m8k7x2qg")))

    assert (again, teller.told, teller.kept) == ([], [["1jd3m8k7x2qg-1"]], [bad])
    assert "can be read" in caplog.text


def test_a_record_that_cannot_even_be_kept_comes_again() -> None:
    teller = Teller()

    def refuse(_: Sequence[str]) -> None:
        raise ZeroDivisionError("no queue")

    stream = TableStream(teller.publish, refuse, logging.getLogger("test"))

    with pytest.raises(ZeroDivisionError):
        stream.handle({"Records": [record(1, a_task(), record={"S": "{"})]})


def test_that_a_schedule_has_paused_itself_is_news_and_that_it_was_fired_is_none() -> None:
    """The filter of the stream lets through what is marked, and brings nothing of the rest."""
    teller = Teller()
    with dynamodb_on_moto() as client:
        table = a_table(client)
        DynamoAppStore(table).create(an_app())
        store = DynamoScheduleStore(table)
        fired = store.save(store.create(a_schedule(), 10))
        before = table.get("schedule#shop#nightly")
        store.save(pause_itself(fired, "Its last run failed.", NOON))
        after = table.get("schedule#shop#nightly")

    again = teller.hear(*(_written(number, item) for number, item in enumerate((before, after))))

    assert before is not None
    assert after is not None
    assert ("news" in before, "news" in after) == (False, True)
    assert (again, teller.told) == ([], [[f"{fired.id}-{fired.revision + 1}"]])


def _written(number: int, item: Any) -> dict[str, Any]:
    return record(number, a_task()) | {"dynamodb": {"SequenceNumber": str(number), "NewImage": item}}
