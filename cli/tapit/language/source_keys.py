"""What an app can be read from, instead of being told key by key."""

from tapit.language import environment_keys
from tapit.language.command import Key

KEYS = (
    Key(
        "compose",
        environment_keys.whole_path,
        "a compose file, or a folder with one: the app is like its service=",
        placeholder="FILE",
        offers="files",
    ),
    Key(
        "build",
        environment_keys.whole_path,
        "a folder: an image of its Dockerfile, saved commands of its Procfile",
        placeholder="FOLDER",
        offers="folders",
    ),
)
DETAILS = (
    "compose= is read once, by docker compose: image, variables, working_dir, user, volumes and networks of service=\n"
    "(none is needed where there is one). build= builds once. What is typed beside them goes before what they say."
)
