"""What can be said of a trust: its name, and whom AWS means; how far it reaches is said as of a token."""

from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key


def arn(key: str, given: str) -> str:
    """Say at once what is surely wrong; the home judges the rest."""
    wanted = values.text(key, given).strip()
    if not wanted.startswith("arn:"):
        raise UsageError(
            f"{key}={given} is not an ARN",
            "It looks like arn:aws:iam::123456789012:role/deploy-*",
            "aws sts get-caller-identity tells whom AWS takes you for",
        )
    return wanted


NEW_NAME = Key("name", values.name, "what the trust is called", placeholder="NAME")
NAME = Key("name", values.name, "the trust", placeholder="NAME", offers="trusts")
ARN = Key(
    "arn",
    arn,
    "the role, without its path, or the user; a * is any characters of its name: put it in quotes",
    placeholder="ARN",
)
