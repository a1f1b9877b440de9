"""What all errors are made of."""

import inspect
from typing import Any, ClassVar


class MaskloopError(Exception):
    """Base of all: subclasses give `code`, `sentence` and an `__init__` that names the fields."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    sentence: ClassVar[str] = "{0}"
    _field_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._field_names = tuple(inspect.signature(cls.__init__).parameters)[1:]

    @property
    def fields(self) -> dict[str, object]:
        """The error's values by name, for logs and for machines."""
        return dict(zip(self._field_names, self.args, strict=True))

    def __str__(self) -> str:
        return self.sentence.format(**self.fields)
