"""Where and how fast the endpoint pretends to be."""

from dataclasses import dataclass
from datetime import timedelta

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Settings:
    """`pace` is how long a task stays in each passing state, `registering` how long a registration takes."""

    account: str = "000000000000"
    region: str = "us-east-1"
    pace: float = 0.01
    registering: float = 0.01
    stopped_tasks_kept: timedelta = HOUR
    tokens_kept: timedelta = DAY
    unknown_subnets: frozenset[str] = frozenset()
    images_missing: frozenset[str] = frozenset()
    session_kept: float = 1200.0  # seconds without a client
    hurry: float = 1.0  # how many times as fast a container's `sleep` is
    images_slow: frozenset[str] = frozenset()  # take a minute to pull

    def arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"
