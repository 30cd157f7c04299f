"""The function that keeps apps' secrets, asked to do so: its role alone reads them, and it answers with none."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict

from chalicelib.adapters.app_secrets_manager import about
from chalicelib.adapters.aws_refusals import refusals
from chalicelib.domain.errors import (
    InvalidRequest,
    NotDone,
    RefusedForGood,
    RefusedForNow,
    TapitError,
    TooLarge,
    Unanswered,
)
from chalicelib.ports import AppSecrets, KeptValues

_REFUSALS = {
    kind.__name__: kind for kind in (TooLarge, InvalidRequest, Unanswered, RefusedForNow, RefusedForGood)
}


class Wanted(BaseModel):
    """What the function is called with: a version to be kept.

    With `remove` all of them are to be forgotten, with `check` nothing is: has the base all of the others still?
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    app: str
    remove: bool = False
    check: bool = False
    values: dict[str, str] = {}
    others: tuple[str, ...] = ()
    base: str | None = None


class KeepSecretsFunction:
    """`client` must wait for as long as the function may take."""

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._stage = stage
        self._name = f"tapit-{stage}-keep-secrets"

    def write(
        self, app: str, values: Mapping[str, str], others: Sequence[str], base: str | None
    ) -> KeptValues:
        said = self._call(Wanted(app=app, values=dict(values), others=tuple(others), base=base))
        return KeptValues(said["place"], said["version_id"])

    def check(self, app: str, names: Sequence[str], version_id: str) -> None:
        self._call(Wanted(app=app, check=True, others=tuple(names), base=version_id))

    def remove(self, app: str) -> None:
        self._call(Wanted(app=app, remove=True))

    def about(self, app: str) -> str:
        return about(self._stage, app)

    def _call(self, wanted: Wanted) -> Mapping[str, Any]:
        with refusals():
            answer = self._client.invoke(FunctionName=self._name, Payload=wanted.model_dump_json())
            said: Mapping[str, Any] = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise Unanswered(f"The function {self._name} failed; its log says why.")
        if "refused" in said:
            _raise(said)
        return said


def answer(secrets: AppSecrets, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do, in the function itself, what it is called for; say where the values are, or why nothing was done."""
    wanted = Wanted.model_validate(event)
    try:
        if wanted.remove:
            secrets.remove(wanted.app)
            return {}
        if wanted.check:
            secrets.check(wanted.app, wanted.others, wanted.base or "")
            return {}
        kept = secrets.write(wanted.app, wanted.values, wanted.others, wanted.base)
    except (InvalidRequest, NotDone) as refusal:
        return _told(refusal)
    return {"place": kept.place, "version_id": kept.version_id}


def _told(refusal: TapitError) -> Mapping[str, Any]:
    fields = refusal.fields if isinstance(refusal, InvalidRequest) else {}
    return {
        "refused": type(refusal).__name__,
        "message": str(refusal),
        "fields": fields,
        "hint": refusal.hint,
    }


def _raise(said: Mapping[str, Any]) -> NoReturn:
    kind = _REFUSALS[said["refused"]]
    if issubclass(kind, InvalidRequest):
        raise kind(said["message"], said["fields"], said["hint"])
    raise kind(said["message"])
