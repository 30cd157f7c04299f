"""The token of each profile, in a file that only its owner can read, bound to the address it was given for."""

from __future__ import annotations

import json
import os

from tapit import TYPE_CHECKING
from tapit.errors import CliError
from tapit.home.private_files import read_private, state_folder, write_private

if TYPE_CHECKING:
    from typing import Any

EARLY = 60.0  # seconds: no request begins with a token that may be over when it arrives


class SignedIn:
    """Of a token that AWS's word is behind: whose it is, how long it is good, and whose keys get the next one.

    `aws_profile` None: those that are found where AWS's own programs look.
    """

    def __init__(self, name: str, expires_at: str, aws_profile: str | None) -> None:
        self.name = name
        self.expires_at = expires_at
        self.aws_profile = aws_profile

    def is_over(self) -> bool:
        from datetime import UTC, datetime

        left = datetime.fromisoformat(self.expires_at) - datetime.now(UTC)
        return left.total_seconds() < EARLY


def token_path(profile: str) -> str:
    return os.path.join(state_folder(), "tokens", profile)


def could_be_token(text: str) -> bool:
    """Tell whether it can travel in a header as it is; whether it is good only the home knows."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def masked(token: str) -> str:
    """What may be shown of it: that it looks like a token of ours."""
    return "tpt_***" if token.startswith("tpt_") else "***"


def write_token(profile: str, url: str, token: str | None, signed_in: SignedIn | None = None) -> None:
    """Without a token, one that was kept is forgotten."""
    if token is None:
        forget_token(profile)
        return
    kept: dict[str, object] = {"url": url, "token": token}
    if signed_in is not None:
        kept["aws"] = vars(signed_in)
    write_private(token_path(profile), json.dumps(kept) + "\n")


def forget_token(profile: str) -> bool:
    """Say whether there was one."""
    path = token_path(profile)
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise CliError(f"cannot remove {path}", error.strerror or str(error)) from error
    return True


def known_address(profile: str) -> str | None:
    """Where the profile's token belongs; None when there is no token, or none that can be read."""
    try:
        kept = json.loads(read_private(token_path(profile)) or "null")
    except (CliError, ValueError, RecursionError):
        return None
    return str(kept["url"]) if isinstance(kept, dict) and "url" in kept else None


def read_token(profile: str, url: str) -> tuple[str | None, SignedIn | None]:
    """The profile's token, and only for the address it was given for: it is never sent elsewhere."""
    path = token_path(profile)
    content = read_private(path)
    if content is None:
        return None, None
    try:
        kept = json.loads(content)
        belongs_to, token, signed_in = str(kept["url"]), str(kept["token"]), _signed_in(kept.get("aws"))
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise CliError(
            f"the token file {path} is damaged", then=f"tapit login --profile {profile}"
        ) from error
    if belongs_to.rstrip("/") != url.rstrip("/"):
        raise CliError(
            f"the token of profile {profile} belongs to {belongs_to}, not to {url}",
            "A token is only sent to the address it was given for.",
            f"tapit login --profile {profile} url={url}",
        )
    return token, signed_in


def _signed_in(kept: Any) -> SignedIn | None:
    """Raise what a damaged file makes Python raise."""
    if kept is None:
        return None
    aws_profile = kept["aws_profile"]
    found = SignedIn(
        str(kept["name"]), str(kept["expires_at"]), None if aws_profile is None else str(aws_profile)
    )
    found.is_over()
    return found
