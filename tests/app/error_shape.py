"""The one shape that every refusal has."""

from typing import Any

from tests.http_client import Answer


def is_documented(answer: Answer) -> bool:
    """Tell whether an answer is a success, or a refusal in our shape that says nothing of our insides."""
    return answer.status < 300 or (
        400 <= answer.status < 500 and _has_our_shape(answer.json) and not _leaks(answer)
    )


def _has_our_shape(said: Any) -> bool:
    if not isinstance(said, dict) or not {"Code", "Message"} <= said.keys() <= {
        "Code",
        "Message",
        "Hint",
        "Fields",
    }:
        return False
    fields = said.get("Fields", {"any": "text"})
    texts = [said["Code"], said["Message"], said.get("Hint", "text"), *fields.keys(), *fields.values()]
    return bool(said["Message"]) and all(isinstance(text, str) for text in texts)


def _leaks(answer: Answer) -> bool:
    return any(word in answer.text for word in ("Traceback", "pydantic", "chalicelib", "sqlite3"))
