"""Clients of AWS's SDK for an account on moto."""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

REGION = "eu-central-1"
# Thirteen hundred images that no test asks for, made anew for each account: half a second, and a million objects.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


@cache
def _session() -> boto3.Session:
    """It keeps what it read of AWS's models; that of the SDK's own reads them for each account on moto anew."""
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")


def client_of(service: str, keys: ReadOnlyCredentials | None = None, **config: Any) -> Any:
    """The developer's own profile and endpoints are not meant."""
    own = {
        "aws_access_key_id": keys and keys.access_key,
        "aws_secret_access_key": keys and keys.secret_key,
        "aws_session_token": keys and keys.token,
    }
    settings = Config(ignore_configured_endpoint_urls=True, **config)
    return _session().client(service, REGION, config=settings, **own)
