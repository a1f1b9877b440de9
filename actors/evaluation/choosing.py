"""Which objects are measured, and how far: decided by content alone, never by a version's answers
or by the order in which things came."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from maskloop.platform.evaluation import Protocol
from maskloop.platform.manifests import ManifestItem


@dataclass(frozen=True)
class ChosenImage:
    """`items` are measured, those in `clicked` (annotation ids) also to IoU 0.85 and 0.90, and with
    `everything` it is seen which of them everything-mode meets."""

    items: tuple[ManifestItem, ...]
    clicked: frozenset[int]
    everything: bool

    @property
    def first(self) -> ManifestItem:
        """Any of them tells of the image."""
        return self.items[0]


def choose(items: Sequence[ManifestItem], protocol: Protocol) -> list[ChosenImage]:
    """By image, in the order of their sha256."""
    chosen = sorted(items, key=_by_digest)[: protocol.most_objects]
    clicked = frozenset(item.annotation_id for item in chosen[: protocol.most_clicked_objects])
    by_image: defaultdict[str, list[ManifestItem]] = defaultdict(list)
    for item in chosen:
        by_image[item.image_sha256].append(item)
    return [
        ChosenImage(
            tuple(found),
            clicked & {item.annotation_id for item in found},
            everything=place < protocol.everything_images,
        )
        for place, (_, found) in enumerate(sorted(by_image.items()))
    ]


def _by_digest(item: ManifestItem) -> tuple[bytes, str, int]:
    """The same mask on several images, or twice on one, still has a fixed place."""
    return item.rle.digest, item.image_sha256, item.annotation_id
