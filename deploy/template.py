"""The CloudFormation template: what Chalice generates, with .chalice/resources.json merged into it."""

import json
from pathlib import Path
from typing import Any

CODE = {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}}
FUNCTION = "AWS::Serverless::Function"


def merge_input(chalice_folder: Path) -> dict[str, Any]:
    """Return resources.json with the table and the lifecycle, which have files of their own, put in."""
    merged = _read(chalice_folder / "resources.json")
    resources = merged["Resources"]
    resources["Table"]["Properties"] |= _read(chalice_folder / "table.json")
    definition = json.dumps(_read(chalice_folder / "lifecycle.asl.json"), separators=(",", ":"))
    resources["Lifecycle"]["Properties"]["DefinitionString"]["Fn::Sub"][0] = definition
    return merged


def finish(packaged: dict[str, Any]) -> dict[str, Any]:
    """Point every function at the uploaded zip, so that the same template serves every bucket and stage."""
    for resource in packaged["Resources"].values():
        if resource["Type"] == FUNCTION:
            resource["Properties"]["CodeUri"] = CODE
    return packaged


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found
