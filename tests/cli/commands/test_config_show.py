"""`tapit config show`: each setting and its source, and no secret."""

import json

from tests.cli.conftest import TOKEN, Place
from tests.cli.scripted_home import ScriptedHome


def test_config_show_names_each_source_and_no_secret(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)

    result = place.run("config", "show", TAPIT_APP="shop")

    told = json.loads(result.stdout)
    assert told["app"] == {"value": "shop", "source": "TAPIT_APP"}
    assert told["url"] == {"value": profile_home.url, "source": "profile local"}
    assert TOKEN not in result.stdout
