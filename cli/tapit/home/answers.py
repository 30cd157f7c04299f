"""What a home answers, field by field; for the type checker alone, so that no command imports it.

These are the answers of this version. An older home may lack a field, and a newer one has more: what is not sure to be
there is read with `get`.
"""

from typing import TypedDict


class Cost(TypedDict):
    """Dollars."""

    estimate: float | None
    at_most: float | None
    basis: str


class StopCause(TypedDict):
    kind: str
    by: str | None
    exit_code: int | None


class Diagnosis(TypedDict):
    what: str
    next: str


class Change(TypedDict):
    """One line of a task's history."""

    status: str
    time: str
    why: str | None


class SessionOfTask(TypedDict):
    id: str
    command: str | None
    opened_by: str
    opened_at: str
    resumed_by: str | None
    ended_at: str | None
    ended_by: str | None
    exit_code: int | None


class ListedTask(TypedDict):
    """What a list tells of a task."""

    id: str
    app: str
    command: str
    image: str | None
    docker_tag: str | None
    cpu: float
    memory: float
    initiated_by: str | None
    created_by: str
    tags: dict[str, str]
    command_name: str | None
    command_revision: int | None
    rerun_of: str | None
    status: str
    waiting_for: str | None
    exit_code: int | None
    created_at: str
    started_at: str | None
    stopped_at: str | None
    deadline: str | None
    retries: int
    try_number: int
    retried_by: str | None


class PublicTask(ListedTask):
    ephemeral_storage_gb: int
    max_hours: float | None
    environment: list[str]
    workdir: str | None
    user: str | None
    pull: str | None
    interactive: bool
    attached: bool
    retry_on: list[str]
    retry_wait: float
    retry_of: str | None
    not_before: str | None
    lock: str | None
    if_locked: str
    expires_at: str | None
    stop_cause: StopCause | None
    ended_by: str | None
    reason: str | None
    diagnosis: Diagnosis | None
    history: list[Change]
    sessions: list[SessionOfTask]
    lost_output_bytes: int
    cost: Cost
    revision: int


class Try(TypedDict):
    """One of the tries of a task."""

    id: str
    number: int
    status: str
    exit_code: int | None


class Task(PublicTask):
    driver: str | None
    image_used: str | None
    waits_until: str | None
    tries: list[Try]
    notes: list[str]
    poll_after: float


class PageOfTasks(TypedDict):
    items: list[ListedTask]
    next: str | None


class TaskEvent(TypedDict):
    """What was told of a task when its status had changed."""

    version: int
    type: str
    id: str
    time: str
    app: str
    task_id: str
    previous_status: str | None
    status: str
    revision: int
    task: PublicTask
    truncated: bool


class SubscriptionEvent(TypedDict):
    """What was told of a subscription that had paused itself."""

    version: int
    type: str
    id: str
    time: str
    app: str
    subscription_id: str
    subscription: str
    paused: bool
    why: str
    revision: int


class ScheduleEvent(TypedDict):
    """What was told of a schedule that had paused itself."""

    version: int
    type: str
    id: str
    time: str
    app: str
    schedule_id: str
    schedule: str
    paused: bool
    why: str
    revision: int


class PageOfEvents(TypedDict):
    items: list[TaskEvent | SubscriptionEvent | ScheduleEvent]
    next: str
    poll_after: float


class RemovedTask(TypedDict):
    id: str
    removed: bool


class LogLine(TypedDict):
    time: str
    message: str


class StateOfLog(TypedDict):
    """Where a page of output ends: all that is told beside a page of plain text."""

    next: str
    complete: bool
    unfinished: bool
    status: str
    attached: bool
    retried_by: str | None
    waiting_for: str | None
    revision: int
    lost_output_bytes: int
    poll_after: float


class PageOfLog(StateOfLog):
    items: list[LogLine]


class PageOfOutput(StateOfLog, total=False):
    """What was asked for as text has `text`, if the home knows that form; else it has `items`."""

    text: bytes
    items: list[LogLine]


class Limits(TypedDict):
    max_cpu: float | None
    max_memory: float | None
    max_hours: float | None
    max_running: int | None
    max_subscriptions: int | None
    max_commands: int | None
    max_schedules: int | None


class SecretsVersion(TypedDict):
    number: int
    names: list[str]
    changed: list[str]
    created_at: str
    created_by: str


class KeptSecrets(TypedDict):
    """Of these the names are told alone; tasks get those of the current version."""

    current: int
    names: list[str]
    versions: list[SecretsVersion]


class App(TypedDict):
    name: str
    image: str | None
    workdir: str | None
    user: str | None
    mounts: list[str]
    networks: list[str]
    keep_entrypoint: bool
    environment: list[str]
    cpu: float
    memory: float
    ephemeral_storage_gb: int
    max_hours: float | None
    stop_timeout: float
    queue_timeout: float
    tags: dict[str, str]
    cluster: str | None
    service: str | None
    container: str | None
    sidecars: list[str]
    subnets: list[str]
    security_groups: list[str]
    assign_public_ip: bool | None
    capacity: list[str]
    execution_role: str | None
    task_role: str | None
    log_group: str | None
    secrets: dict[str, str]
    kept_secrets: KeptSecrets | None
    limits: Limits
    created_at: str
    created_by: str
    revision: int
    notes: list[str]


class ChangedApp(App):
    """An older home does not tell what it changed."""

    changed: list[str]


class PageOfApps(TypedDict):
    items: list[App]
    next: str | None


class RemovedApp(TypedDict):
    name: str
    removed: bool


class Pause(TypedDict):
    """`by` is nobody when the subscription paused itself."""

    since: str
    why: str
    by: str | None


class Subscription(TypedDict):
    """No events in particular are all of them."""

    id: str
    app: str
    name: str
    url: str
    events: list[str]
    format: str
    created_at: str
    created_by: str
    paused: Pause | None
    failing_since: str | None
    revision: int


class ChangedSubscription(Subscription):
    """An older home does not tell what it changed."""

    changed: list[str]


class SubscriptionWithSecret(Subscription):
    """Told once. The one before signs as well for a while."""

    secret: str
    previous_until: str | None


class AnswerOfReceiver(TypedDict):
    """Either a status, or the problem that kept it from coming."""

    status: int | None
    problem: str | None
    text: str
    seconds: float


class Delivery(TypedDict):
    event_id: str
    about: str
    created_at: str
    tries: int
    last_at: str | None
    due_at: str | None
    state: str
    answer: AnswerOfReceiver | None


class Backlog(TypedDict):
    waiting: int
    oldest_at: str


class SubscriptionDetails(Subscription):
    """No backlog: nothing waits, or nobody knows."""

    backlog: Backlog | None
    previous_until: str | None
    deliveries: list[Delivery]


class PageOfSubscriptions(TypedDict):
    items: list[Subscription]
    next: str | None


class TaskOptions(TypedDict):
    """What is asked of a task beside its command; None is the app's default. Of variables the names are told alone."""

    image: str | None
    docker_tag: str | None
    pull: str | None
    user: str | None
    cpu: float | None
    memory: float | None
    ephemeral_storage_gb: int | None
    max_hours: float | str | None
    environment: list[str]
    workdir: str | None
    initiated_by: str | None
    tags: dict[str, str]
    interactive: bool
    retries: int | None
    retry_on: list[str] | None
    retry_wait: float | None
    lock: str | None


class SavedCommand(TaskOptions):
    if_locked: str
    app: str
    name: str
    description: str | None
    command: str
    created_at: str
    created_by: str
    revision: int


class ChangedCommand(SavedCommand):
    changed: list[str]


class PageOfCommands(TypedDict):
    items: list[SavedCommand]
    next: str | None


class RemovedCommand(TypedDict):
    name: str
    removed: bool
    schedules: list[str]


class Tested(TypedDict):
    event_id: str
    delivered: bool
    answer: AnswerOfReceiver


class RemovedSubscription(TypedDict):
    name: str
    removed: bool


class RunOfSchedule(TypedDict):
    """A time that came: the task it became, or why it became none."""

    time: str
    task_id: str | None
    status: str | None
    exit_code: int | None
    why: str | None


class PauseOfSchedule(TypedDict):
    since: str
    why: str


class Schedule(TaskOptions):
    id: str
    app: str
    name: str
    description: str | None
    command: str | None
    command_name: str | None
    cron: str | None
    timezone: str
    every: int | None
    at: str | None
    in_words: str
    overlap: str
    missed: str
    missed_within: int
    jitter: int
    pause_after_failures: int | None
    enabled: bool
    paused: PauseOfSchedule | None
    next_run_at: str | None
    due_at: str | None
    last_run: RunOfSchedule | None
    failures: int
    problem: str | None
    created_at: str
    created_by: str
    revision: int


class SavedSchedule(Schedule):
    """With where its time is another one than was written."""

    notes: list[str]


class ChangedSchedule(SavedSchedule):
    changed: list[str]


class ScheduleDetails(Schedule):
    """With its last runs, the newest first, and when the next ones are."""

    runs: list[RunOfSchedule]
    next_runs: list[str]


class PageOfSchedules(TypedDict):
    items: list[Schedule]
    next: str | None


class RemovedSchedule(TypedDict):
    name: str
    removed: bool


class WhoAmI(TypedDict):
    """Whose token a request comes with; `apps` None is every app."""

    name: str
    role: str
    apps: list[str] | None
    expires_at: str | None
    home: str


class Token(TypedDict):
    id: str
    name: str
    role: str
    apps: list[str] | None
    expires_at: str | None
    created_at: str | None
    created_by: str | None
    last_used_at: str | None


class NewToken(Token):
    """With its text, which no other answer has."""

    token: str
    notes: list[str]


class PageOfTokens(TypedDict):
    items: list[Token]
    next: str | None


class RemovedToken(TypedDict):
    name: str
    removed: bool


class Trust(TypedDict):
    name: str
    arn: str
    role: str
    apps: list[str] | None
    expires_at: str | None
    created_at: str
    created_by: str


class NewTrust(Trust):
    notes: list[str]


class Trusts(TypedDict):
    items: list[Trust]
    next: None


class RemovedTrust(TypedDict):
    name: str
    removed: bool


class SignedIn(TypedDict):
    """Whom AWS says one is, and the token for that."""

    name: str
    role: str
    apps: list[str] | None
    expires_at: str
    token: str


class AuditEntry(TypedDict):
    """What somebody did; `app` None where it was about several apps, or none."""

    id: str
    time: str
    app: str | None
    by: str
    what: str
    target: str
    details: dict[str, str | int | float | bool | list[str] | None]


class PageOfAudit(TypedDict):
    """It may hold fewer than were asked for, or none, and be followed by more."""

    items: list[AuditEntry]
    next: str | None


class Channel(TypedDict):
    """Where a session's WebSocket is."""

    session_id: str
    url: str
    token: str
    headers: dict[str, str]


class OpenedSession(Channel):
    nonce: str
    deadline: str | None
