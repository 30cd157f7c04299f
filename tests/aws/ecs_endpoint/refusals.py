"""What the endpoint answers instead of a result, as ECS words it."""

from typing import Any


class Refusal(Exception):
    """An error answer; `members` are the error shape's own, beside its message."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = members


class HungUp(Exception):
    """The connection is closed without an answer: the caller cannot know whether anything was done."""


def invalid(message: str) -> Refusal:
    return Refusal("InvalidParameterException", message)


def client_error(message: str) -> Refusal:
    return Refusal("ClientException", message)
