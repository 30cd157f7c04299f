"""What a deployment tells the program, as environment variables."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.domain.errors import Misconfigured

_NAMES = {"AWS_REGION": "region"}  # set by Lambda itself; the others are named like their fields


class Settings(BaseModel):
    """One field per variable. Only who begins lifecycles is told the state machine, only who launches the role."""

    model_config = ConfigDict(frozen=True)

    stage: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    table: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(min_length=1)]
    state_machine_arn: Annotated[str, Field(pattern=r"^arn:.+:stateMachine:.+$")] | None = None
    session_role_arn: Annotated[str, Field(pattern=r"^arn:.+:role/.+$")] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raise Misconfigured, naming every variable that is missing or wrong."""
        fields = {variable_of(name): name for name in cls.model_fields}
        given = {field: environment[name] for name, field in fields.items() if environment.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise Misconfigured(_problems(error)) from error


def variable_of(field: str) -> str:
    return next((name for name, named in _NAMES.items() if named == field), field.upper())


def _problems(error: ValidationError) -> dict[str, str]:
    """Values are left out: an error is shown to whoever calls."""
    return {
        variable_of(str(problem["loc"][0])): "is missing" if problem["type"] == "missing" else "is not valid"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    }
