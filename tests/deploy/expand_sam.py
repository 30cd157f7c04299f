"""Expand a SAM template as CloudFormation would. Run by .venv/lint's Python: expand_sam.py TEMPLATE EXPANDED."""

import importlib
import json
import sys
from pathlib import Path


def main(template: str, expanded: str) -> None:
    translator = importlib.import_module("samtranslator.translator.translator")
    parser = importlib.import_module("samtranslator.parser.parser")
    made = translator.Translator({}, parser.Parser()).translate(
        json.loads(Path(template).read_text()), {"Stage": "dev", "CodeBucket": "bucket", "CodeKey": "key"}
    )
    Path(expanded).write_text(json.dumps(made, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
