"""What is promised of events in docs/events/ is what is sent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chalicelib.domain.event import SENT, ScheduleEvent, Sent, SubscriptionEvent, TaskEvent, TrialEvent
from chalicelib.http.event_schema import as_text
from tests.builders import NOON, a_finished_task, a_running_task, a_stopping_task, a_task
from tests.home_in_process import HomeInProcess

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "docs" / "events"
SCHEMA = json.loads((EVENTS / "event.schema.json").read_text(encoding="utf-8"))
ASYNCAPI = yaml.safe_load((EVENTS / "asyncapi.yaml").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
A_SUBSCRIPTION: dict[str, Any] = {
    "app": "shop",
    "time": NOON,
    "subscription_id": "2jd3m8k7x2qf",
    "subscription": "hooks",
}


def test_the_schema_is_up_to_date() -> None:
    assert (EVENTS / "event.schema.json").read_text(encoding="utf-8") == as_text(), "run `make docs`"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "event",
    [
        *map(TaskEvent.of, (a_task(), a_task(command="x" * 5000, environment={"A": "b"}))),
        SubscriptionEvent(id="2jd3m8k7x2qf-4", why="no answer for a day", revision=4, **A_SUBSCRIPTION),
        ScheduleEvent(
            id="3jd3m8k7x2qf-4",
            time=NOON,
            app="shop",
            schedule_id="3jd3m8k7x2qf",
            schedule="nightly",
            why="Its last 3 runs failed.",
            revision=4,
        ),
        TrialEvent(id="t1", by="alice", **A_SUBSCRIPTION),
    ],
)
def test_every_kind_of_event_is_as_the_schema_says(event: Any) -> None:
    VALIDATOR.validate(json.loads(event.model_dump_json()))


@pytest.mark.parametrize("task", [a_task(), a_running_task(), a_stopping_task(), a_finished_task(7)])
def test_an_event_is_as_the_schema_says_whatever_has_become_of_the_task(task: Any) -> None:
    event = TaskEvent.of(task.but(status_revision=task.revision, previous_status="SOMETHING_NEW"))

    assert event is not None
    VALIDATOR.validate(json.loads(event.model_dump_json()))


def test_what_is_read_from_the_feed_is_as_the_schema_says(inside: HomeInProcess) -> None:
    app = inside.new_app()
    inside.ask("POST", f"/tasks/{inside.new_task(app)['id']}/stop")

    told = inside.ask("GET", f"/apps/{app}/events").json["items"]

    assert [event["status"] for event in told] == ["PENDING", "STOPPED"]
    for event in told:
        VALIDATOR.validate(event)


def test_the_schema_misses_no_field() -> None:
    event = SENT.dump_python(TaskEvent.of(a_task()), mode="json")  # type: ignore[arg-type]

    for name in event:
        assert not VALIDATOR.is_valid({key: value for key, value in event.items() if key != name}), name


def test_more_fields_may_come() -> None:
    event = SENT.dump_python(TaskEvent.of(a_task()), mode="json")  # type: ignore[arg-type]

    VALIDATOR.validate(event | {"new": 1, "task": event["task"] | {"new": 2}})


def test_the_example_of_the_docs_is_an_event() -> None:
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    example, *_ = re.findall(r"```json\n(.*?)```", text, re.DOTALL)  # the others are patterns

    VALIDATOR.validate(json.loads(example))
    assert json.loads(SENT.validate_json(example).model_dump_json()) == json.loads(example)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def target(reference: str) -> Any:
    document, _, path = reference.partition("#")
    found = json.loads((EVENTS / document).read_text(encoding="utf-8")) if document else ASYNCAPI
    for name in path.strip("/").split("/"):
        found = found[name]
    return found


def test_every_reference_of_the_description_leads_somewhere() -> None:
    found = list(references(ASYNCAPI))

    assert found
    for reference in found:
        assert isinstance(target(reference), dict), reference


def test_the_description_is_asyncapi_3_and_names_every_channel_and_event() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert ASYNCAPI["channels"].keys() == {"feed", "webhook", "bus"}
    described = {operation["channel"]["$ref"] for operation in ASYNCAPI["operations"].values()}
    assert described == {f"#/channels/{name}" for name in ASYNCAPI["channels"]}
    sent = {kind.__name__ for kind in get_args(get_args(Sent)[0])}
    payloads = {
        reference.rsplit("/", 1)[-1] for reference in references(ASYNCAPI) if "event.schema.json" in reference
    }
    assert payloads == sent


def test_every_message_of_the_bus_is_told_from_the_others_by_its_type() -> None:
    for message in ASYNCAPI["channels"]["bus"]["messages"].values():
        fields = target(message["$ref"])["payload"]["properties"]
        event = target(fields["detail"]["$ref"])

        assert fields["detail-type"]["const"] == event["properties"]["type"]["const"]
