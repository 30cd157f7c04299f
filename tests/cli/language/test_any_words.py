"""Whatever is typed is understood, or refused in words: never a failure of tapit's own."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from tapit import commands
from tapit.errors import CliError
from tapit.language import vocabulary
from tapit.language.command import FLAGS, GLOBAL_KEYS
from tapit.language.finding import find_command, refuse_unknown_option
from tapit.language.parser import require, understand

PATHS = st.sampled_from(list(vocabulary.SUMMARIES))
# Not "-", which asks at the terminal or reads stdin.
VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "-1", "1e400", "9" * 5000, "10m", "1h30m", "9" * 400 + "w", "2h,", ",", "a=b", "=",
                     "none", "yes", "4G", "4,5G", "0x4", "١٢", "²", "2026-11-24T08:00:00Z", "9999-12-31T23:59-14:00",
                     "https://a", "https://[::1", "arn:aws:x", "NAME=arn:aws:x", "\0", "\udcff", "/", "..", "a b"]),
    st.text(max_size=12),
).filter(lambda value: value.strip() not in ("-", "NAME"))  # fmt: skip
OPTIONS = st.sampled_from(
    [flag.option for flag in FLAGS]
    + [f"--{key.name}" for key in GLOBAL_KEYS]
    + ["--", "-w", "-qo", "-a", "--nosuch"]
)


@st.composite
def typed(draw: st.DrawFn) -> list[str]:
    path = draw(PATHS)
    keys = st.sampled_from([key.name for key in commands.load(path).keys] or ["x"])
    settings = st.tuples(keys | st.text(max_size=4), VALUES).map("=".join)
    words = draw(st.lists(settings | OPTIONS | VALUES, max_size=5))
    at = draw(st.integers(0, len(words)))
    return [*words[:at], *path.split(" "), *words[at:]]


@given(typed())
def test_words_about_a_command(words: list[str]) -> None:
    read_or_refused(words)


@given(st.lists(VALUES | OPTIONS | st.sampled_from(vocabulary.verbs()), max_size=5))
def test_any_words(words: list[str]) -> None:
    read_or_refused(words)


def read_or_refused(words: list[str]) -> None:
    """Any other error comes through."""
    with suppress(CliError):
        found = find_command(words)
        if found.path is None:
            refuse_unknown_option(found)
        else:
            require(understand(commands.load(found.path), found.rest))
