"""`python -m chalicelib.http.event_schema docs/events/event.schema.json`: what events look like, as a JSON Schema."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from chalicelib.domain.event import SENT


class _WithAllFields(GenerateJsonSchema):
    """What has a default is in every event all the same."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,  # noqa: ARG002
        total: bool,  # noqa: ARG002, FBT001 - pydantic's shape
    ) -> bool:
        return True


def event_schema() -> dict[str, Any]:
    """Return the schema of every event that is sent; fields that it does not name may be added at any time."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "description": (
            "Fields, statuses and types of events may be added: take what is new to you, and leave it aside. What is "
            "enumerated here is what there is now."
        ),
        **SENT.json_schema(mode="serialization", schema_generator=_WithAllFields),
    }


def as_text() -> str:
    return json.dumps(event_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_text(), encoding="utf-8")
