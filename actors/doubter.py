"""The doubter: the doubts of many images' proposals, through Ray.

What goes through Ray is small: an item names an image and has its proposals' run lengths, the
answer a doubt for each. Embeddings stay inside the actor that reads them, and no encoder is loaded:
an image whose embedding is not stored is passed over.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ray

from maskloop.actors.doubt.worker import DoubtingPlan, ImageDoubts, ImageProposals, Weigher
from maskloop.actors.ray_errors import translated

_LOOK_SECONDS = 0.5
"""How long a cancellation may go unseen."""


def doubt_images(
    plan: DoubtingPlan, images: Sequence[ImageProposals], *, check_stop: Callable[[], None]
) -> Iterator[ImageDoubts]:
    """As they come, in any order. Runs in the Ray session of the caller.

    `check_stop` is asked all the time; what it raises ends the work at once and comes out of here.
    So do errors of ours. Raises `PipelineBrokenError` when a process died or raised what is no
    error of ours.
    """
    gpus = 1 if plan.compute.device == "cuda" else 0
    # What killed one is likely to kill the next: the caller decides about another try.
    remote: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(Weigher)
    waiting = deque(images)
    with translated():
        idle = [remote.remote(plan) for _ in range(min(plan.workers, len(images)))]
        actors, running = list(idle), dict[Any, Any]()
        try:
            while waiting or running:
                while waiting and idle:
                    actor = idle.pop()
                    running[actor.weigh.remote(waiting.popleft())] = actor
                check_stop()
                for result in ray.wait(list(running), timeout=_LOOK_SECONDS)[0]:
                    idle.append(running.pop(result))
                    yield ray.get(result)
        finally:
            for actor in actors:
                ray.kill(actor)
