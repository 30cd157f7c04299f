"""What the refusals of ECS, CloudWatch Logs, Step Functions and Systems Manager mean: ask again, or not.

ECS has few error codes and says the rest in prose, so prose is matched here and nowhere else. DynamoDB's refusals
are in dynamodb_errors.py.
Codes: docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and API_RunTask.html#API_RunTask_Errors;
the reasons in `failures`: docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name; the built-in one is not used here
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from chalicelib.domain.errors import NotDone, RefusedForGood, RefusedForNow, Unanswered
from chalicelib.ecs_reasons import BUSY, FULL, ON_INSTANCES, says

_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyUpdates",
        "TransactionInProgressException",
    }
)
_DENIED = (
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
)
_NEEDS_A_NEW_PLAN = ("taskdefinition is inactive", "task definition is inactive")


@contextmanager
def refusals() -> Iterator[None]:
    """Raise Unanswered, RefusedForNow or RefusedForGood for whatever AWS says or does not say."""
    try:
        yield
    except ClientError as error:
        raise refusal_of(error) from error
    except (HTTPClientError, ConnectionError, IncompleteReadError, ResponseParserError) as error:
        raise Unanswered(f"AWS did not answer: {error}") from error
    except BotoCoreError as error:
        raise RefusedForGood(f"AWS cannot be asked: {error}") from error


def refusal_of(error: ClientError) -> NotDone:
    """Nobody knows what became of a request that failed on AWS's side; any other answer means that it was not done."""
    said = f"{error.response['Error'].get('Message') or 'no reason was given'} ({code_of(error)})"
    if code_of(error) in _DENIED:  # in its words are names of ours, which may be spelt like anything
        return RefusedForGood(f"AWS refused: {said}")
    if says(said, _NEEDS_A_NEW_PLAN):
        return RefusedForNow(f"the task definition was deregistered meanwhile: {said}")
    if says(said, FULL):
        return RefusedForNow(f"AWS has no room now: {said}")
    if code_of(error) in _THROTTLED:
        return RefusedForNow(f"AWS is busy: {said}")
    if _status_of(error) >= 500:
        return Unanswered(f"AWS did not answer: {said}")
    if says(said, BUSY):
        return RefusedForNow(f"AWS is busy: {said}")
    return RefusedForGood(f"AWS refused: {said}")


def refusal_in(failures: list[Mapping[str, Any]]) -> NotDone:
    """Say what an answer without a task means; ECS gives the same answer to the same call for hours."""
    reason = "; ".join(_words(failure) for failure in failures)
    passing = [failure for failure in failures if failure.get("reason", "").startswith(ON_INSTANCES)]
    if passing or says(reason, FULL):
        return RefusedForNow(f"AWS has no room now: {reason}")
    if says(reason, BUSY) or says(reason, ("inactive",)):
        return RefusedForNow(f"ECS could not take the task just now: {reason}")
    return RefusedForGood(f"ECS refused the task: {reason}")


def code_of(error: ClientError) -> str:
    code: str = error.response["Error"]["Code"]
    return code


def is_busy(error: ClientError) -> bool:
    """Throttled, or failed on AWS's side: the same call is worth repeating."""
    said = error.response["Error"].get("Message", "")
    return _status_of(error) >= 500 or code_of(error) in _THROTTLED or says(said, BUSY)


def _status_of(error: ClientError) -> int:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status


def _words(failure: Mapping[str, Any]) -> str:
    return ", ".join(str(failure[name]) for name in ("reason", "detail", "arn") if failure.get(name))
