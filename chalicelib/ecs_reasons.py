"""What ECS says in prose alone, for it has few codes: is it full, or busy, and will that pass?

The spellings: docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html,
docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html, and public reports.
"""

from chalicelib.domain.sighting import Passing

FULL = (
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
    "insufficientfreeaddresses",
)
# Throttles and hiccups of EC2, Fargate and others, which ECS passes on as InvalidParameterException or ClientException.
BUSY = (
    "rate exceeded",
    "rate limit exceeded",
    "request limit exceeded",
    "requestlimitexceeded",
    "throttl",
    "too many concurrent attempts",
    "try again later",
    "an internal error has occurred",
    "internalerror",
)

# AWS's own delays and failures when it makes what a container needs before anything of an image is there.
SLOW = (
    "network interface provision",  # "Timeout waiting for network interface provisioning to complete."
    "ephemeralstorage provisioning",
    "preparing network interface",
    "attach network interface",
    "configure eni",
    "regular eni",
)
REFUSED = ("tagpolicyviolation", "unauthorizedoperation", "accessdenied", "not authorized")
# An instance whose agent is reconnecting, or that is full: these words alone, or before others.
ON_INSTANCES = ("AGENT", "RESOURCE:")
UNANSWERED = (
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection reset",
    "unexpected eof",
    ": eof",
    "signal: killed",
    "toomanyrequests",
    "too many requests",
    "service unavailable",
    "internal server error",
    "bad gateway",
    "server misbehaving",  # a name server, says Go
)
FAILED_IN_EC2 = ("unexpected ec2 error",)


def why_passing(reason: str) -> Passing | None:
    """Return why a container that failed to start may start another time, if that is so."""
    if says(reason, REFUSED):
        return None
    if reason.startswith("CannotPullContainerError"):
        return Passing.PERHAPS if says(reason, (*UNANSWERED, *BUSY)) else None
    if reason.startswith(ON_INSTANCES) or says(reason, (*FULL, *BUSY, *SLOW)):
        return Passing.CLUSTERS
    is_unanswered = reason.startswith("ResourceInitializationError") and says(reason, UNANSWERED)
    return Passing.PERHAPS if is_unanswered or says(reason, FAILED_IN_EC2) else None


def says(text: str, signs: tuple[str, ...]) -> bool:
    lowered = text.lower()
    return any(sign in lowered for sign in signs)
