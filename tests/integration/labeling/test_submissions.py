"""Submissions: who holds the lease says that an image is done or skipped, and its state follows."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.db import image_leases, image_summaries
from maskloop.platform.db.submissions import Effort, Submission
from maskloop.platform.errors import (
    ImageLeaseLostError,
    NotFoundError,
    RefusedTransitionError,
)
from maskloop.platform.states import ImageState, SubmissionOutcome
from maskloop.services import labeling
from maskloop.services.labeling import Conclusion

if TYPE_CHECKING:
    from tests.integration.conftest import Bench
    from tests.integration.labeling.conftest import Desk

DONE, SKIPPED = SubmissionOutcome.DONE, SubmissionOutcome.SKIPPED


def lease(desk: "Desk", user_id: int) -> uuid.UUID:
    return labeling.take(desk.runtime, desk.project_id, desk.image.id, user_id=user_id).token


def lapse(desk: "Desk") -> None:
    """As if the time of every lease had passed."""
    with desk.runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE image_leases SET until = now() - interval '1 s'"))


def submit(
    desk: "Desk",
    user_id: int,
    token: uuid.UUID,
    outcome: SubmissionOutcome = DONE,
    *,
    reason: str | None = None,
    effort: Effort | None = None,
) -> Submission:
    conclusion = Conclusion(token, outcome, reason, effort or Effort())
    with desk.runtime.engine.begin() as connection:
        return labeling.submit_in(
            connection, desk.project_id, desk.image.id, conclusion, user_id=user_id
        )


def reopen(desk: "Desk", user_id: int, reason: str | None = None) -> Submission:
    with desk.runtime.engine.begin() as connection:
        return labeling.reopen_in(
            connection, desk.project_id, desk.image.id, user_id=user_id, reason=reason
        )


def said_of(desk: "Desk") -> list[Submission]:
    return labeling.submissions_of(desk.runtime, desk.project_id, desk.image.id)


def state_of(desk: "Desk") -> ImageState:
    with desk.runtime.engine.connect() as connection:
        return image_summaries.of_image(connection, desk.project_id, desk.image.id).state


def test_an_image_that_is_submitted_is_done_and_its_lease_is_over(desk: "Desk") -> None:
    token, effort = lease(desk, desk.anna), Effort(seconds=12.5, objects=3, clicks=7)
    assert state_of(desk) is ImageState.TODO
    made = submit(desk, desk.anna, token, effort=effort)
    assert (made.user, made.outcome, made.reason) == ("anna", DONE, None)
    assert made.effort == effort
    assert state_of(desk) is ImageState.DONE
    assert said_of(desk) == [made]
    with desk.runtime.engine.connect() as connection:
        assert image_leases.holder(connection, desk.project_id, desk.image.id) is None


def test_an_image_is_skipped_with_a_reason(desk: "Desk") -> None:
    made = submit(desk, desk.anna, lease(desk, desk.anna), SKIPPED, reason="too dark")
    assert (made.outcome, made.reason) == (SKIPPED, "too dark")
    assert state_of(desk) is ImageState.SKIPPED


def test_the_last_submission_decides_and_every_one_is_kept(desk: "Desk") -> None:
    skipped = submit(desk, desk.anna, lease(desk, desk.anna), SKIPPED, reason="too dark")
    reopened = reopen(desk, desk.ben, "it is not that dark")
    assert (reopened.outcome, reopened.user) == (SubmissionOutcome.REOPENED, "ben")
    assert state_of(desk) is ImageState.TODO
    done = submit(desk, desk.ben, lease(desk, desk.ben))
    assert state_of(desk) is ImageState.DONE
    assert said_of(desk) == [skipped, reopened, done]


def test_an_image_that_is_to_do_cannot_be_reopened(desk: "Desk") -> None:
    with pytest.raises(RefusedTransitionError, match="is todo and cannot be reopened"):
        reopen(desk, desk.anna)
    assert said_of(desk) == []


def test_a_late_submission_counts_as_long_as_nobody_else_took_the_image(desk: "Desk") -> None:
    token = lease(desk, desk.anna)
    lapse(desk)
    submit(desk, desk.anna, token)
    assert state_of(desk) is ImageState.DONE


def test_a_submission_is_refused_when_the_image_was_taken_over(desk: "Desk") -> None:
    mine = lease(desk, desk.anna)
    lapse(desk)
    theirs = lease(desk, desk.ben)
    with pytest.raises(ImageLeaseLostError) as caught:
        submit(desk, desk.anna, mine)
    assert caught.value.fields == {"image": desk.image.id, "holder": "ben"}
    assert said_of(desk) == []
    assert state_of(desk) is ImageState.TODO
    submit(desk, desk.ben, theirs)
    with pytest.raises(ImageLeaseLostError, match="now nobody has it"):
        submit(desk, desk.anna, mine, SKIPPED, reason="too dark")
    assert state_of(desk) is ImageState.DONE


def test_of_a_late_submission_and_a_take_over_at_once_one_wins(desk: "Desk") -> None:
    mine, together = lease(desk, desk.anna), Barrier(2)
    lapse(desk)

    def be_late() -> bool:
        together.wait(timeout=30)
        try:
            submit(desk, desk.anna, mine)
        except ImageLeaseLostError:
            return False
        return True

    def take_over() -> bool:
        together.wait(timeout=30)
        turn = labeling.next_turn(desk.runtime, desk.project_id, user_id=desk.ben)
        return turn.image is not None

    with ThreadPoolExecutor(2) as pool:
        late, over = pool.submit(be_late), pool.submit(take_over)
        assert late.result(timeout=30) is not over.result(timeout=30)


@pytest.mark.parametrize("held", [True, False])
def test_a_submission_needs_the_lease_of_whoever_submits(desk: "Desk", held: bool) -> None:
    token = lease(desk, desk.anna) if held else uuid.uuid4()
    with pytest.raises(ImageLeaseLostError, match=r"now (anna|nobody) has it"):
        submit(desk, desk.ben, token)
    with pytest.raises(ImageLeaseLostError):
        submit(desk, desk.anna, uuid.uuid4())
    assert said_of(desk) == []


def test_an_image_of_another_project_is_not_there(desk: "Desk", bench: "Bench") -> None:
    bench.project = "others"
    others, token = bench.make_project(), lease(desk, desk.anna)
    with desk.runtime.engine.begin() as connection, pytest.raises(NotFoundError, match="no image"):
        labeling.submit_in(
            connection, others, desk.image.id, Conclusion(token, DONE), user_id=desk.anna
        )
    with desk.runtime.engine.begin() as connection, pytest.raises(NotFoundError, match="no image"):
        labeling.reopen_in(connection, others, desk.image.id, user_id=desk.anna, reason=None)
    with pytest.raises(NotFoundError, match="no image"):
        labeling.submissions_of(desk.runtime, others, desk.image.id)
    assert state_of(desk) is ImageState.TODO


@pytest.mark.parametrize(
    "statement",
    ["UPDATE submissions SET outcome = 'done'", "DELETE FROM submissions", "TRUNCATE submissions"],
)
def test_what_was_submitted_is_never_changed(desk: "Desk", statement: str) -> None:
    submit(desk, desk.anna, lease(desk, desk.anna))
    with (
        pytest.raises(sa.exc.IntegrityError, match="never changed or removed"),
        desk.runtime.engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("outcome", "reason", "token", "constraint"),
    [
        (SKIPPED, None, uuid.uuid4(), "submissions_reason_check"),
        (DONE, None, None, "submissions_lease_check"),
        (SubmissionOutcome.REOPENED, None, uuid.uuid4(), "submissions_lease_check"),
    ],
)
def test_a_row_cannot_say_half_of_what_its_outcome_means(
    desk: "Desk",
    outcome: SubmissionOutcome,
    reason: str | None,
    token: uuid.UUID | None,
    constraint: str,
) -> None:
    statement = sa.text(
        "INSERT INTO submissions (project_id, image_id, user_id, outcome, reason, lease_token) "
        "VALUES (:project, :image, :user, :outcome, :reason, CAST(:token AS uuid))"
    )
    values = {
        "project": desk.project_id,
        "image": desk.image.id,
        "user": desk.anna,
        "outcome": outcome,
        "reason": reason,
        "token": token,
    }
    with (
        pytest.raises(sa.exc.IntegrityError, match=constraint),
        desk.runtime.engine.begin() as connection,
    ):
        connection.execute(statement, values)
