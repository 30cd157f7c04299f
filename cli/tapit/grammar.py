"""What a command is made of: the keys and flags it understands, and what they mean."""

from collections.abc import Callable

from tapit import values
from tapit.values import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tapit.call import Call

Run = Callable[["Call"], int]


class Key:
    """One setting, written `key=value`, `--key value` or `--key=value`."""

    def __init__(
        self,
        name: str,
        reads: Reader,
        meaning: str,
        *,
        placeholder: str = "TEXT",
        aliases: tuple[str, ...] = (),
        short: str | None = None,
        repeats: bool = False,
        choices: tuple[str, ...] = (),
        may_hold_spaces: bool = False,
    ) -> None:
        self.name = name
        self.reads = reads
        self.meaning = meaning
        self.placeholder = placeholder
        self.aliases = aliases
        self.short = short
        self.repeats = repeats
        self.choices = choices
        self.may_hold_spaces = may_hold_spaces

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


class Flag:
    """One switch; it takes no value."""

    def __init__(self, name: str, meaning: str, *, short: str | None = None) -> None:
        self.name = name
        self.meaning = meaning
        self.short = short

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")


class Command:
    """A verb, its noun, and everything that may follow them."""

    def __init__(
        self,
        verb: str,
        noun: str | None,
        summary: str,
        run: Run,
        *,
        example: str,
        keys: tuple[Key, ...] = (),
        flags: tuple[Flag, ...] = (),
        word: str | None = None,
        required: tuple[str, ...] = (),
        details: str = "",
    ) -> None:
        self.verb = verb
        self.noun = noun
        self.summary = summary
        self.run = run
        self.example = example
        self.keys = keys
        self.flags = flags
        self.word = word  # the key that a bare word fills
        self.required = required
        self.details = details

    @property
    def path(self) -> str:
        return f"{self.verb} {self.noun}" if self.noun else self.verb

    @property
    def takes_shell_command(self) -> bool:
        return self.word == "command"


GLOBAL_KEYS = (
    Key("app", values.name, "which app", placeholder="APP", short="a"),
    Key(
        "output",
        values.output,
        "table (on a terminal), json (in a pipe) or id",
        placeholder="FORMAT",
        short="o",
        choices=("table", "json", "id"),
    ),
    Key("profile", values.profile, "which profile of the configuration", placeholder="NAME"),
)
GLOBAL_FLAGS = (
    Flag("quiet", "no news on stderr, errors only", short="q"),
    Flag("no_color", "no colours"),
    Flag("debug", "show each request on stderr, the token masked"),
    Flag("help", "show this help", short="h"),
    Flag("version", "show the version"),
)
WAIT_FLAGS = (
    Flag("wait", "stream the output, and exit with the task's own exit code", short="w"),
    Flag("cancel_on_interrupt", "with --wait: Ctrl-C or SIGTERM stops the task as well"),
)
TASK = Key("task", values.name, "the task's id", placeholder="ID", aliases=("id",))
TIMEOUT = Key(
    "timeout", values.duration, "give up waiting after this long, with exit code 124", placeholder="10m"
)
