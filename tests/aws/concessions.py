"""What the emulator reads otherwise than AWS does, made good through its own API; the template stays as it is."""

import json
from typing import Any

from tests.aws.account import AwsAccount

# AWS holds GetLogEvents against the ARN of the stream, as the template does; the emulator against the group's.
READ_GROUPS = {
    "Effect": "Allow",
    "Action": "logs:GetLogEvents",
    "Resource": "arn:aws:logs:*:*:log-group:/ecs/*",
}
# AWS holds it against the ARN of each parameter, as the template does; the emulator against none.
READ_SECRETS = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}
# AWS knows no such action: who may send a message may send ten at once.
SEND_BATCHES = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": "arn:aws:sqs:*:*:tapit-*"}
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"  # the emulator leaves it out of what it imports


def concede(account: AwsAccount) -> None:
    iam = account.client("iam")
    _allow(iam, account.resource("ApiHandlerRole"), READ_GROUPS, SEND_BATCHES)
    _allow(iam, account.resource("PublishRole"), SEND_BATCHES)
    _allow(iam, account.resource("DeliverRole"), SEND_BATCHES, READ_SECRETS)
    _put_gateway_responses(
        account.client("apigateway"), account.resource("RestAPI"), account.template["Resources"]["RestAPI"]
    )


def _allow(iam: Any, role: str, *statements: dict[str, str]) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}
    iam.put_role_policy(RoleName=role, PolicyName="concession", PolicyDocument=json.dumps(document))


def _put_gateway_responses(gateway: Any, api: str, packaged: dict[str, Any]) -> None:
    responses: dict[str, dict[str, Any]] = packaged["Properties"]["DefinitionBody"][GATEWAY_RESPONSES]
    for kind, response in responses.items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        templates = response["responseTemplates"]
        gateway.put_gateway_response(restApiId=api, responseType=kind, responseTemplates=templates, **status)
    gateway.create_deployment(restApiId=api, stageName="api")
