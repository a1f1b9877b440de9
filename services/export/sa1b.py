"""SA-1B: one JSON document per image, `<stem>.json`, beside the picture as in the data set."""

import json
from pathlib import Path

from maskloop.platform import sa1b
from maskloop.services.export.content import ExportedImage


class Sa1bWriter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def pictures(self) -> Path:
        return self._folder

    def add(self, item: ExportedImage) -> None:
        document = sa1b.document(
            [one.mask for one in item.masks],
            image_id=item.image.id,
            file_name=item.file_name,
            size_hw=(item.image.height, item.image.width),
        )
        (self._folder / f"{item.stem}.json").write_text(json.dumps(document), encoding="ascii")

    def close(self) -> None:
        """Every document is complete already."""
