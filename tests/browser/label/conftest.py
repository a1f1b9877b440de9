"""Desks of Ann, who labels and reviews."""

from collections.abc import Callable
from typing import Any

import pytest

from browser.label.desk import Desk, sit_down
from browser.page_site import PageSite
from browser.photographs import Photographs, PhotoProject, photo_project
from browser.windows import Windows

Sit = Callable[..., Desk]


@pytest.fixture
def bare(site: PageSite, photos: PhotoProject, photographs: Photographs) -> PhotoProject:
    """The photographs of `photos` without a proposal, so that clicks meet nothing."""
    return photo_project(site, photographs, name="bare", with_proposals=False)


@pytest.fixture
def sit(windows: Windows, site: PageSite, bare: PhotoProject) -> Sit:
    """`sit_down` at a picture of `bare`."""

    def at(name: str = "chelsea.png", **options: Any) -> Desk:
        window = windows.of("ann", project_id=bare.id)
        return sit_down(window, site, bare, name, **options)

    return at


@pytest.fixture
def desk(sit: Sit) -> Desk:
    """At the cat, with the category of that name in hand."""
    return sit()


@pytest.fixture
def proposed(windows: Windows, site: PageSite, photos: PhotoProject) -> Desk:
    """At the cat with proposals on it, category `cat` in hand."""
    return sit_down(windows.of("ann", project_id=photos.id), site, photos)
