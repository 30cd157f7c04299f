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
# Lambda sets the region itself; only who begins lifecycles is told of their machine, only who launches of the role.
SET_BY_LAMBDA = {"AWS_REGION"}
# Plugins cost time at a cold start; a call that measures nothing is no reason for a line that is not JSON.
FOR_LIBRARIES = {"PYDANTIC_DISABLE_PLUGINS", "PYTHONWARNINGS"}
ONLY_FOR_SOME = {"STATE_MACHINE_ARN": {"APIHandler", "Sweep"}, "SESSION_ROLE_ARN": {"Launch"}}
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

    assert len(set(roles)) == len(functions) == 5
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
        "detail": {"startedBy": [{"prefix": {"Fn::Sub": "tapit-${Stage}/"}}]},
    }
    assert rule["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UndeliveredEvents", "Arn"]}}
    assert rule["RetryPolicy"]["MaximumEventAgeInSeconds"] == 24 * 60 * 60


def test_what_the_event_handler_fails_on_is_kept(template: dict[str, Any]) -> None:
    config = template["Resources"]["EcsEvent"]["Properties"]["EventInvokeConfig"]

    assert config["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailedEvents", "Arn"]}


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


def test_every_other_answer_of_the_gateway_has_it_too(template: dict[str, Any]) -> None:
    answers = _answers(template)

    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        filled = answer["responseTemplates"]["application/json"].replace(
            "$context.error.messageString", '"words"'
        )
        assert {"Code", "Message"} <= set(json.loads(filled))


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
