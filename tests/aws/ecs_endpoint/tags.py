"""Tags of task definitions and tasks, by ARN."""

from tests.aws.ecs_endpoint.refusals import invalid

Tag = dict[str, str]
MOST = 50


class Tags:
    def __init__(self) -> None:
        self._by_arn: dict[str, dict[str, str]] = {}

    def add(self, arn: str, tags: list[Tag]) -> None:
        merged = self._by_arn.get(arn, {}) | {tag["key"]: tag.get("value", "") for tag in tags}
        if len(merged) > MOST:
            raise invalid(f"Too many tags: {len(merged)}, at most {MOST}.")
        if any(key.lower().startswith("aws:") for key in merged):
            raise invalid("Tag keys that start with aws: are reserved.")
        self._by_arn[arn] = merged

    def of(self, arn: str) -> list[Tag]:
        return [{"key": key, "value": value} for key, value in self._by_arn.get(arn, {}).items()]

    def drop(self, arn: str) -> None:
        self._by_arn.pop(arn, None)
