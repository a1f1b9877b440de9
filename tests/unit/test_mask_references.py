"""A reference names a mask by its recipe, comes back as it was, and refuses everything else."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskloop.actors.mask_references import MOST_STEPS, Step, recipe_of, reference_of
from maskloop.platform.errors import BadReferenceError
from maskloop.platform.prompts import Prompts

coordinates = st.floats(0, 20_000, allow_nan=False)
points = st.lists(st.tuples(coordinates, coordinates, st.sampled_from([0, 1])), max_size=12)
boxes = st.none() | st.tuples(coordinates, coordinates, coordinates, coordinates)


def prompts_of(
    found: list[tuple[float, float, int]], box: tuple[float, float, float, float] | None
) -> Prompts:
    return Prompts(tuple((x, y) for x, y, _ in found), tuple(label for *_, label in found), box)


steps = st.builds(Step, st.builds(prompts_of, points, boxes), st.integers(0, 3))
recipes = st.lists(steps, min_size=1, max_size=6).map(tuple)


@given(recipes)
def test_a_recipe_comes_back_as_it_was(recipe: tuple[Step, ...]) -> None:
    assert recipe_of(reference_of(recipe)) == recipe


def packed(document: bytes) -> str:
    text = base64.urlsafe_b64encode(zlib.compress(document, 9)).decode()
    return "m1." + text.rstrip("=")


def is_read_or_refused(text: str) -> bool:
    try:
        return bool(reference_of(recipe_of(text)))
    except BadReferenceError:
        return True


@given(st.text(max_size=80) | st.text(max_size=80).map(lambda text: f"m1.{text}"))
def test_no_text_breaks_it(text: str) -> None:
    assert is_read_or_refused(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from("tpbx"), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_no_document_breaks_it(document: object) -> None:
    assert is_read_or_refused(packed(json.dumps(document).encode()))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(BadReferenceError):
        recipe_of(packed(b"[" * 50_000_000))


def test_a_cut_reference_is_refused() -> None:
    reference = reference_of((Step(Prompts(((1.0, 2.0),), (1,)), 1),))
    with pytest.raises(BadReferenceError, match="cut or changed"):
        recipe_of(reference[:-4])


def test_a_long_history_is_cut_at_its_front() -> None:
    recipe = tuple(Step(Prompts(((float(x), 0.0),), (1,)), 0) for x in range(MOST_STEPS + 5))
    assert recipe_of(reference_of(recipe)) == recipe[5:]


def test_twenty_clicks_make_a_short_reference() -> None:
    """Coordinates as a page sends them; each click repeats those before it."""
    clicks = [(round(37.25 * n % 1800, 1), round(91.5 * n % 1200, 1)) for n in range(20)]
    recipe = tuple(
        Step(Prompts(tuple(clicks[: n + 1]), (1,) * (n + 1)), 0) for n in range(len(clicks))
    )
    assert len(reference_of(recipe)) < 1500
