"""Every statement of every function's policy: what it needs, all of it, and nothing else."""

import json
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from deploy.package import ROOT
from tests.deploy.adapter_calls import SERVICES, calls

POLICIES = ROOT / ".chalice/policies"
# What IAM knows of every action, as cfn-lint ships it.
_KNOWN = next(
    (ROOT / ".venv/lint").glob("lib/python*/site-packages/cfnlint/data/AdditionalSpecs/Policies.json")
)
ACTIONS: dict[str, Any] = json.loads(_KNOWN.read_text())

_READ_AND_SAVE = {"dynamodb": {"get_item", "put_item", "update_item", "transact_write_items"}}
_BEGIN = {"stepfunctions": {"start_execution", "describe_execution"}}
_LOOK_AND_STOP = {"ecs": {"describe_tasks", "stop_task"}}
# Which calls each function makes, whatever way it takes through the program.
CALLS: dict[str, dict[str, set[str]]] = {
    "api": {
        "dynamodb": _READ_AND_SAVE["dynamodb"] | {"delete_item", "query"},
        "ecs": {"stop_task", "describe_tasks", "execute_command"},
        "logs": {"get_log_events"},
        "ssm": {"resume_session", "terminate_session"},
        **_BEGIN,
    },
    "ecs_event": {**_READ_AND_SAVE, "ecs": {"stop_task"}},
    "launch": {
        **_READ_AND_SAVE,
        "ecs": {
            "describe_services",
            "describe_task_definition",
            "list_tasks",
            "register_task_definition",
            "run_task",
            "stop_task",
        },
        "logs": {"create_log_group", "put_retention_policy"},
    },
    "check_deadline": {**_READ_AND_SAVE, **_LOOK_AND_STOP},
    "sweep": {"dynamodb": _READ_AND_SAVE["dynamodb"] | {"query"}, **_BEGIN, **_LOOK_AND_STOP},
}
# What a call takes beside, or instead of, the action of its own name.
IMPLIED = {
    "transact_write_items": set(),  # the actions of what is in it
    "run_task": {"ecs:RunTask", "ecs:TagResource", "iam:PassRole"},
    "register_task_definition": {"ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"},
}
# What Lambda does with a function's role, whatever the function does.
BY_LAMBDA = {name: {"logs:CreateLogStream", "logs:PutLogEvents"} for name in CALLS}
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
        assert {call for by in CALLS.values() for call in by.get(service, ())} <= known


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


def test_roles_are_passed_to_ecs_tasks_alone_and_only_those_given() -> None:
    passing = [one for one in statements("launch") if "iam:PassRole" in one["Action"]]
    given, own = (one["Resource"] for one in passing)

    for one in passing:
        assert one["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert '"PassableRoles"' in json.dumps(given)
    assert own == {"Fn::GetAtt": ["SessionRole", "Arn"]}


def test_sessions_are_opened_only_in_the_stages_own_tasks_and_the_clusters_given() -> None:
    opening = [one for one in statements("api") if "ecs:ExecuteCommand" in one["Action"]]
    in_tasks, in_clusters = opening

    assert in_tasks["Resource"]["Fn::Sub"].endswith(":task/*")
    assert in_tasks["Condition"]["StringEquals"] == {"aws:ResourceTag/tapit:stage": {"Ref": "Stage"}}
    assert '"Clusters"' in json.dumps(in_tasks["Condition"]["StringLike"]["ecs:cluster"])
    assert '"Clusters"' in json.dumps(in_clusters["Resource"])
    assert ":cluster/" in json.dumps(in_clusters["Resource"])


def test_only_sessions_of_ecs_exec_are_resumed_ended_and_signed_for() -> None:
    about = [one for one in statements("api") if one["Action"][0].startswith("ssm")]

    assert {action for one in about for action in one["Action"]} == {
        "ssm:ResumeSession",
        "ssm:TerminateSession",
        "ssmmessages:OpenDataChannel",
    }
    assert [one["Resource"] for one in about] == [{"Fn::Sub": SESSIONS}] * 2


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
            needed |= IMPLIED.get(call, {f"{PREFIXES.get(service, service)}:{_operation(service, call)}"})
    return needed


def _operation(service: str, call: str) -> str:
    names: list[str] = botocore.session.get_session().get_service_model(service).operation_names
    return next(name for name in names if xform_name(name) == call)


def _takes_arn(action: str) -> bool:
    service, _, name = action.partition(":")
    return bool(ACTIONS[service]["Actions"][name.lower()].get("Resources"))
