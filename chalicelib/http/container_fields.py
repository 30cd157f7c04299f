"""The kinds of values that say what a task's container is made from, and what it sees of its machine."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chalicelib.domain import image, mount
from chalicelib.http.fields import says


def _without(problem_with: Callable[[str], str | None]) -> AfterValidator:
    def check(given: str) -> str:
        problem = problem_with(given)
        if problem:
            raise ValueError(problem)
        return given

    return AfterValidator(check)


def _mount(given: str) -> str:
    return str(mount.Mount.of(given))


def _apart(mounts: list[str]) -> list[str]:
    problem = mount.problem_with_mounts(map(mount.Mount.of, mounts))
    if problem:
        raise ValueError(problem)
    return mounts


def _alone(names: list[str]) -> list[str]:
    alone = next((name for name in names if name in mount.ALONE), None)
    if alone and len(names) > 1:
        raise ValueError(f"{alone} goes with no other network")
    if len(set(names)) < len(names):
        raise ValueError("names one twice")
    return names


Image = Annotated[
    str,
    Field(max_length=image.LONGEST_IMAGE, description="as docker takes it: shop:1.2, ghcr.io/acme/shop:1.2"),
    _without(image.problem_with_image),
    says(f"^{image.IMAGE}$"),
]
DockerTag = Annotated[
    str,
    Field(description="in place of the tag that the app's image has"),
    _without(image.problem_with_tag),
    says(f"^{image.TAG}$"),
]
User = Annotated[
    str,
    Field(max_length=255, description="a name or a number, with a group or without: app, 1000:1000"),
    _without(image.problem_with_user),
    says(f"^{image.USER}$"),
]
PullWish = Annotated[
    Literal["missing", "always", "never"],
    Field(description="when the image is fetched; where it is missing, if nothing is said"),
]
Mounts = Annotated[
    list[Annotated[str, Field(max_length=mount.LONGEST_MOUNT), AfterValidator(_mount)]],
    Field(
        max_length=mount.MOST_MOUNTS,
        description="NAME:/path for a volume, /folder:/path for a folder of the machine, with :rw to write there; "
        "/path for an empty volume of the task's own",
    ),
    AfterValidator(_apart),
]
Networks = Annotated[
    list[Annotated[str, _without(mount.problem_with_network), says(f"^{mount.NAME}$")]],
    Field(
        max_length=mount.MOST_NETWORKS,
        description="those of the engine that tasks are in; none or host by itself; else one of the app's own",
    ),
    AfterValidator(_alone),
]
