"""The actor of a job over kept candidates: chooses again, and loads no model."""

import time
from typing import Any

import torch

from maskloop.actors import everything, kept_candidates, results
from maskloop.actors.tries import Tries
from maskloop.actors.work import ItemResult, Outcome, Plan, WorkItem, broke, done, not_done
from maskloop.platform.errors import MaskloopError
from maskloop.platform.stages import Stages
from maskloop.platform.storage import open_store
from maskloop.platform.storage.counting import CountingStore


class Rechooser:
    """One image after another, as `Autolabeler`."""

    def __init__(self, plan: Plan, tries: Tries) -> None:
        torch.set_num_threads(1)
        self._plan = plan
        self._tries = tries
        self._objects = CountingStore(
            open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        )

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Ray Data's form: columns of length 1 in, columns of length 1 out."""
        item = WorkItem.of(batch)
        begun = self._tries.begin(item.item_id)
        return (self.choose(item) if begun else broke(item)).to_batch()

    def choose(self, item: WorkItem) -> ItemResult:
        """No image is at fault here: a job that asks the model puts right whatever is wrong."""
        try:
            return self._choose(item)
        except MaskloopError as error:
            return not_done(item, Outcome.FAILED, error)

    def _choose(self, item: WorkItem) -> ItemResult:
        started, before = time.perf_counter(), self._objects.written
        stages = Stages()
        parameters = self._plan.parameters
        key = self._plan.chosen_key(item.sha256, item.candidates_key)
        with stages("read"):
            known = results.known_masks(self._objects, key)
        if known is not None:
            return done(item, key, known, stages.seconds, item.candidates_key)
        with stages("read"):
            kept = kept_candidates.read(
                self._objects, item.candidates_key, item.source, parameters.stability_score_offset
            )
        masks = everything.choose(kept.crops, parameters, kept.size_hw, stages=stages)
        with stages("write"):
            results.write(self._objects, key, masks, sha256=item.sha256, size_hw=kept.size_hw)
        stages.seconds["other"] = time.perf_counter() - started - sum(stages.seconds.values())
        written = self._objects.written - before
        return done(item, key, len(masks), stages.seconds, item.candidates_key, written)
