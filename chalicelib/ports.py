"""What the program needs of the world, in the user's words; `Services` bundles it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar

from chalicelib.domain.app import App
from chalicelib.domain.audit import AuditPage, AuditQuery, Entry
from chalicelib.domain.aws_proof import Proof
from chalicelib.domain.delivery import Answer, Backlog, Delivery
from chalicelib.domain.event import Event, Sent
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.lock import Lock
from chalicelib.domain.named_record import Named
from chalicelib.domain.saved_command import SavedCommand
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.subscription import Subscription
from chalicelib.domain.task import Task
from chalicelib.domain.task_filter import TaskFilter
from chalicelib.domain.token import ListedToken, Token
from chalicelib.domain.trust import Trust

Item = TypeVar("Item")


@dataclass(frozen=True)
class IdempotencyKey:
    """One caller's name for one request, and a digest of what was asked under it."""

    caller: str
    key: str
    digest: str
    expires_at: datetime


@dataclass(frozen=True)
class TaskQuery:
    """A page of an app's tasks, newest first."""

    app: str
    limit: int
    only: TaskFilter | None = None
    since: datetime | None = None
    after_id: str | None = None
    id_begins: str = ""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and whether there are more."""

    items: Sequence[Item]
    has_more: bool


@dataclass(frozen=True)
class LogLine:
    time: datetime
    message: str


@dataclass(frozen=True)
class LogPage:
    """Lines of output, oldest first; `position` is where to go on; complete means that nothing will follow.

    When the last line is unfinished, the next page begins in the middle of it.
    """

    lines: Sequence[LogLine]
    position: str
    is_complete: bool
    lost_bytes: int = 0
    is_unfinished: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.lines


@dataclass(frozen=True)
class LogText:
    """The same as one text of whole lines, without their times: far cheaper where there are many."""

    text: str
    position: str
    is_complete: bool
    lost_bytes: int = 0
    is_unfinished: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.text

    @classmethod
    def of(cls, page: LogPage) -> Self:
        text = "".join(f"{line.message}\n" for line in page.lines)
        return cls(text, page.position, page.is_complete, page.lost_bytes)


@dataclass(frozen=True)
class DataChannel:
    """Where a client connects to its session, and what lets it in; good for a few minutes, for that session only.

    `headers` go with the upgrade request of the WebSocket, `token` is its first message.
    """

    session_id: str
    url: str
    token: str
    headers: Mapping[str, str]


class TaskStore(Protocol):
    """What the stores write for somebody comes with an entry of the audit, and both are written, or neither is.

    So it is with the place that a task has in the queue of its lock, from when it is created until it is over; only a
    lock that cannot be read is left as it is by an end, and by a removal.
    """

    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        """Write a new record and its key in one transaction, and return the record.

        Return the earlier task when the key was used for the same request. Raise IdempotencyConflict when it was
        used for another, TaskRemoved when its task is gone, LimitExceeded when max_running tasks of the app are
        unfinished, IdTaken when the id is not free, Locked, TooManyWait and Unreadable as its lock has it.
        """

    def find_by_key(self, key: IdempotencyKey, now: datetime) -> Task | None:
        """Return the task that the key was used for, if any; raise what `create` would raise of the key."""

    def get(self, task_id: str) -> Task:
        """Raise TaskNotFound when there is no such record."""

    def get_all(self, task_ids: Sequence[str]) -> Sequence[Task]:
        """Return the records of up to 100 ids, in their order; of one that is not there, or not readable, nothing."""

    def save(self, task: Task, entry: Entry | None = None, followed_by: Task | None = None) -> Task:
        """Write the record with its revision one up, or raise Stale if it changed since it was read.

        A task that it is `followed_by` is new, and is written in the same transaction, however many are unfinished;
        raise IdTaken when its id is not free.
        """

    def remove(self, task: Task, entry: Entry | None = None) -> None:
        """Remove the record, or raise Stale if it changed since it was read."""

    def lock(self, app: str, name: str) -> Lock:
        """Return it as it was last written; nobody is in the queue of one that there is not. May raise Unreadable."""

    def change_lock(self, app: str, name: str, change: Callable[[Lock], Lock]) -> Lock:
        """Apply a pure change to the newest queue, and return what is written: for what should never be to mend."""

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        """Return one bounded page; what it costs does not depend on how many tasks there are.

        It may lag a second behind what was written; `get` never does.
        """

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        """Return unfinished tasks of every app, in an order of the store's own; `after_id` is where to go on.

        They may lag a second behind what was written: decide on what `get` returns.
        """

    def count_active(self, app: str) -> int:
        """Return how many tasks of the app are unfinished."""


class AppStore(Protocol):
    def create(self, app: App, entry: Entry | None = None) -> App:
        """Raise AppExists when the name is taken."""

    def get(self, name: str) -> App:
        """Raise AppNotFound when there is no such app."""

    def save(self, app: App, entry: Entry | None = None) -> App:
        """Write the app with its revision one up, or raise Stale if it changed since it was read."""

    def remove(self, app: App, entry: Entry | None = None) -> None:
        """Raise Stale if it changed since it was read."""

    def list(self, limit: int, after_name: str | None) -> Page[App]:
        """Return apps by name."""


@dataclass(frozen=True)
class Told:
    """An event, and its place in its app's feed: places count up, and none is ever left out."""

    place: int
    event: Event


class Feed(Protocol):
    """The events of each app, in the order in which they were told; for seven days."""

    def read(self, app: str, after: int, limit: int) -> Page[Told]:
        """Return the events behind a place, oldest first. Whoever goes on behind the last one misses none."""

    def place_before(self, app: str, since: datetime) -> int:
        """Return the place to read on from for all that was told since; never below that of the first one kept."""

    def place_before_last(self, app: str, count: int) -> int:
        """Return the place to read on from for the newest `count` events; with 0, for what is told from now on."""

    def find(self, app: str, event_id: str) -> Event:
        """Raise EventNotFound when there is no such event, or none any more."""


class NamedStore(Protocol[Named]):
    """What an app has by name."""

    def create(self, record: Named, most: int, entry: Entry | None = None) -> Named:
        """Raise AppNotFound, LimitExceeded when the app has `most`, or that it has one of that name already."""

    def get(self, app: str, name: str) -> Named:
        """Raise NotFound when there is no such record."""

    def save(self, record: Named, entry: Entry | None = None) -> Named:
        """Write the record with its revision one up, or raise Stale if it changed since it was read."""

    def remove(self, record: Named, entry: Entry | None = None) -> None:
        """Remove it, or raise Stale if it changed since it was read."""

    def list(self, app: str) -> Sequence[Named]:
        """Return those of an app by name, as they were last written."""

    def page(self, app: str, limit: int, after_name: str | None) -> Page[Named]:
        """Return some of them, by name."""


class SubscriptionStore(NamedStore[Subscription], Protocol):
    """When a subscription pauses itself, its saved record is an event, told as those of tasks are."""


class ScheduleStore(NamedStore[Schedule], Protocol):
    """When a schedule pauses itself, its saved record is an event, told as those of tasks are."""

    def due(self, until: datetime, limit: int, after: Schedule | None = None) -> Page[Schedule]:
        """Return schedules of every app that are due by then, by when, then by app and name; `after` is where to go on.

        They may lag a second behind what was written: what is saved of them is refused where they do.
        """


class WebhookSecrets(Protocol):
    """What signs the deliveries of each subscription. They lie apart from its record, which names their versions."""

    def add(self, subscription_id: str, secret: str) -> int:
        """Keep a new secret beside the earlier ones, and return its version: a number that goes up."""

    def read(self, subscription_id: str, versions: Sequence[int]) -> Sequence[str]:
        """Return the secrets of these versions in this order, as far as they are still there."""

    def remove(self, subscription_id: str) -> None:
        """Forget all of them. Harmless to repeat."""


@dataclass(frozen=True)
class KeptValues:
    """Where the values of a version are: what the app's record remembers of them."""

    place: str
    version_id: str


class AppSecrets(Protocol):
    """The values of the secrets that are kept for apps, in versions. Only a task that is started is ever given them."""

    def write(
        self, app: str, values: Mapping[str, str], others: Sequence[str], base: str | None
    ) -> KeptValues:
        """Keep a new version: these values, and those of the others as the version `base` has them.

        Earlier versions stay as they are, and one that no record comes to name does no harm. Raise InvalidRequest
        when the base has not all of the others any more, TooLarge when it is too much.
        """

    def check(self, app: str, names: Sequence[str], version_id: str) -> None:
        """Raise InvalidRequest when the version has not all of these any more."""

    def remove(self, app: str) -> None:
        """Forget every version. Harmless to repeat."""

    def about(self, app: str) -> str:
        """Say where the values are kept, and what that costs."""


class Deliveries(Protocol):
    """What was sent to each subscription, and what came of it."""

    def record(self, delivery: Delivery, entry: Entry | None = None) -> None:
        """Write how it stands; there is one of each event and subscription."""

    def list(self, subscription_id: str, limit: int) -> Sequence[Delivery]:
        """Return the newest ones, newest first; they may lag a second behind what was written."""

    def backlog(self, subscription_id: str) -> Backlog | None:
        """Return what is not over yet; None when nothing is, or when that is not known here."""


class Courier(Protocol):
    """Brings events to subscriptions, in its own time."""

    def enqueue(self, delivery: Delivery, event: Event) -> None:
        """Have a recorded delivery made as soon as it is due. It is made whatever happens; twice at the most."""

    def try_now(self, subscription: Subscription, event: Sent) -> Answer:
        """Send it once, while the caller waits; nothing is recorded."""


class Sender(Protocol):
    def post(self, subscription: Subscription, event: Sent, secrets: Sequence[str]) -> Answer:
        """Send it once, signed with each of the secrets. Whatever the receiver does, it is in the answer."""


class TokenStore(Protocol):
    def find(self, token_id: str) -> Token | None:
        """Return the token of that id, if there is one, whether it is good any more or not.

        One that was removed may be found for half a minute.
        """

    def add(
        self, token: Token, created_at: datetime, created_by: str | None = None, entry: Entry | None = None
    ) -> None:
        """Keep a new token. Raise TokenExists when its name is another's, IdTaken when its id is."""

    def get(self, name: str) -> ListedToken:
        """Raise TokenNotFound when there is no such token."""

    def remove(self, token: ListedToken, entry: Entry | None = None) -> None:
        """Make a token good for nothing. Harmless to repeat; the entry is written by whoever was first."""

    def list(self, limit: int, after_name: str | None) -> Page[ListedToken]:
        """Return tokens by name, those that are good no more among them; it may lag a second behind."""

    def note_use(self, token: Token, now: datetime) -> None:
        """Write down that a token was used, unless that was done within the last hour."""


class TrustStore(Protocol):
    def create(self, trust: Trust, most: int, entry: Entry | None = None) -> None:
        """Raise TrustExists when the name is taken, TooManyTrusts when there are `most`."""

    def get(self, name: str) -> Trust:
        """Raise TrustNotFound when there is no such trust."""

    def remove(self, trust: Trust, entry: Entry | None = None) -> None:
        """Make it, and the tokens that were lent by it, good for nothing.

        Harmless to repeat; the entry is written by whoever was first.
        """

    def list(self) -> Sequence[Trust]:
        """Return all of them by name, as they were last written."""

    def lend(self, token: Token, now: datetime, entry: Entry | None = None) -> None:
        """Keep a new token that is `lent_by` a trust, for as long as it is good, and list it nowhere.

        Raise TrustNotFound when the trust is gone, IdTaken when the token's id is another's.
        """


class Identities(Protocol):
    """AWS's word for who somebody is."""

    def identify(self, proof: Proof, home: str) -> str:
        """Return the ARN that STS knows the signer of a request by, which was signed for this home.

        Raise InvalidRequest for a request to anybody but STS, NotProven when STS refuses it, Unavailable.
        """


class AuditLog(Protocol):
    def list(self, query: AuditQuery) -> AuditPage:
        """Return one bounded page; it may lag a second behind what was written."""


class Cluster(Protocol):
    """Where containers run."""

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        """Return all that a launch needs and is not secret, to be saved before it. May raise RefusedForGood."""

    def check_app(self, app: App) -> Sequence[str]:
        """Raise InvalidRequest when no task of the app could ever start; return what its owner should know.

        What cannot be found out at this moment is left to its first launch.
        """

    def refuse(self, task: Task, app: App) -> None:
        """Raise InvalidRequest for a command that this cluster could never start."""

    def notes(self, task: Task, app: App | None) -> Sequence[str]:
        """Return what the caller should know about how this cluster runs such a task; its app where that is at hand."""

    def not_enforced(self, task: Task) -> Sequence[str]:
        """Return which bounds of the task nobody keeps here; said to whoever looks at it closely."""

    def start(self, task: Task, app: App) -> str:
        """Start the container of the task's saved attempt and return its ARN; repeating it starts no second one.

        Raise Unanswered (repeat the same call), RefusedForNow (make a new attempt later) or RefusedForGood.
        """

    def find(self, task: Task) -> str | None:
        """Return the ARN of a container that some attempt of the task started, if any. May raise Unanswered."""

    def stop(self, task: Task, reason: str) -> None:
        """Ask a started container to end: SIGTERM, then SIGKILL after the stop timeout. Harmless to repeat.

        Raise Unavailable when it may not; a request that gets lost is made again by the next look at the task.
        """

    def stop_stray(self, arn: str, reason: str) -> None:
        """Ask a container to end that no record watches. Harmless to repeat.

        Raise Unavailable when the request was not taken: nobody else would make it again.
        """

    def look(self, tasks: Iterable[Task]) -> dict[str, Sighting | None]:
        """Say what is seen of each started task now, by id; None for one that the cluster does not know.

        A task that it could not look at is not in the answer.
        """

    def has_run_its_time(self, task: Task) -> bool:
        """Say whether a task that is past its deadline by the clock has run that long: clocks get set.

        True when the cluster does not know better.
        """

    def open_session(self, task: Task, argv: Sequence[str]) -> DataChannel:
        """Run argv in the container, on a terminal of its own that waits for its client.

        Raise NotReady while that may soon be possible, TaskOver when it never will be.
        """

    def resume_session(self, task: Task, session_id: str) -> DataChannel:
        """Let a client that lost its connection reconnect. Raise SessionOver when the session has ended."""

    def exit_code_of_session(self, task: Task, session_id: str, claimed: int) -> int:
        """Return how the command of a session ended: as it was seen inside, or where nobody can, as its client claims.

        Raise EndNotSeen while whoever is inside has not seen it end.
        """

    def end_session(self, task: Task, session_id: str) -> None:
        """Close its terminal; what still runs on it gets SIGHUP. Harmless to repeat."""

    def forget(self, task: Task) -> None:
        """Delete what is kept of a finished task besides its record. Harmless to repeat."""


class Lifecycle(Protocol):
    """One durable execution per task: launch, wait until next_wake, check, wait again or be done."""

    def begin(self, task: Task) -> None:
        """Start the execution, or another one when it is over before the task is; harmless while one runs.

        May raise Unanswered.
        """

    def launch_again(self, task: Task) -> None:
        """Have a task launched whose container failed to start; its execution may sleep. Harmless to repeat.

        May raise Unanswered.
        """

    def limit_changed(self, task: Task) -> None:
        """Tell whatever keeps the task's time limit that it changed."""


class Logs(Protocol):
    def read(self, task: Task, position: str | None, limit: int, *, unfinished: bool = False) -> LogPage:
        """Return what the task printed from `position` on (None: from the start). InvalidRequest for a bad position.

        With `unfinished` also what there is of a line without an end, where the home can see that.
        """

    def read_text(self, task: Task, position: str | None, *, unfinished: bool = False) -> LogText:
        """Return as much as makes a good page of what the task printed from `position` on, which `read` knows too."""

    def tail(self, task: Task, lines: int) -> LogPage:
        """Return the last lines that there are now, or as many of the last of them as a page holds."""


class Watch(Protocol):
    def wait(self, seconds: float) -> bool:
        """Wait for a change since the watch began or last waited; False when there was none in that time."""


class Changes(Protocol):
    """Tells that something about a task may have changed, but not what."""

    def watch(self, task_id: str) -> AbstractContextManager[Watch]:
        """Start watching a task. Whoever reads the task after this call misses no change."""

    def watch_feed(self, app: str) -> AbstractContextManager[Watch]:
        """Start watching an app's feed. Whoever reads it after this call misses no event."""

    def poll_after(self, task: Task, now: datetime, *, has_output: bool) -> float:
        """Return how many seconds a client should leave until its next look. `has_output`: this one had some."""

    def poll_feed_after(self, *, has_more: bool) -> float:
        """The same for a feed. `has_more`: not all that there is was given."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never jump, for measuring how long something takes."""


@dataclass(frozen=True)
class Services:
    """The outside world, as one argument. Containers carry the name of the `stage` that started them.

    `trouble` tells why nothing can be written down at the moment, if so. With `local_webhooks` events may be sent to
    the machine itself. `admit` raises TooManyRequests when a token asks too often.
    """

    tasks: TaskStore
    apps: AppStore
    feed: Feed
    subscriptions: SubscriptionStore
    commands: NamedStore[SavedCommand]
    schedules: ScheduleStore
    secrets: WebhookSecrets
    app_secrets: AppSecrets
    deliveries: Deliveries
    courier: Courier
    sender: Sender
    tokens: TokenStore
    trusts: TrustStore
    identities: Identities
    audit: AuditLog
    cluster: Cluster
    lifecycle: Lifecycle
    logs: Logs
    changes: Changes
    clock: Clock
    home: str
    stage: str
    trouble: Callable[[], str | None] = lambda: None
    local_webhooks: bool = False
    admit: Callable[[Token], None] = lambda _token: None
