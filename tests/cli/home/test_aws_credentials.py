"""Whose AWS keys are used: as AWS's own programs choose them."""

import json
import stat
import sys
from pathlib import Path

import pytest
from tapit.errors import CliError
from tapit.home.aws_credentials import find_credentials, profile_in_use, region_for

KEYS = "[{0}]\naws_access_key_id = AKIA{1}\naws_secret_access_key = s%cret/{1}\n"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ACCESS_KEY_ID",
        "SECRET_ACCESS_KEY",
        "SESSION_TOKEN",
        "PROFILE",
        "DEFAULT_PROFILE",
        "REGION",
    ):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / ".aws").mkdir()
    (tmp_path / "bin").mkdir()


def found(profile: str | None) -> tuple[str, str, str | None]:
    keys = find_credentials(profile)
    return keys.key_id, keys.secret, keys.token


def an_aws_command(place: Path, says: str, code: int = 0) -> Path:
    """Put one there that notes its words; return where."""
    noted, command = place / "words", place / "bin" / "aws"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(noted)!r}, 'w').write(' '.join(sys.argv[1:]))\n"
        f"print({says!r}, file=sys.stderr if {code} else sys.stdout)\nsys.exit({code})\n"
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return noted


def test_keys_in_the_environment_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".aws/credentials").write_text(KEYS.format("default", "FILE"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_PROFILE", "prod")

    assert profile_in_use() is None
    assert found(None) == ("AKIAENV", "secret", "token")


def test_a_profile_has_keys_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = KEYS.format("default", "FILE") + KEYS.format("prod", "PROD") + "aws_session_token = t\n"
    (tmp_path / ".aws/credentials").write_text(both)
    monkeypatch.setenv("AWS_PROFILE", "prod")

    assert found(profile_in_use()) == ("AKIAPROD", "s%cret/PROD", "t")
    assert found(None) == ("AKIAFILE", "s%cret/FILE", None)


@pytest.mark.parametrize("secret", [None, "", "  "])
def test_half_a_key_in_the_environment_is_refused_as_aws_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    """Whoever forgot the secret would sign as somebody else without a word."""
    (tmp_path / ".aws/credentials").write_text(KEYS.format("default", "FILE"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    if secret is not None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)

    for ask in (profile_in_use, lambda: find_credentials(None)):
        with pytest.raises(CliError, match="AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"):
            ask()


def test_half_a_key_in_a_file_is_refused_and_a_profile_is_named(tmp_path: Path) -> None:
    (tmp_path / ".aws/credentials").write_text("[prod]\naws_access_key_id = AKIAPROD\n")

    with pytest.raises(
        CliError, match="profile prod has an aws_access_key_id without its aws_secret_access_key"
    ):
        find_credentials("prod")


def test_a_secret_without_its_key_is_passed_over_as_aws_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws/credentials").write_text(KEYS.format("default", "FILE"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")

    assert found(profile_in_use()) == ("AKIAFILE", "s%cret/FILE", None)


@pytest.mark.parametrize(
    "config", ["role_arn = arn:aws:iam::1:role/x\nsource_profile = default\n", "sso_session = corp\n"]
)
def test_what_comes_before_a_profiles_keys_is_left_to_the_aws_command(tmp_path: Path, config: str) -> None:
    """Signing as the user would not be signing as the role."""
    (tmp_path / ".aws/credentials").write_text(KEYS.format("prod", "USER"))
    (tmp_path / ".aws/config").write_text(f"[profile prod]\n{config}")
    said = {"Version": 1, "AccessKeyId": "ASIAROLE", "SecretAccessKey": "s", "SessionToken": "t"}
    words = an_aws_command(tmp_path, json.dumps(said))

    assert found("prod") == ("ASIAROLE", "s", "t")
    assert words.read_text() == "configure export-credentials --format process --profile prod"


def test_without_a_profile_the_aws_command_looks_where_it_looks(tmp_path: Path) -> None:
    words = an_aws_command(tmp_path, json.dumps({"AccessKeyId": "ASIA", "SecretAccessKey": "s"}))

    assert found(None) == ("ASIA", "s", None)
    assert words.read_text() == "configure export-credentials --format process"


def test_without_anything_it_is_told_where_was_looked() -> None:
    with pytest.raises(CliError) as refused:
        find_credentials(None)

    assert refused.value.what == "there are no AWS credentials"
    assert "no aws command" in str(refused.value.why)


def test_what_the_aws_command_says_last_is_passed_on(tmp_path: Path) -> None:
    an_aws_command(tmp_path, "\nThe SSO session has expired.", code=255)

    with pytest.raises(CliError) as refused:
        find_credentials("prod")

    assert refused.value.why == "The SSO session has expired."
    assert "aws sso login --profile prod" in str(refused.value.then)


def test_an_aws_command_that_is_too_old_is_called_so(tmp_path: Path) -> None:
    an_aws_command(
        tmp_path, "usage: aws [options]\n\nInvalid choice: 'export-credentials'\n  set | add-model", code=2
    )

    with pytest.raises(CliError) as refused:
        find_credentials(None)

    assert "does not know `aws configure export-credentials`" in refused.value.what
    assert "AWS_ACCESS_KEY_ID" in str(refused.value.then)


@pytest.mark.parametrize("said", ["", "no JSON", "[]", "{}", '{"AccessKeyId": "x"}', "null"])
def test_an_aws_command_that_prints_something_else_is_told_of(tmp_path: Path, said: str) -> None:
    an_aws_command(tmp_path, said)

    with pytest.raises(CliError, match="printed no credentials"):
        find_credentials(None)


def test_a_file_that_cannot_be_read_is_told_of_and_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / ".aws/credentials").write_text("aws_secret_access_key = marker\n")

    with pytest.raises(CliError) as refused:
        find_credentials(None)

    assert "cannot read" in refused.value.what
    assert "marker" not in f"{refused.value.what} {refused.value.why}"


@pytest.mark.parametrize(
    ("env", "config", "host", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "", "h", "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "[profile prod]\nregion = eu-west-3\n", "h", "eu-west-2"),
        ({}, "[profile prod]\nregion = eu-west-3\n", "h", "eu-west-3"),
        ({}, "", "a1b2.execute-api.ap-south-1.amazonaws.com", "ap-south-1"),
        ({}, "", "a1b2.execute-api.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ({}, "", "tapit.example.com", "us-east-1"),
    ],
)
def test_which_region_is_signed_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], config: str, host: str, region: str
) -> None:
    (tmp_path / ".aws/config").write_text(config)
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    assert region_for("prod", host) == region


def test_what_is_no_region_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes part of a host's name."""
    monkeypatch.setenv("AWS_REGION", "evil.example.com/")

    with pytest.raises(CliError, match="is not an AWS region"):
        region_for(None, "h")
