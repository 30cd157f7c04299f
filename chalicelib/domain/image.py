"""Which image a container is made from, when it is fetched, and whom it runs as.

Grammar of references: pkg.go.dev/github.com/distribution/reference, which docker and podman read them by.
"""

import re
from enum import StrEnum

LONGEST_IMAGE = 500

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
IMAGE = rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::{TAG})?(?:@{_DIGEST})?"
_NAME_OR_NUMBER = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
USER = rf"{_NAME_OR_NUMBER}(?::{_NAME_OR_NUMBER})?"
_AS_DOCKER_TAKES_IT = "write it as docker takes it, such as shop:1.2 or ghcr.io/acme/shop:1.2"


class Pull(StrEnum):
    """When the image is fetched from its registry; a task that says nothing has it fetched where it is missing."""

    MISSING = "missing"
    ALWAYS = "always"
    NEVER = "never"


def problem_with_image(reference: str) -> str | None:
    """Return what is wrong with it, if anything is."""
    if len(reference) > LONGEST_IMAGE:
        return f"has {len(reference)} characters; {LONGEST_IMAGE} is the most"
    if re.fullmatch(IMAGE, reference):
        return None
    if "://" in reference:
        return f"is an address; leave out {reference.partition('://')[0]}://"
    repository = _repository(reference)
    in_lower_case = repository.lower() + reference[len(repository) :]
    if re.fullmatch(IMAGE, in_lower_case):
        return f"has capitals, which may be in its tag alone: {in_lower_case}"
    return f"is no image; {_AS_DOCKER_TAKES_IT}"


def problem_with_tag(tag: str) -> str | None:
    if re.fullmatch(TAG, tag):
        return None
    if ":" in tag or "/" in tag:
        return "is more than a tag; a whole image goes into image="
    return "is no tag: those are letters, digits and _ . - (128 at most), and begin with neither . nor -"


def problem_with_user(user: str) -> str | None:
    if re.fullmatch(USER, user):
        return None
    return "is no user; write a name or a number, with a group after it or without: app, 1000, 1000:1000"


def with_tag(image: str, tag: str) -> str:
    """Return the same repository's image with another tag, whatever tag or digest it had."""
    return f"{_repository(image)}:{tag}"


def _repository(image: str) -> str:
    """A colon before the last slash is the registry's port."""
    before, slash, name = image.partition("@")[0].rpartition("/")
    return f"{before}{slash}{name.partition(':')[0]}"
