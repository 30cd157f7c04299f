"""Whose AWS account we work in, and what its refusals mean to the person at the keyboard."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from deploy.refusals import Refusal

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN_KEYS = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "AuthFailure",
)
_LOG_IN = "Log in (aws sso login, aws configure), or set AWS_PROFILE, and try again."


@dataclass(frozen=True)
class Account:
    """An account and a region, with the clients to work in them."""

    session: boto3.Session
    id: str
    region: str

    def client(self, service: str) -> Any:
        return self.session.client(service, region_name=self.region)


def open_account() -> Account:
    """Use the ordinary credentials and region of whoever runs this; raise Refusal without them."""
    session = boto3.Session(
        region_name=os.environ.get("AWS_REGION")
    )  # boto3 itself reads only the older name
    if session.region_name is None:
        raise Refusal("No region is set.", "Set one: export AWS_REGION=eu-west-1, or aws configure.")
    identity = session.client("sts").get_caller_identity()
    return Account(session, identity["Account"], session.region_name)


@contextmanager
def aws_in_plain_words() -> Iterator[None]:
    """Turn what AWS or its SDK refuses into a Refusal."""
    try:
        yield
    except ClientError as error:
        raise _refused(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise Refusal("There are no AWS credentials.", _LOG_IN) from error
    except NoRegionError as error:
        raise Refusal("No region is set.", "Set one: export AWS_REGION=eu-west-1.") from error
    except EndpointConnectionError as error:
        raise Refusal(f"{error}", "Is AWS_REGION a region of AWS, and is there a network?") from error
    except BotoCoreError as error:
        raise Refusal(f"AWS could not be asked: {error}", _LOG_IN) from error


def _refused(error: ClientError) -> Refusal:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    said = f"{error.operation_name} was refused: {message or code}"
    if code in _DENIED:
        return Refusal(said, "docs/aws.md lists the permissions that deploying takes.")
    if code in _EXPIRED:
        return Refusal("The AWS credentials have expired.", _LOG_IN)
    if code in _UNKNOWN_KEYS:
        return Refusal("AWS does not know these credentials, or not in this region.", _LOG_IN)
    return Refusal(said)
