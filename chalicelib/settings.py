"""What a deployment tells the program, as environment variables."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.domain.errors import Misconfigured

QueueUrl = Annotated[str, Field(pattern=r"^https?://.+/tapit-.+$")]
_NAMES = {"AWS_REGION": "region"}  # set by Lambda itself; the others are named like their fields


class Settings(BaseModel):
    """One field per variable. What not every function needs is told to those that do."""

    model_config = ConfigDict(frozen=True)

    stage: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    table: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(min_length=1)]
    state_machine_arn: Annotated[str, Field(pattern=r"^arn:.+:stateMachine:.+$")] | None = None
    session_role_arn: Annotated[str, Field(pattern=r"^arn:.+:role/.+$")] | None = None
    deliveries_url: QueueUrl | None = None
    slow_deliveries_url: QueueUrl | None = None
    failed_queue_url: QueueUrl | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raise Misconfigured, naming every variable that is missing or wrong."""
        fields = {variable_of(name): name for name in cls.model_fields}
        given = {field: environment[name] for name, field in fields.items() if environment.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise Misconfigured(_problems(error)) from error

    def required(self, field: str) -> str:
        """Return a setting that this function cannot do without; raise Misconfigured when it is not there."""
        found: str | None = getattr(self, field)
        if found is None:
            raise Misconfigured({variable_of(field): "is missing"})
        return found


def variable_of(field: str) -> str:
    return next((name for name, named in _NAMES.items() if named == field), field.upper())


def _problems(error: ValidationError) -> dict[str, str]:
    """Values are left out: an error is shown to whoever calls."""
    return {
        variable_of(str(problem["loc"][0])): "is missing" if problem["type"] == "missing" else "is not valid"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    }
