"""Files of variables as real projects have them: what other tools read from them, we read from them."""

import io
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from tapit.errors import UsageError
from tapit.language import env_file

DJANGO = """\ufeff# settings of the shop

DEBUG=off
SECRET_KEY='jx#2$k-not=secret'   # changed in May
DATABASE_URL=postgres://shop:pw@db:5432/shop?sslmode=require # the main one
EMPTY=
NOTED=   # nothing yet
export CACHE_URL="redis://cache:6379/1" # shared
PRICE=${CURRENCY} 5
GREETING="one\\ntwo"
 SPACED = around
PRIVATE_KEY="-----BEGIN KEY-----
MIIB/+==
-----END KEY-----"
LAST=no newline"""


def test_a_real_projects_file_is_read_as_other_tools_read_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(DJANGO, encoding="utf-8")

    found = env_file.variables("env_file", str(file))

    assert dict(found) == {
        "DEBUG": "off",
        "SECRET_KEY": "jx#2$k-not=secret",
        "DATABASE_URL": "postgres://shop:pw@db:5432/shop?sslmode=require",
        "EMPTY": "",
        "NOTED": "",
        "CACHE_URL": "redis://cache:6379/1",
        "PRICE": "${CURRENCY} 5",
        "GREETING": "one\ntwo",
        "SPACED": "around",
        "PRIVATE_KEY": "-----BEGIN KEY-----\nMIIB/+==\n-----END KEY-----",
        "LAST": "no newline",
    }


def test_lines_may_end_as_windows_ends_them(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b'A=1\r\nB="two"\r\n')

    assert env_file.variables("env_file", str(file)) == [("A", "1"), ("B", "two")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("A B=1\n", "Names are letters"),
        ("A='open\n", "A quote"),
        ("A='b' c\n", "A quote"),
        ("not a setting\n", "Names are letters"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_why(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / ".env"
    file.write_text(content)

    with pytest.raises(UsageError) as refused:
        env_file.variables("env_file", str(file))

    assert (refused.value.why or "").startswith(why)


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), VALUES))
def test_whatever_is_quoted_comes_back(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, str]
) -> None:
    file = tmp_path_factory.mktemp("env") / ".env"
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in wanted.items()}
    file.write_text("".join(f"{name}='{value}'\n" for name, value in quoted.items()), encoding="utf-8")

    assert dict(env_file.variables("env_file", str(file))) == wanted
    assert dict(dotenv_values(file, interpolate=False)) == wanted


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("A=1\nhunter2\n", 2),
        ("A=1\n\n\nB='hunter2\n", 4),
        ("# x\n9LIVES=hunter2\n", 2),
        ("A-B=hunter2\n", 1),
        ("=hunter2\n", 1),
        ("A=1\n'hunter2\n", 2),
        ('"A B"=hunter2\n', 1),
    ],
)
def test_a_line_that_is_none_is_named_and_never_repeated(tmp_path: Path, content: str, line: int) -> None:
    file = tmp_path / ".env"
    file.write_text(content)

    with pytest.raises(UsageError, match=f"line {line} is not KEY=VALUE") as refused:
        env_file.variables("env_file", str(file))

    assert "hunter2" not in f"{refused.value} {refused.value.why}"


@pytest.mark.parametrize("path", ["/dev/zero", "/nowhere/.env", "/", "/proc/self/mem"])
def test_what_is_no_file_of_variables_is_refused_at_once(path: str) -> None:
    with pytest.raises(UsageError, match=path):
        env_file.variables("env_file", path)


def test_a_variable_of_tapits_own_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nTAPIT_TOKEN=hunter2\n")

    with pytest.raises(UsageError, match="line 2 sets TAPIT_TOKEN") as refused:
        env_file.variables("env_file", str(file))
    assert "hunter2" not in f"{refused.value} {refused.value.why}"


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"A=1\nB=\xff\n")

    with pytest.raises(UsageError, match="cannot read") as refused:
        env_file.variables("env_file", str(file))
    assert "byte 6" in str(refused.value.why)


def test_a_nul_is_refused_for_no_program_can_be_given_one(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"A=1\0\n")

    with pytest.raises(UsageError, match="NUL"):
        env_file.variables("env_file", str(file))


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".env").write_text("A=1")

    assert env_file.variables("env_file", "~/.env") == [("A", "1")]


def test_a_minus_is_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"A=1 # one\n")))

    assert env_file.variables("env_file", "-") == [("A", "1")]
