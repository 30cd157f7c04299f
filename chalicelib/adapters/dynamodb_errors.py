"""What DynamoDB's refusals mean to us.

Codes: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, and the reasons of a
cancelled transaction docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.errors import TooLarge, Unavailable

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
_NOT_SET_UP = {
    "ResourceNotFoundException": "it does not exist in this account and Region",
    "AccessDeniedException": "our role may not use it so",
    "UnrecognizedClientException": "our credentials are not valid",
    "InvalidSignatureException": "our credentials are not valid",
    "ExpiredTokenException": "our credentials have expired",
    "IncompleteSignatureException": "our credentials are not valid",
    "MissingAuthenticationTokenException": "our credentials are not valid",
}


class ConditionsFailed(Exception):
    """A write may not be done; `found` has what was there instead, by the number of the write that was refused.

    `was_repeated`: the SDK had asked before, and got no answer.
    """

    def __init__(self, found: Mapping[int, Mapping[str, Any]], *, was_repeated: bool) -> None:
        super().__init__(f"refused: {sorted(found)}")
        self.found = found
        self.was_repeated = was_repeated


class Busy(Exception):
    """Somebody else is writing the same item at this moment."""


def our_error(error: ClientError, table: str) -> Exception | None:
    """Return what to raise instead, or None for a refusal that can only be a bug of ours."""
    code: str = error.response["Error"]["Code"]
    was_repeated = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
    if code == "ConditionalCheckFailedException":
        return ConditionsFailed({0: error.response.get("Item", {})}, was_repeated=was_repeated)
    if code == "TransactionCanceledException":
        reasons = error.response.get("CancellationReasons", [])
        return _failed_conditions(reasons, was_repeated=was_repeated) or _cancelled(reasons, table)
    if code == "TransactionConflictException":
        return Busy()
    if code == "ValidationException":
        return _invalid(error.response["Error"]["Message"], table)
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return out_of_reach(table)
    return _refused(code, table)


def out_of_reach(table: str) -> Unavailable:
    return _unavailable(
        f"The table {table} cannot be reached right now.",
        "Try again; if it stays so, whoever runs tapit should look at the network and AWS's health dashboard.",
    )


def _failed_conditions(
    reasons: Sequence[Mapping[str, Any]], *, was_repeated: bool
) -> ConditionsFailed | None:
    """Of several reasons, the ones that will not pass by waiting come first."""
    failed = {
        number: reason.get("Item", {})
        for number, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    return ConditionsFailed(failed, was_repeated=was_repeated) if failed else None


def _cancelled(reasons: Sequence[Mapping[str, Any]], table: str) -> Exception | None:
    codes = {reason.get("Code"): reason.get("Message", "") for reason in reasons}
    if "ValidationError" in codes:
        return _invalid(codes["ValidationError"], table)
    if "TransactionConflict" in codes:
        return Busy()
    return next((_refused(code, table) for code in codes if code in _THROTTLED), None)


def _invalid(said: str, table: str) -> Exception | None:
    """DynamoDB has one code for every request that cannot be, so its words decide."""
    if "size has exceeded" in said or "size to update has exceeded" in said:
        return TooLarge("The record is larger than a DynamoDB item can be (400 KB).")
    if "does not have the specified index" in said or "backfilling" in said:
        return _not_set_up(table, "an index is missing, or not filled yet")
    return None


def _refused(code: str, table: str) -> Unavailable | None:
    if code in _THROTTLED:
        return _unavailable(f"The table {table} is too busy right now.", "Try again in a few seconds.")
    if code in _NOT_SET_UP:
        return _not_set_up(table, f"{_NOT_SET_UP[code]} ({code})")
    return None


def _not_set_up(table: str, problem: str) -> Unavailable:
    # AWS's own words name accounts and roles; even a caller without a token gets to see this.
    return _unavailable(
        f"The table {table} cannot be used: {problem}.",
        "Whoever runs tapit should check the table's name, Region and the function's role, or deploy again.",
    )


def _unavailable(message: str, hint: str) -> Unavailable:
    error = Unavailable(message)
    error.hint = hint
    return error
