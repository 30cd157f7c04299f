"""Every statement of every function's policy: what it needs, all of it, and nothing else."""

import json
from fnmatch import fnmatchcase
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.adapters.task_definitions import family_of
from deploy.package import ROOT
from tests.deploy.adapter_calls import SERVICES, calls

POLICIES = ROOT / ".chalice/policies"
# What IAM knows of every action, as cfn-lint ships it.
_KNOWN = next(
    (ROOT / ".venv/lint").glob("lib/python*/site-packages/cfnlint/data/AdditionalSpecs/Policies.json")
)
ACTIONS: dict[str, Any] = json.loads(_KNOWN.read_text())

_READ_AND_SAVE = {"dynamodb": {"get_item", "put_item", "update_item", "transact_write_items"}}
_SEE_TO_SCHEDULES = {
    "dynamodb": _READ_AND_SAVE["dynamodb"] | {"batch_get_item"}
}  # when a run of one has failed
_LAUNCH = {"lambda": {"invoke"}}
_BEGIN = {"stepfunctions": {"start_execution", "describe_execution"}}
_LOOK_AND_STOP = {"ecs": {"describe_tasks", "stop_task"}}
# Which calls each function makes, whatever way it takes through the program.
CALLS: dict[str, dict[str, set[str]]] = {
    "api": {
        "dynamodb": _READ_AND_SAVE["dynamodb"]
        | {"delete_item", "query", "batch_get_item", "condition_check_item"},
        "ecs": {
            "stop_task",
            "describe_tasks",
            "execute_command",
            "describe_services",
            "describe_task_definition",
        },
        "logs": {"get_log_events"},
        "lambda": {"invoke"},
        "sqs": {"send_message_batch"},
        "ssm": {"resume_session", "terminate_session", "put_parameter", "delete_parameter"},
        **_BEGIN,
    },
    "ecs_event": {**_SEE_TO_SCHEDULES, **_LAUNCH, **_LOOK_AND_STOP, **_BEGIN},
    "launch": {
        **_SEE_TO_SCHEDULES,
        **_BEGIN,
        "ecs": {
            "describe_services",
            "describe_task_definition",
            "describe_tasks",
            "list_tasks",
            "register_task_definition",
            "run_task",
            "stop_task",
        },
        "logs": {"create_log_group", "put_retention_policy"},
        "secretsmanager": {"get_resource_policy", "put_resource_policy"},
    },
    "check_deadline": {**_SEE_TO_SCHEDULES, **_LAUNCH, **_LOOK_AND_STOP, **_BEGIN},
    "publish": {
        "dynamodb": {"get_item", "batch_get_item", "put_item", "transact_write_items"},
        "events": {"put_events"},
        "sqs": {"send_message_batch"},
    },
    "deliver": {
        "dynamodb": {"get_item", "put_item", "delete_item"},
        "sqs": {"send_message_batch", "change_message_visibility"},
        "ssm": {"get_parameters"},
    },
    "keep_secrets": {
        "secretsmanager": {"create_secret", "delete_secret", "get_secret_value", "put_secret_value"},
    },
    "sweep": {
        "dynamodb": _READ_AND_SAVE["dynamodb"] | {"query", "batch_get_item", "delete_item"},
        **_LAUNCH,
        **_BEGIN,
        **_LOOK_AND_STOP,
    },
}
# Calls that are made in transactions only: DynamoDB has an action for them, and no operation.
IN_TRANSACTIONS = {"condition_check_item"}
# What a call takes beside, or instead of, the action of its own name.
IMPLIED = {
    "transact_write_items": set(),  # the actions of what is in it
    "condition_check_item": {"dynamodb:ConditionCheckItem"},
    "invoke": {"lambda:InvokeFunction"},
    "create_secret": {"secretsmanager:CreateSecret", "secretsmanager:TagResource"},
    "send_message_batch": {"sqs:SendMessage"},
    "run_task": {"ecs:RunTask", "ecs:TagResource", "iam:PassRole"},
    "register_task_definition": {"ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"},
}
# What Lambda does with a function's role, whatever the function does.
BY_LAMBDA = {name: {"logs:CreateLogStream", "logs:PutLogEvents"} for name in CALLS}
BY_LAMBDA["publish"] |= {
    f"dynamodb:{verb}" for verb in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}
BY_LAMBDA["deliver"] |= {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
# What is done with a signature of the function's, by whoever got it.
BY_SIGNATURE = {"api": {"ssmmessages:OpenDataChannel"}}
BY_LAMBDA["ecs_event"] |= {"sqs:SendMessage"}  # its on-failure queue
PREFIXES = {"stepfunctions": "states"}
# ListTasks takes the ARN of a container instance only when asked about one; the cluster is a condition.
WITHOUT_ARN = {"ecs:ListTasks"}
# The list of cfn-lint knows none, but Session Manager's documentation binds it to the ARN of the session.
WITH_ARN = {"ssmmessages:OpenDataChannel"}
ON_CLUSTERS = {"ecs:RunTask", "ecs:StopTask", "ecs:DescribeTasks", "ecs:ListTasks", "ecs:DescribeServices"}
SESSIONS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:session/ecs-execute-command-*"
SSM_OF_TASKS = {
    f"ssmmessages:{verb}{channel}Channel" for verb in ("Create", "Open") for channel in ("Control", "Data")
}

OF_THE_STAGE = {"aws:ResourceTag/tapit:stage": {"Ref": "Stage"}}
PARAMETERS = json.loads((ROOT / ".chalice/resources.json").read_text())["Parameters"]

WRITING = {f"dynamodb:{verb}Item" for verb in ("Put", "Update", "Delete", "BatchWrite")}

Statement = dict[str, Any]


def statements(function: str) -> list[Statement]:
    found: list[Statement] = json.loads((POLICIES / f"{function}.json").read_text())["Statement"]
    return found


def test_the_table_of_calls_is_what_the_adapters_make() -> None:
    made = {
        f"{SERVICES[file]}.{call}" for file, found in calls().items() for call in found if file in SERVICES
    }
    declared = {
        f"{service}.{call}" for by in CALLS.values() for service, found in by.items() for call in found
    }

    assert made == declared


def test_no_other_adapter_calls_aws() -> None:
    assert {file for file, found in calls().items() if found} == set(SERVICES)


def test_every_call_is_one_of_its_service() -> None:
    session = botocore.session.get_session()
    for service in {service for by in CALLS.values() for service in by}:
        known = {xform_name(name) for name in session.get_service_model(service).operation_names}
        assert {call for by in CALLS.values() for call in by.get(service, ())} - IN_TRANSACTIONS <= known


def test_there_is_a_policy_for_every_function() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text())["stages"]["aws"]["lambda_functions"]

    assert {path.stem for path in POLICIES.iterdir()} == set(CALLS)
    assert {of["iam_policy_file"] for of in config.values()} == {f"policies/{name}.json" for name in CALLS}


@pytest.mark.parametrize("function", CALLS)
def test_a_function_may_do_what_its_calls_take_and_no_more(function: str) -> None:
    granted = {action for statement in statements(function) for action in statement["Action"]}

    assert granted == _needed(function)


@pytest.mark.parametrize("function", CALLS)
def test_a_resource_is_named_wherever_iam_takes_one(function: str) -> None:
    for statement in statements(function):
        for action in statement["Action"]:
            is_any = statement["Resource"] == "*"
            takes_arn = action in WITH_ARN or (_takes_arn(action) and action not in WITHOUT_ARN)
            assert is_any != takes_arn, action


@pytest.mark.parametrize("function", CALLS)
def test_what_happens_in_a_cluster_is_bound_to_the_clusters_given(function: str) -> None:
    for statement in statements(function):
        if ON_CLUSTERS & set(statement["Action"]):
            assert "Clusters" in json.dumps(statement["Condition"]["StringLike"]["ecs:cluster"])


@pytest.mark.parametrize("function", CALLS)
def test_each_statement_is_an_allowance_of_plain_actions(function: str) -> None:
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert not [action for action in statement["Action"] if "*" in action]


def test_only_launching_may_run_tasks_and_pass_roles() -> None:
    allowed = {
        (function, action)
        for function in CALLS
        for statement in statements(function)
        for action in statement["Action"]
        if action in ("ecs:RunTask", "ecs:RegisterTaskDefinition", "iam:PassRole")
    }

    assert {function for function, _ in allowed} == {"launch"}


def test_the_sweep_may_call_the_function_that_launches_and_no_other() -> None:
    (calling,) = [one for one in statements("sweep") if "lambda:InvokeFunction" in one["Action"]]

    assert calling["Resource"]["Fn::Sub"].endswith(":function:tapit-${Stage}-launch")


def test_publishing_writes_nothing_but_the_feed() -> None:
    (writing,) = [one for one in statements("publish") if "dynamodb:PutItem" in one["Action"]]

    assert writing["Condition"] == keys("event#*", "feed#*")


def test_publishing_reads_subscriptions_and_tells_this_stage_alone() -> None:
    by_action = {action: one for one in statements("publish") for action in one["Action"]}

    assert by_action["dynamodb:BatchGetItem"]["Condition"] == keys("subscription#*", "subscriptions#*")
    assert by_action["events:PutEvents"]["Resource"] == arn_of("EventBus")
    assert by_action["sqs:SendMessage"]["Resource"] == [arn_of("Deliveries"), arn_of("FailedEvents")]


def test_the_minute_fires_schedules_and_changes_neither_apps_nor_commands() -> None:
    by_action: dict[str, list[Any]] = {}
    for one in statements("sweep"):
        for action in one["Action"]:
            by_action.setdefault(action, []).append(one.get("Condition"))

    assert by_action["dynamodb:DeleteItem"] == [keys("schedule#*", "schedules#*")]
    assert keys("app#*", "command#*") in by_action["dynamodb:GetItem"]
    assert keys("app#*", "command#*") not in by_action["dynamodb:PutItem"]
    tasks = keys("task#*", "unfinished#*", "lock#*", "tagged#*", "key#schedule:*")
    assert by_action["dynamodb:PutItem"] == [tasks, keys("schedule#*", "schedules#*")]


@pytest.mark.parametrize("function", ["ecs_event", "check_deadline", "launch"])
def test_who_ends_a_run_may_pause_its_schedule_and_neither_make_nor_remove_one(function: str) -> None:
    about = [one for one in statements(function) if one.get("Condition") == keys("schedule#*")]

    assert [one["Action"] for one in about] == [["dynamodb:GetItem", "dynamodb:PutItem"]]


def test_sending_webhooks_takes_its_queues_its_items_and_its_secrets() -> None:
    by_action = {action: one for one in statements("deliver") for action in one["Action"]}

    assert by_action["dynamodb:PutItem"]["Condition"] == keys("subscription#*", "delivery#*")
    assert by_action["sqs:ReceiveMessage"]["Resource"] == [arn_of("Deliveries"), arn_of("SlowDeliveries")]
    assert by_action["sqs:SendMessage"]["Resource"] == arn_of("SlowDeliveries")
    assert by_action["ssm:GetParameters"]["Resource"]["Fn::Sub"].endswith(
        ":parameter/tapit/${Stage}/webhooks/*"
    )


def test_the_api_may_call_the_functions_that_send_webhooks_keep_secrets_and_launch_and_no_other() -> None:
    calling = [one for one in statements("api") if "lambda:InvokeFunction" in one["Action"]]

    called = [one["Resource"]["Fn::Sub"].rpartition(":")[2] for one in calling]
    assert called == [f"tapit-${{Stage}}-{name}" for name in ("deliver", "keep-secrets", "launch")]


def test_one_function_reads_secrets_of_apps_and_only_those_of_its_stage() -> None:
    about = {
        (function, action): one["Resource"]
        for function in CALLS
        for one in statements(function)
        for action in one["Action"]
        if action.startswith("secretsmanager:")
    }

    assert {function for function, action in about if "Value" in action} == {"keep_secrets"}
    assert {function for function, action in about if "Policy" in action} == {"launch"}
    assert all(of["Fn::Sub"].endswith(":secret:tapit/${Stage}/*") for of in about.values())


@pytest.mark.parametrize("function", CALLS.keys() - {"api"})
@pytest.mark.parametrize("key", ["token#0a1b2c3d", "token#named#ci", "trust#deployers", "audit#1jd3m8"])
def test_only_the_api_may_write_who_may_do_what_and_who_did(function: str, key: str) -> None:
    """DynamoDB judges each item of a transaction by its own key."""
    for statement in statements(function):
        if WRITING & set(statement["Action"]):
            patterns = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert not [pattern for pattern in patterns if fnmatchcase(key, pattern)]


def keys(*patterns: str) -> Any:
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


def arn_of(resource: str) -> Any:
    return {"Fn::GetAtt": [resource, "Arn"]}


def test_roles_are_passed_to_ecs_alone_and_only_those_given() -> None:
    """To its tasks; and to ECS itself what makes a task's volume, if the service has one that is made at launch."""
    given, own = [one for one in statements("launch") if "iam:PassRole" in one["Action"]]

    assert '"PassableRoles"' in json.dumps(given["Resource"])
    assert passed_to(given) == ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]
    assert own["Resource"] == {"Fn::GetAtt": ["SessionRole", "Arn"]}
    assert passed_to(own) == "ecs-tasks.amazonaws.com"


def passed_to(statement: Statement) -> Any:
    ((kind, condition),) = statement["Condition"].items()
    assert (kind, list(condition)) == ("StringEquals", ["iam:PassedToService"])
    return condition["iam:PassedToService"]


def test_sessions_are_opened_only_in_the_stages_own_tasks_and_the_clusters_given() -> None:
    opening = [one for one in statements("api") if "ecs:ExecuteCommand" in one["Action"]]
    in_tasks, in_clusters = opening

    assert in_tasks["Resource"]["Fn::Sub"].endswith(":task/*")
    assert in_tasks["Condition"]["StringEquals"] == OF_THE_STAGE
    assert '"Clusters"' in json.dumps(in_tasks["Condition"]["StringLike"]["ecs:cluster"])
    assert '"Clusters"' in json.dumps(in_clusters["Resource"])
    assert ":cluster/" in json.dumps(in_clusters["Resource"])


def test_strays_are_stopped_only_where_the_tag_is_the_stages() -> None:
    (stopping,) = [one for one in statements("ecs_event") if "ecs:StopTask" in one["Action"]]

    assert stopping["Condition"]["StringEquals"] == OF_THE_STAGE


@pytest.mark.parametrize("function", ["api", "launch", "check_deadline", "sweep"])
def test_tasks_of_other_stages_are_not_stopped_and_own_ones_twice_if_need_be(function: str) -> None:
    """A stop takes the tags away: one that is repeated is of a task without any."""
    (stopping,) = [one for one in statements(function) if "ecs:StopTask" in one["Action"]]

    assert stopping["Condition"]["StringEqualsIfExists"] == OF_THE_STAGE


STAGES = st.from_regex(PARAMETERS["Stage"]["AllowedPattern"], fullmatch=True)
APPS = st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True)


@given(STAGES, APPS, STAGES, APPS)
@example("dev", "a-b", "dev-a", "b")
@example("dev", "a", "dev", "a-0")
def test_each_app_of_each_stage_has_families_of_its_own(
    stage: str, app: str, other_stage: str, other_app: str
) -> None:
    is_same = (stage, app) == (other_stage, other_app)

    assert (family_of(stage, app, "0" * 16) == family_of(other_stage, other_app, "0" * 16)) is is_same


@given(STAGES, APPS, STAGES)
@example("dev-a", "b", "dev")
def test_a_stage_may_register_and_run_its_own_definitions_and_those_of_no_other(
    stage: str, app: str, other_stage: str
) -> None:
    for action in ("ecs:RunTask", "ecs:RegisterTaskDefinition"):
        (one,) = [one for one in statements("launch") if action in one["Action"]]
        allowed = one["Resource"]["Fn::Sub"].rpartition("/")[2].replace("${Stage}", other_stage)
        family = family_of(stage, app, "0" * 16)
        assert fnmatchcase(f"{family}:1", allowed) is (stage == other_stage)


def test_only_sessions_of_ecs_exec_are_resumed_ended_and_signed_for() -> None:
    about = [
        one
        for one in statements("api")
        if one["Action"][0].startswith("ssm") and not one["Action"][0].endswith("Parameter")
    ]

    assert {action for one in about for action in one["Action"]} == {
        "ssm:ResumeSession",
        "ssm:TerminateSession",
        "ssmmessages:OpenDataChannel",
    }
    assert [one["Resource"] for one in about] == [{"Fn::Sub": SESSIONS}] * 2


def test_the_api_writes_secrets_of_webhooks_and_can_read_none() -> None:
    (about,) = [one for one in statements("api") if "ssm:PutParameter" in one["Action"]]

    assert about["Action"] == ["ssm:PutParameter", "ssm:DeleteParameter"]
    assert about["Resource"]["Fn::Sub"].endswith(":parameter/tapit/${Stage}/webhooks/*")
    assert not [one for one in statements("api") if any("GetParameter" in each for each in one["Action"])]


def test_the_session_role_is_for_ecs_tasks_and_holds_nothing_but_sessions(template: dict[str, Any]) -> None:
    """These actions take no ARN: a task that talks to Session Manager can name none."""
    role = template["Resources"]["SessionRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (set(statement["Action"]), statement["Resource"]) == (SSM_OF_TASKS, "*")
    assert not [action for action in SSM_OF_TASKS if _takes_arn(action)]
    assert "ManagedPolicyArns" not in role


def test_the_lifecycle_may_call_its_two_functions_and_nothing_else(template: dict[str, Any]) -> None:
    (policy,) = template["Resources"]["LifecycleRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]} for name in ("Launch", "CheckDeadline")]


def _needed(function: str) -> set[str]:
    needed = BY_LAMBDA[function] | BY_SIGNATURE.get(function, set())
    for service, made in CALLS[function].items():
        for call in made:
            if call in IMPLIED:
                needed |= IMPLIED[call]
            else:
                needed.add(f"{PREFIXES.get(service, service)}:{_operation(service, call)}")
    return needed


def _operation(service: str, call: str) -> str:
    names: list[str] = botocore.session.get_session().get_service_model(service).operation_names
    return next(name for name in names if xform_name(name) == call)


def _takes_arn(action: str) -> bool:
    service, _, name = action.partition(":")
    return bool(ACTIONS[service]["Actions"][name.lower()].get("Resources"))
