"""What CloudFormation is given: valid before and after the SAM expansion, and complete."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import Settings, variable_of
from deploy.package import ROOT, Package

LINT = ROOT / ".venv/lint/bin"
REGIONS = ("us-east-1", "eu-central-1")
FUNCTION = "AWS::Serverless::Function"
# Lambda sets the region itself; only who may begin a lifecycle is told of their machine, only who launches of the role.
SET_BY_LAMBDA = {"AWS_REGION"}
# Plugins cost time at a cold start; a call that measures nothing is no reason for a line that is not JSON.
FOR_LIBRARIES = {"PYDANTIC_DISABLE_PLUGINS", "PYTHONWARNINGS"}
ONLY_FOR_SOME = {
    "STATE_MACHINE_ARN": {"APIHandler", "EcsEvent", "Launch", "CheckDeadline", "Sweep"},
    "SESSION_ROLE_ARN": {"Launch"},
    "FAILED_QUEUE_URL": {"Publish"},
    "DELIVERIES_URL": {"APIHandler", "Publish"},
    "SLOW_DELIVERIES_URL": {"Deliver"},
}
HAND_WRITTEN_ANSWERS = {"MISSING_AUTHENTICATION_TOKEN": 404, "THROTTLED": 429, "REQUEST_TOO_LARGE": 413}


@pytest.mark.slow
def test_cfn_lint_finds_nothing(packaged: Package) -> None:
    assert _lint(packaged.template) == ""


@pytest.mark.slow
def test_cfn_lint_finds_nothing_after_the_sam_expansion(packaged: Package, tmp_path: Path) -> None:
    expanded = tmp_path / "expanded.json"
    subprocess.run(
        [LINT / "python", Path(__file__).parent / "expand_sam.py", packaged.template, expanded],
        check=True,
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
    )

    assert _lint(expanded) == ""


def test_every_setting_is_given_to_every_function(template: dict[str, Any]) -> None:
    settings = {variable_of(field) for field in Settings.model_fields} - SET_BY_LAMBDA
    for name, function in _of_type(template, FUNCTION).items():
        needed = {setting for setting in settings if name in ONLY_FOR_SOME.get(setting, {name})}
        assert set(function["Environment"]["Variables"]) - FOR_LIBRARIES == needed, name


def test_every_function_has_a_fixed_name_a_role_and_a_log_that_ends(template: dict[str, Any]) -> None:
    functions = _of_type(template, FUNCTION)
    roles = [json.dumps(function["Role"]) for function in functions.values()]

    assert len(set(roles)) == len(functions) == 8
    for name, function in functions.items():
        own_name = function["FunctionName"]["Fn::Sub"]
        log = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert own_name.startswith("tapit-${Stage}-"), name
        assert log["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{own_name}"}
        assert log["RetentionInDays"] == 30


def test_the_rule_matches_only_this_stages_tasks_and_loses_none(template: dict[str, Any]) -> None:
    rule = template["Resources"]["EcsEvent"]["Properties"]["Events"]["EcsEventEvent"]["Properties"]

    assert rule["Pattern"] == {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "startedBy": [{"prefix": {"Fn::Sub": "tapit-${Stage}/"}}],
            # Launching a task tells as much as the first, and nobody has to wait in the other.
            "lastStatus": [{"anything-but": ["PROVISIONING", "ACTIVATING"]}],
        },
    }
    assert rule["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["FailedEvents", "Arn"]}}
    assert rule["RetryPolicy"]["MaximumEventAgeInSeconds"] == 24 * 60 * 60


def test_what_the_event_handler_fails_on_is_kept(template: dict[str, Any]) -> None:
    config = template["Resources"]["EcsEvent"]["Properties"]["EventInvokeConfig"]

    assert config["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailedEvents", "Arn"]}


@pytest.mark.parametrize(
    ("queue", "scaling"), [("Deliveries", None), ("SlowDeliveries", {"MaximumConcurrency": 10})]
)
def test_deliveries_go_one_by_one_and_what_never_gets_through_is_kept(
    template: dict[str, Any], queue: str, scaling: Any
) -> None:
    """One by one: of a batch all would wait for the slowest receiver."""
    properties, source = (template["Resources"][name]["Properties"] for name in (queue, f"{queue}Source"))
    function = template["Resources"]["Deliver"]["Properties"]

    assert source["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert (source["BatchSize"], source.get("ScalingConfig")) == (1, scaling)
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["FailedEvents", "Arn"]}
    assert properties["RedrivePolicy"]["maxReceiveCount"] == 10  # as the function's log says
    assert properties["VisibilityTimeout"] >= 6 * function["Timeout"]  # as Lambda's documentation wants it


def test_the_tables_stream_brings_what_may_be_news_and_loses_none(template: dict[str, Any]) -> None:
    """What else is written, and what is deleted, is not even looked at."""
    source = template["Resources"]["PublishSource"]["Properties"]
    tasks, subscriptions = (json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"])

    assert template["Resources"]["Table"]["Properties"]["StreamSpecification"] == {
        "StreamViewType": "NEW_IMAGE"
    }
    assert tasks == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {
            "Keys": {"pk": {"S": [{"prefix": "task#"}, {"prefix": "schedule#"}]}},
            "NewImage": {"news": {"S": ["yes"]}},
        },
    }
    assert subscriptions == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "subscription#"}]}}},
    }
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 < source["MaximumRecordAgeInSeconds"] < 24 * 60 * 60  # then a redrive finds it in the stream
    assert source["MaximumRetryAttempts"] > 0
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailedEvents", "Arn"]}


def test_the_table_outlives_the_stack(template: dict[str, Any]) -> None:
    table = template["Resources"]["Table"]

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(("kind", "status"), HAND_WRITTEN_ANSWERS.items())
def test_the_gateways_own_answers_have_our_shape(template: dict[str, Any], kind: str, status: int) -> None:
    answer = _answers(template)[kind]

    assert answer["statusCode"] == status
    assert {"Code", "Message"} <= set(json.loads(answer["responseTemplates"]["application/json"]))


def test_whoever_asks_the_stage_too_often_is_told_when_to_ask_again(template: dict[str, Any]) -> None:
    assert _answers(template)["THROTTLED"]["responseParameters"] == {
        "gatewayresponse.header.Retry-After": "'1'"
    }


def test_every_other_answer_of_the_gateway_has_it_too(template: dict[str, Any]) -> None:
    answers = _answers(template)

    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        filled = answer["responseTemplates"]["application/json"].replace(
            "$context.error.messageString", '"words"'
        )
        assert {"Code", "Message"} <= set(json.loads(filled))


def test_whoever_has_no_token_cannot_use_up_what_the_others_have(template: dict[str, Any]) -> None:
    """Signing in is open, and each try asks STS."""
    settings = template["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    limits = {each["ResourcePath"]: each for each in settings}
    login, everything = limits["/~1login"], limits["/*"]

    assert login["ThrottlingRateLimit"] <= everything["ThrottlingRateLimit"] / 10
    assert login["ThrottlingBurstLimit"] < everything["ThrottlingBurstLimit"]


def test_every_alarm_tells_somebody(template: dict[str, Any]) -> None:
    alarms = _of_type(template, "AWS::CloudWatch::Alarm")

    assert len(alarms) == 5
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())


def test_no_value_of_the_template_belongs_to_one_bucket_or_stage(template: dict[str, Any]) -> None:
    undecided = {name for name, values in template["Parameters"].items() if "Default" not in values}

    assert undecided == {"Stage", "CodeBucket", "CodeKey"}
    for function in _of_type(template, FUNCTION).values():
        assert function["CodeUri"] == {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}}


def _answers(template: dict[str, Any]) -> dict[str, Any]:
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    answers: dict[str, Any] = body["x-amazon-apigateway-gateway-responses"]
    return answers


def _of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    found = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def _lint(template: Path) -> str:
    done = subprocess.run(
        [LINT / "cfn-lint", template, "--regions", *REGIONS], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr
