"""What a command is made of: the keys and flags it understands, and what they mean."""

from tapit.language import values, vocabulary
from tapit.language.values import Reader


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
        has_commas: bool = False,
        may_hold_spaces: bool = False,
        offers: str = "",
    ) -> None:
        self.name = name
        self.reads = reads
        self.meaning = meaning
        self.placeholder = placeholder
        self.aliases = aliases
        self.short = short
        self.repeats = repeats
        self.choices = choices
        self.has_commas = has_commas
        self.may_hold_spaces = may_hold_spaces
        self.offers = (
            offers  # which of the names that a home knows a Tab completes: `tasks`, `apps` ...; or `files`
        )

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
        path: str,
        *,
        example: str,
        keys: tuple[Key, ...] = (),
        flags: tuple[Flag, ...] = (),
        word: str | None = None,
        task_first: bool = False,
        name_first: bool = False,
        required: tuple[str, ...] = (),
        needless: tuple[tuple[tuple[str, ...], str], ...] = (),
        details: str = "",
    ) -> None:
        self.path = path  # as the vocabulary has it: `create task`, `run`
        self.example = example
        self.keys = keys
        self.flags = flags
        self.word = word  # the key that bare words fill
        self.task_first = task_first  # whether a task's id may stand before them
        self.name_first = name_first  # whether a name may stand before a line in quotes
        self.required = required
        self.needless = needless  # options that other programs need here, and why this one does not
        self.details = details

    @property
    def verb(self) -> str:
        return self.path.partition(" ")[0]

    @property
    def noun(self) -> str:
        """Empty when the verb stands alone."""
        return self.path.partition(" ")[2]

    @property
    def summary(self) -> str:
        return vocabulary.SUMMARIES[self.path]

    @property
    def takes_shell_command(self) -> bool:
        return self.word == "line"


GLOBAL_KEYS = (
    Key("app", values.name, "which app", placeholder="APP", short="a", offers="apps"),
    Key(
        "output",
        values.output,
        "table (on a terminal), json (in a pipe) or id",
        placeholder="FORMAT",
        short="o",
        choices=("table", "json", "id"),
    ),
    Key(
        "profile", values.profile, "which profile of the configuration", placeholder="NAME", offers="profiles"
    ),
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
ALL = Flag("all", "every task, not the newest 50")
FOLLOW = Flag("follow", "go on until the task has ended", short="f")
TIMESTAMPS = Flag("timestamps", "RFC 3339 before each line")
FLAGS = (
    *GLOBAL_FLAGS,
    *WAIT_FLAGS,
    ALL,
    FOLLOW,
    TIMESTAMPS,
)  # known before it is known which command they go with


def _task(meaning: str, *, offers: str, repeats: bool = False) -> Key:
    return Key(
        "task", values.name, meaning, placeholder="ID", aliases=("id",), repeats=repeats, offers=offers
    )


ONE = "the task's id, or how it begins"
SEVERAL = "a task's id, or how it begins; or several, with commas between"
TASK = _task(ONE, offers="tasks")
TASKS = _task(SEVERAL, offers="tasks", repeats=True)
TASK_THAT_RUNS = _task(ONE, offers="tasks that run")
TASKS_THAT_RUN = _task(SEVERAL, offers="tasks that run", repeats=True)
TIMEOUT = Key(
    "timeout", values.duration, "give up waiting after this long, with exit code 124", placeholder="10m"
)
