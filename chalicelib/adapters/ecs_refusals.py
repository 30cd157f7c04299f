"""What ECS's refusals mean to a launch.

ECS has few error codes and says the rest in prose, so prose is matched here and nowhere else.
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
)

from chalicelib.domain.errors import CannotStart, LaunchError, NoCapacity, Unanswered

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
        "TransactionInProgressException",
    }
)
# Some throttles of EC2 and of Fargate come through as InvalidParameterException or ClientException.
_THROTTLED_WORDS = ("rate exceeded", "throttl", "too many concurrent attempts", "try again later")
_QUOTA_WORDS = (
    "capacity is unavailable",
    "limit on the number of",  # "You've reached the limit on the number of vCPUs you can run concurrently"
    "vcpu limit",
    "concurrent task limit",
    "quota",
    "insufficient capacity",
    "no container instances met all of its requirements",
    "eni limit",
    "networkinterfacelimitexceeded",
    "addresses to satisfy the request",  # a subnet has run out of them
)
_NEEDS_A_NEW_PLAN = ("taskdefinition is inactive", "task definition is inactive")
_PASSING_REASONS = ("AGENT", "RESOURCE:")  # an instance whose agent is reconnecting, or that is full


@contextmanager
def refusals() -> Iterator[None]:
    """Raise Unanswered, NoCapacity or CannotStart for whatever AWS says or does not say."""
    try:
        yield
    except ClientError as error:
        raise refusal_of(error) from error
    except (HTTPClientError, ConnectionError) as error:
        raise Unanswered(f"AWS did not answer: {error}") from error
    except BotoCoreError as error:
        raise CannotStart(f"AWS cannot be asked: {error}") from error


def refusal_of(error: ClientError) -> LaunchError:
    said = f"{error.response['Error'].get('Message') or 'no reason was given'} ({code_of(error)})"
    if _has(said, _NEEDS_A_NEW_PLAN):
        return NoCapacity(f"the task definition was deregistered meanwhile: {said}")
    if _has(said, _QUOTA_WORDS):
        return NoCapacity(f"AWS has no room now: {said}")
    if is_busy(error):
        return Unanswered(f"AWS is busy: {said}")
    return CannotStart(f"AWS refused: {said}")


def refusal_in(failures: list[Mapping[str, Any]]) -> LaunchError:
    """Say what an answer without a task means; ECS gives the same answer to the same call for hours."""
    reason = "; ".join(_words(failure) for failure in failures)
    passing = [failure for failure in failures if failure.get("reason", "").startswith(_PASSING_REASONS)]
    if passing or _has(reason, _QUOTA_WORDS):
        return NoCapacity(f"AWS has no room now: {reason}")
    if _has(reason, _THROTTLED_WORDS) or _has(reason, ("INACTIVE",)):
        return NoCapacity(f"ECS could not take the task just now: {reason}")
    return CannotStart(f"ECS refused the task: {reason}")


def code_of(error: ClientError) -> str:
    code: str = error.response["Error"]["Code"]
    return code


def is_busy(error: ClientError) -> bool:
    """Throttled, or failed on AWS's side: the same call is worth repeating."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = error.response["Error"].get("Message", "")
    return status >= 500 or code_of(error) in _THROTTLED or _has(message, _THROTTLED_WORDS)


def _words(failure: Mapping[str, Any]) -> str:
    return ", ".join(str(failure[name]) for name in ("reason", "detail", "arn") if failure.get(name))


def _has(text: str, signs: tuple[str, ...]) -> bool:
    lowered = text.lower()
    return any(sign.lower() in lowered for sign in signs)
