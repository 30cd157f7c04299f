"""The stack's parameters: what was asked for, else what they are already, else the template's defaults."""

import json
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
    """Keep what the stack has; raise Refusal for a value that the template does not allow."""
    declared: dict[str, Any] = json.loads(template.read_text())["Parameters"]
    for name, value in given.items():
        _refuse_bad_value(name, value, declared[name])
    defaults = {name: values["Default"] for name, values in declared.items() if "Default" in values}
    kept = {name: value for name, value in known.items() if name in declared}
    chosen = defaults | kept | dict(given)
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()]


def _refuse_bad_value(name: str, value: str, declared: Mapping[str, Any]) -> None:
    allowed = declared.get("AllowedValues")
    if allowed and value not in allowed:
        raise Refusal(f"{name} is one of {', '.join(allowed)}, not {value}.")
