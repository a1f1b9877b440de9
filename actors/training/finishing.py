"""The end of a training: how far to go from the parent is chosen, and the weights are stored."""

from collections.abc import Callable

from maskloop.actors.sam.shared_weights import publish
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, ENCODER_ARCHITECTURE, WeightsFolder
from maskloop.actors.training.checkpoints import Progress
from maskloop.actors.training.choosing import SHARES, Candidate, between, chosen
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan
from maskloop.actors.training.student import (
    Student,
    Weights,
    answering,
    decoder_tensors,
    encoder_tensors,
    stored_weights,
)
from maskloop.actors.training.validate import Figures
from maskloop.platform.storage.store import ObjectStore


def finish(
    plan: TrainingPlan,
    progress: Progress,
    trained: Weights,
    *,
    objects: ObjectStore,
    figures_of: Callable[[Student], Figures],
) -> TrainingOutcome:
    """Store what is chosen between the parent and `trained`, the best of this training."""
    folder = WeightsFolder(plan.weights)
    parent = stored_weights(folder, plan)
    before = Figures(**progress.parent)
    candidates = [
        Candidate(1.0, Figures(**progress.best))
        if share == 1.0 and progress.best
        else Candidate(share, figures_of(answering(between(parent, trained, share), plan.train)))
        for share in SHARES
    ]
    choice = chosen(before, candidates)
    kept = between(parent, trained, choice.share)
    decoder = _store(folder, DECODER_ARCHITECTURE, decoder_tensors(kept), objects)
    encoder = plan.encoder_digest
    if encoder_tensors(kept):
        encoder = _store(folder, ENCODER_ARCHITECTURE, encoder_tensors(kept), objects)
    figures = before.named("parent") | choice.figures.named("kept") | {"kept/share": choice.share}
    return TrainingOutcome(
        encoder_digest=encoder,
        decoder_digest=decoder,
        steps=progress.step,
        best_step=progress.best_step,
        seconds=progress.seconds + progress.preparing,
        encoder_calls=progress.encoder_calls,
        stopped=progress.stopped,
        figures=figures,
    )


def _store(folder: WeightsFolder, architecture: str, tensors: Weights, objects: ObjectStore) -> str:
    digest = folder.add(architecture, tensors)
    publish(folder, digest, objects)
    return digest
