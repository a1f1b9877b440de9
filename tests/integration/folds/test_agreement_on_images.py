"""How far people agree who labelled whole images blindly."""

import pytest

from maskloop.platform.agreement import Alpha, Undefined
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import agreement
from maskloop.services.image_agreement import ImageAgreement
from maskloop.services.quality_csv import Asked, Period, figure_csv
from sites.circle import Circle
from sites.studio import Studio


def figures(circle: Circle, queue_id: int | None = None) -> ImageAgreement:
    studio = circle.studio
    return agreement.agreement(studio.runtime, studio.project_id, queue_id=queue_id).images


def test_of_nothing_there_are_no_figures(circle: Circle) -> None:
    queue_id = circle.queue(2)
    circle.label("ben", (Studio.ONE, circle.studio.cat))
    found = figures(circle)
    assert (found.images, found.passes, found.settled, found.in_dispute) == (0, 0, 0, 0)
    assert (found.mean_iou, found.found_by_all) == (None, None)
    assert isinstance(found.alpha, Undefined)
    assert figures(circle, queue_id) == found


def test_objects_are_paired_and_what_somebody_did_not_draw_is_a_value(circle: Circle) -> None:
    """On the first image they agree; on the second carl misses one of three objects, and one has
    another name; on the third only one of them says anything."""
    queue_id = circle.queue(2)
    studio = circle.studio
    cat, dog = studio.cat, studio.dog
    one, near, two, three = Studio.ONE, (2, 2, 10, 8), Studio.TWO, Studio.THREE
    circle.label("ben", (one, cat))
    circle.label("ben", (one, cat), (two, dog), (three, dog))
    circle.label("ben")
    circle.label("carl", (one, cat))
    circle.label("carl", (near, cat), (two, cat))
    circle.label("carl", outcome=SubmissionOutcome.SKIPPED)
    found = figures(circle)
    assert (found.images, found.passes, found.settled, found.in_dispute) == (2, 4, 1, 2)
    assert found.mean_iou is not None
    assert found.mean_iou.mean == pytest.approx((1 + 0.8 + 1) / 3)
    assert found.found_by_all is not None
    assert found.found_by_all.mean == pytest.approx(3 / 4)
    assert 0 <= found.found_by_all.low < 3 / 4 < found.found_by_all.high <= 1
    # Units (cat, cat), (cat, cat), (dog, cat), (dog, not drawn): of eight values five are cats, two
    # dogs and one none; four differ within units, and 2 * (5*2 + 5*1 + 2*1) / 7 would by chance.
    assert isinstance(found.alpha, Alpha)
    assert found.alpha.units == 4
    assert found.alpha.value == pytest.approx(1 - 4 / (34 / 7))
    other = circle.queue(2, "other")
    assert figures(circle, queue_id) == found
    assert (figures(circle, other).images, figures(circle, other).in_dispute) == (0, 2)
    text = figure_csv(Asked(studio.runtime, studio.project_id, Period()), "agreement")
    rows = {line.split(",")[0]: line.split(",")[1:3] for line in text.splitlines()}
    assert rows["images: labelings"] == ["2", "4"]
    assert rows["images: in dispute"] == ["", "2"]
    assert rows["images: found by all"] == ["2", "0.75"]
