"""Whose AWS keys to sign with: those in the environment, a profile's, or what the aws command knows.

The same order as AWS's own programs have. What needs more than two files, as single sign-on does, is left to the aws
command.
"""

from __future__ import annotations

import os
import re

from tapit import TYPE_CHECKING
from tapit.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 60.0  # seconds for the aws command, which may ask for a code of somebody's second factor
ANYWHERE = "us-east-1"
BEFORE_KEYS = (
    "role_arn",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)  # what counts before them
_REGION = r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"
_OF_THE_API = rf"[a-z0-9]+\.execute-api\.({_REGION})\.amazonaws\.com(\.cn)?"


class Credentials:
    """A key, its secret, and the token that goes with those that are good for a while only."""

    def __init__(self, key_id: str, secret: str, token: str | None) -> None:
        self.key_id = key_id
        self.secret = secret
        self.token = token


def profile_in_use() -> str | None:
    """The AWS profile that the environment names; None where it has keys, or nothing is named."""
    if _of_environment():
        return None
    return os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or None


def find_credentials(profile: str | None) -> Credentials:
    """Those of an AWS profile, or with None what is found where AWS's own programs look; raise CliError."""
    of_environment = _of_environment() if profile is None else None
    return of_environment or _of_profile(profile or "default") or _exported(profile)


def region_for(profile: str | None, host: str) -> str:
    """The region whose STS is asked: the environment's, the profile's, that of the home's address, or any."""
    of_home = re.fullmatch(_OF_THE_API, host)
    env, kept = os.environ, _config_of(profile or "default")
    named = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or kept.get("region")
    region = named or (of_home[1] if of_home else ANYWHERE)
    if not re.fullmatch(_REGION, region):
        raise CliError(f"{region!r} is not an AWS region", then="export AWS_REGION=eu-west-1")
    return region


def _of_environment() -> Credentials | None:
    found = _keys(os.environ, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    if found is None and os.environ.get("AWS_ACCESS_KEY_ID", "").strip():
        raise CliError(
            "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY",
            "Half a key signs nothing, and another one may be somebody else's.",
            "export AWS_SECRET_ACCESS_KEY=...\nor: unset AWS_ACCESS_KEY_ID",
        )
    return found


def _of_profile(profile: str) -> Credentials | None:
    """Its keys, unless something is said of it that AWS's own programs heed before them."""
    kept, config = _section(_file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile), _config_of(profile)
    if any(name in section for section in (kept, config) for name in BEFORE_KEYS):
        return None
    found = _keys(kept, "aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    if found is None and kept.get("aws_access_key_id", "").strip():
        raise CliError(
            f"profile {profile} has an aws_access_key_id without its aws_secret_access_key",
            f"It is in {_file('AWS_SHARED_CREDENTIALS_FILE', 'credentials')}.",
            "aws configure" + ("" if profile == "default" else f" --profile {profile}"),
        )
    return found


def _config_of(profile: str) -> Mapping[str, str]:
    name = profile if profile == "default" else f"profile {profile}"
    return _section(_file("AWS_CONFIG_FILE", "config"), name)


def _file(variable: str, name: str) -> str:
    return os.path.expanduser(os.environ.get(variable) or os.path.join("~", ".aws", name))


def _section(path: str, name: str) -> Mapping[str, str]:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser(strict=False)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(
            f"cannot read {path}", getattr(error, "strerror", None) or "It is not UTF-8."
        ) from error
    except Error as error:  # its own words quote the line, which may hold a secret
        raise CliError(
            f"cannot read {path}", "It is not as AWS's files are: [profile], key = value."
        ) from error
    return dict(parser.items(name)) if parser.has_section(name) else {}


def _keys(found: Mapping[str, str], key_id: str, secret: str, token: str) -> Credentials | None:
    if not found.get(key_id, "").strip() or not found.get(secret, "").strip():
        return None
    return Credentials(found[key_id].strip(), found[secret].strip(), found.get(token, "").strip() or None)


def _exported(profile: str | None) -> Credentials:
    import json
    import shutil

    program = shutil.which("aws")
    if program is None:
        raise CliError(
            f"there are no AWS credentials{f' of profile {profile}' if profile else ''}",
            "Neither the environment nor ~/.aws/credentials has keys, and there is no aws command, which knows of "
            "single sign-on, of roles, and of the machine's own.",
            "install the aws command, or export AWS_PROFILE=... or AWS_ACCESS_KEY_ID=... and the rest",
        )
    try:
        said = json.loads(_output_of(program, profile))
        found = _keys(said, "AccessKeyId", "SecretAccessKey", "SessionToken")
    except (ValueError, RecursionError, AttributeError):
        found = None
    if found is None:
        raise CliError(
            "the aws command printed no credentials", "aws configure export-credentials", "aws login"
        )
    return found


def _output_of(program: str, profile: str | None) -> str:
    import subprocess

    words = [program, "configure", "export-credentials", "--format", "process"]
    words += ["--profile", profile] if profile else []
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise CliError("the aws command did not answer", f"It had {PATIENCE:g} seconds.") from error
    if done.returncode != 0 and "usage:" in done.stderr:  # its first major version answers so
        raise CliError(
            "the aws command does not know `aws configure export-credentials`",
            "It takes a recent version 2.",
            "a newer aws command\nor: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
        )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["It did not say why."])[-1]
        raise CliError(
            f"the aws command has no credentials{f' of profile {profile}' if profile else ''}",
            last,
            f"aws sso login{f' --profile {profile}' if profile else ''}\nor: aws configure",
        )
    return done.stdout
