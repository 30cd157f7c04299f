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
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"  # the emulator leaves it out of what it imports


def concede(account: AwsAccount) -> None:
    _let_the_api_read_groups(account.client("iam"), account.resource("ApiHandlerRole"))
    _put_gateway_responses(
        account.client("apigateway"), account.resource("RestAPI"), account.template["Resources"]["RestAPI"]
    )


def _let_the_api_read_groups(iam: Any, role: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [READ_GROUPS]}
    iam.put_role_policy(RoleName=role, PolicyName="concession", PolicyDocument=json.dumps(document))


def _put_gateway_responses(gateway: Any, api: str, packaged: dict[str, Any]) -> None:
    responses: dict[str, dict[str, Any]] = packaged["Properties"]["DefinitionBody"][GATEWAY_RESPONSES]
    for kind, response in responses.items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        templates = response["responseTemplates"]
        gateway.put_gateway_response(restApiId=api, responseType=kind, responseTemplates=templates, **status)
    gateway.create_deployment(restApiId=api, stageName="api")
