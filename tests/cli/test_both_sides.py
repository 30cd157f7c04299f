"""What the command line and the server each say for themselves, since they share no code: it must be the same."""

import inspect
import re
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from pydantic import BaseModel, ValidationError
from tapit import statuses
from tapit.commands import list_audit, list_tasks
from tapit.home import answers
from tapit.language import (
    app_keys,
    command_keys,
    retry_keys,
    schedule_keys,
    sizes,
    subscription_keys,
    tag_keys,
    task_keys,
    token_keys,
    values,
)

from chalicelib.domain import fargate_sizes as fargate
from chalicelib.domain import retry, tags
from chalicelib.domain.audit import What
from chalicelib.domain.schedule import Missed, Overlap
from chalicelib.domain.status import FINAL, Status
from chalicelib.domain.subscription import EVENT_NAMES, Format
from chalicelib.domain.token import MOST_APPS
from chalicelib.http import (
    app_models,
    audit_models,
    command_models,
    event_models,
    schedule_models,
    session_models,
    subscription_models,
    task_models,
    task_options,
    token_models,
    trust_models,
)
from chalicelib.http.fields import A_YEAR, MAX_COMMAND, RESERVED_PREFIX, QueryParameters, RequestBody

MODELS = (
    task_models,
    app_models,
    session_models,
    event_models,
    schedule_models,
    command_models,
    task_options,
    subscription_models,
    token_models,
    trust_models,
    audit_models,
)
ANSWERS: dict[str, type] = {
    "TaskView": answers.Task,
    "TaskSummary": answers.ListedTask,
    "TaskList": answers.PageOfTasks,
    "EventList": answers.PageOfEvents,
    "TaskRemovedView": answers.RemovedTask,
    "LogState": answers.StateOfLog,
    "LogView": answers.PageOfLog,
    "AppView": answers.App,
    "ChangedAppView": answers.ChangedApp,
    "KeptSecretsView": answers.KeptSecrets,
    "SecretsVersionView": answers.SecretsVersion,
    "AppList": answers.PageOfApps,
    "AppRemovedView": answers.RemovedApp,
    "SubscriptionView": answers.Subscription,
    "ChangedSubscriptionView": answers.ChangedSubscription,
    "SubscriptionWithSecretView": answers.SubscriptionWithSecret,
    "SubscriptionDetails": answers.SubscriptionDetails,
    "SubscriptionList": answers.PageOfSubscriptions,
    "SubscriptionRemovedView": answers.RemovedSubscription,
    "TestView": answers.Tested,
    "TaskOptionsView": answers.TaskOptions,
    "ScheduleView": answers.Schedule,
    "SavedScheduleView": answers.SavedSchedule,
    "ChangedScheduleView": answers.ChangedSchedule,
    "ScheduleDetails": answers.ScheduleDetails,
    "ScheduleList": answers.PageOfSchedules,
    "ScheduleRemovedView": answers.RemovedSchedule,
    "CommandView": answers.SavedCommand,
    "ChangedCommandView": answers.ChangedCommand,
    "CommandList": answers.PageOfCommands,
    "CommandRemovedView": answers.RemovedCommand,
    "ChannelView": answers.Channel,
    "OpenedSessionView": answers.OpenedSession,
    "WhoAmIView": answers.WhoAmI,
    "TokenView": answers.Token,
    "CreatedTokenView": answers.NewToken,
    "TokenList": answers.PageOfTokens,
    "TokenRemovedView": answers.RemovedToken,
    "TrustView": answers.Trust,
    "CreatedTrustView": answers.NewTrust,
    "TrustList": answers.Trusts,
    "TrustRemovedView": answers.RemovedTrust,
    "SignedInView": answers.SignedIn,
    "EntryView": answers.AuditEntry,
    "AuditList": answers.PageOfAudit,
}
NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def answer_models() -> dict[str, type[BaseModel]]:
    """The models that are neither a request nor imported from elsewhere."""
    return {
        name: model
        for module in MODELS
        for name, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, BaseModel) and model.__module__ == module.__name__
        if not issubclass(model, RequestBody | QueryParameters)
    }


def shape_of_hint(hint: Any) -> Any:
    if is_typeddict(hint):
        return {name: shape_of_hint(field) for name, field in get_type_hints(hint).items()}
    if get_origin(hint) is list:
        return [shape_of_hint(get_args(hint)[0])]
    if get_origin(hint) is dict:
        return ("by name", shape_of_hint(get_args(hint)[1]))
    if get_origin(hint) is UnionType:
        return any_of([shape_of_hint(one) for one in get_args(hint)])
    return NAMES[hint]


def shape_of_schema(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return shape_of_schema(parts[schema["$ref"].rsplit("/", 1)[-1]], parts)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return any_of([shape_of_schema(one, parts) for one in schema[several]])
    if "properties" in schema:
        return {name: shape_of_schema(field, parts) for name, field in schema["properties"].items()}
    if schema["type"] == "object":
        return ("by name", shape_of_schema(schema["additionalProperties"], parts))
    return [shape_of_schema(schema["items"], parts)] if schema["type"] == "array" else schema["type"]


def any_of(shapes: list[Any]) -> Any:
    different = sorted({str(shape): shape for shape in shapes}.items())
    return ("any of", [shape for _, shape in different]) if len(different) > 1 else different[0][1]


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read_as_the_server_writes_it(name: str) -> None:
    schema = answer_models()[name].model_json_schema(mode="serialization")

    assert shape_of_hint(ANSWERS[name]) == shape_of_schema(schema, schema.get("$defs", {}))


def test_every_answer_of_the_server_has_a_type_here() -> None:
    schemas = [answer_models()[name].model_json_schema(mode="serialization") for name in ANSWERS]
    parts = {part for schema in schemas for part in schema.get("$defs", {})}

    assert answer_models().keys() - parts == ANSWERS.keys() - parts


def test_the_statuses_are_the_same() -> None:
    assert tuple(Status) == statuses.STATUSES
    assert set(statuses.FINAL) == FINAL


def test_a_list_of_tasks_can_be_filtered_by_what_the_server_filters_by() -> None:
    told = {"since", "limit", "cursor", "id"}

    assert {key.name for key in list_tasks.FILTERS} == task_models.ListQuery.model_fields.keys() - told


def test_the_audit_can_be_narrowed_down_by_what_the_server_takes() -> None:
    told = {"limit", "cursor"}

    assert set(list_audit.NARROWING) == audit_models.ListAuditQuery.model_fields.keys() - told
    assert tuple(What) == list_audit.WHAT


def test_a_token_is_bound_by_the_same_bounds() -> None:
    assert (token_keys.SHORTEST, token_keys.LONGEST) == (token_models.A_MINUTE, token_models.TEN_YEARS)
    assert token_keys.MOST_APPS == MOST_APPS


def test_a_new_task_can_be_told_what_the_server_takes() -> None:
    told_otherwise = {"interactive", "attached", "environment"}
    sent = {task_keys.SENT_AS.get(name, name) for name in task_keys.PLAIN}

    assert sent == task_models.CreateTask.model_fields.keys() - told_otherwise


def test_a_saved_command_can_be_told_what_the_server_takes() -> None:
    told = {task_keys.SENT_AS.get(key.name, key.name) for key in command_keys.CHANGEABLE}
    fields = told - {"env", "env_file"} | {"environment"}

    assert fields | {"name"} == command_models.CreateCommand.model_fields.keys()
    assert fields == command_models.ChangeCommand.model_fields.keys()
    assert set(command_keys.UNSETTABLE) <= command_models.ChangeCommand.model_fields.keys()


@pytest.mark.parametrize("name", ["migrate", "a", "a" * 40, "a" * 41, "1st", "-a", "A", "a b", "a-1", "a_b"])
def test_a_name_is_judged_alike(name: str) -> None:
    assert bool(re.fullmatch(values.NAME, name)) is fits(name)


def fits(name: str) -> bool:
    try:
        command_models.CreateCommand.model_validate({"name": name, "command": "true"})
    except ValidationError:
        return False
    return True


def test_retries_are_bound_by_the_same_bounds() -> None:
    words = retry_keys.reasons("retry_on", "infrastructure,spot,lost,exit:1,exit:255,exit:3-7")

    assert (retry_keys.MOST, retry_keys.LONGEST_WAIT) == (retry.MOST_RETRIES, retry.LONGEST_RETRY_WAIT)
    assert [retry.checked_reason(word) for word in words] == words
    with pytest.raises(ValueError, match=", ".join(retry_keys.CAUSES)):
        retry.checked_reason("no reason")


def test_an_app_can_be_told_what_the_server_takes() -> None:
    variables = {"environment", "secrets", "limits"}

    assert set(app_keys.PLAIN) == app_models.AppFields.model_fields.keys() - variables
    assert set(app_keys.LIMITS.values()) == app_models.LimitsBody.model_fields.keys()


def test_a_subscription_can_be_told_what_the_server_takes() -> None:
    created = {"name", "url", *(key.name for key in subscription_keys.CHANGEABLE)}

    assert created == subscription_models.CreateSubscription.model_fields.keys()
    assert created - {"name"} | {"paused"} == subscription_models.ChangeSubscription.model_fields.keys()
    assert subscription_keys.EVENTS == EVENT_NAMES
    assert tuple(Format) == subscription_keys.FORMATS


def test_a_schedule_can_be_told_what_the_server_takes() -> None:
    told = {key.name for key in (schedule_keys.NEW_NAME, *schedule_keys.CHANGEABLE)}
    of_tasks = {"command", "command_name", *task_options.TaskOptions.model_fields}

    assert told | of_tasks == schedule_models.CreateSchedule.model_fields.keys()
    assert tuple(Overlap) == schedule_keys.OVERLAPS
    assert tuple(Missed) == schedule_keys.MISSED


def test_the_most_that_can_be_asked_for_is_the_same() -> None:
    assert values.COMMAND_LIMIT == MAX_COMMAND
    assert tag_keys.MOST == tags.MOST
    assert (sizes.MOST_CPU, sizes.MOST_MEMORY) == (fargate.MAX_CPU, fargate.MAX_MEMORY)
    assert sizes.MOST_HOURS == A_YEAR
    assert values.OWN_VARIABLES == RESERVED_PREFIX
    assert (sizes.LEAST_DISK, sizes.MOST_DISK) == (fargate.DEFAULT_STORAGE_GB, fargate.MAX_STORAGE_GB)
