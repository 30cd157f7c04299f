"""The stack's parameters: what was asked for, else what they are already, else the template's defaults."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.refusals import Refusal

ASKED = {
    "CLUSTERS": "Clusters",
    "PASSABLE_ROLES": "PassableRoles",
    "LOG_GROUPS": "LogGroups",
    "EXISTING_TABLE": "ExistingTable",
    "ACCESS_LOGS": "AccessLogs",
}


def asked_for(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what `make deploy NAME=value` was given, under the stack's names."""
    return {name: environment[variable] for variable, name in ASKED.items() if environment.get(variable)}


def parameters(template: Path, given: Mapping[str, str], known: Mapping[str, str]) -> list[dict[str, str]]:
    """Keep what the stack has."""
    declared = _declared(template)
    defaults = {name: values["Default"] for name, values in declared.items() if "Default" in values}
    kept = {name: value for name, value in known.items() if name in declared}
    chosen = defaults | kept | dict(given)
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()]


def refuse_bad_values(template: Path, given: Mapping[str, str]) -> None:
    """Raise Refusal for a value that the template does not allow."""
    declared = _declared(template)
    for name, value in given.items():
        _refuse_bad_value(name, value, declared[name])


def _declared(template: Path) -> dict[str, Any]:
    declared: dict[str, Any] = json.loads(template.read_text())["Parameters"]
    return declared


def _refuse_bad_value(name: str, value: str, declared: Mapping[str, Any]) -> None:
    _refuse_bad_names(name, value, declared.get("AllowedPattern"))
    allowed = declared.get("AllowedValues")
    if allowed and value not in allowed:
        raise Refusal(f"{name} is one of {', '.join(allowed)}, not {value}.")


def _refuse_bad_names(name: str, value: str, pattern: str | None) -> None:
    """Of a list, CloudFormation trims each member and holds it against the pattern."""
    for each in value.split(",") if pattern else ():
        if not re.fullmatch(pattern or "", each.strip()):
            raise Refusal(
                f"{name} cannot be {each.strip() or 'empty'}.",
                "It takes names, or patterns with *, separated by commas; no ARNs.",
            )
