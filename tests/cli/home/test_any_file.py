"""Whatever is in a file that `tapit` reads for its settings, it is understood, or refused in words."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tapit.errors import CliError
from tapit.home import config_file, project_file, tokens

LONG_NUMBER = "9" * 5000  # Python refuses to read one
KEYS = st.sampled_from(["app", "url", "default_profile", "profile", "profile.x", "profile.x.url", "'a b'"])
VALUES = st.sampled_from(
    [
        '"shop"',
        "1",
        LONG_NUMBER,
        "1e999",
        "nan",
        "true",
        "[]",
        "[1, ",
        "{}",
        "{a = 1}",
        '"""',
        "2026-13-45",
        "0x",
    ]
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(" = ".join),
    st.sampled_from(["[profile]", "[profile.x]", "[[profile]]", "[profile.x", "# mine", "\0"]),
    st.text(max_size=20),
)
CONTENTS = st.lists(LINES, max_size=6).map(lambda lines: "\n".join(lines).encode(errors="surrogatepass"))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["url", "token", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)
AS_JSON = JSON.map(lambda value: json.dumps(value).encode())


@pytest.fixture(scope="module", autouse=True)
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("own")
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(place))
        yield place / "tapit"


def written(path: Path, content: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)


@given(CONTENTS | st.binary(max_size=60))
@example(f"app = {LONG_NUMBER}".encode())
@example(f"[profile.x]\nurl = {LONG_NUMBER}".encode())
@example(b"profile = {}")
@example(b'profile = {y = {url = "https://a"}}')
@example(b'profile = {x = {url = "https://a"}}')
def test_any_configuration(own: Path, content: bytes) -> None:
    written(own / "config.toml", content)

    with suppress(CliError):
        config_file.profiles_of(config_file.read_config())
    with suppress(CliError):
        config_file.profile_section(config_file.open_config(), "x")


@given(CONTENTS | st.binary(max_size=60))
@example(f"app = {LONG_NUMBER}".encode())
def test_any_file_of_a_project(own: Path, content: bytes) -> None:
    path = written(own / ".tapit.toml", content)

    with suppress(CliError):
        project_file.app_of(path)


@given(AS_JSON | st.binary(max_size=60))
@example(f'{{"url": {LONG_NUMBER}}}'.encode())
def test_any_file_of_a_token(own: Path, content: bytes) -> None:
    written(own / "tokens" / "x", content)

    tokens.known_address("x")
    with suppress(CliError):
        tokens.read_token("x", "https://tapit.example.com")
