"""Two people at one image: nobody overwrites the other unseen; what does not meet does not wait."""

import pytest

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Windows
from browser.work.desk import Desk, desk, revisions, rows, submitted, verdicts
from maskloop.platform.access import Role

NAME = "coffee.png"
CUP, CORNER = (300, 200), (60, 380)
TOO_LATE = "(409|404) .*/(lease|annotations/1|review):0"
COUNT = "[...state.objects.values()].filter((one) => one.kind === 'annotation').length"


@pytest.fixture
def ann(windows: Windows, photos: PhotoProject) -> Desk:
    """She was first at the coffee."""
    return desk(windows.of("ann", project_id=photos.id), photos, NAME)


@pytest.fixture
def bob(ann: Desk, windows: Windows, photos: PhotoProject) -> Desk:
    """He came later."""
    window = windows.of("bob", project_id=photos.id)
    window.watch.expect(TOO_LATE)
    return desk(window, photos, NAME)


def refresh(one: Desk) -> None:
    one.page.evaluate("() => document.querySelector('#maskloop').page.views.label.flow.refresh()")


def recategorize(one: Desk, key: str, category: int) -> None:
    """Of an annotation, which is saved as it is otherwise."""
    one.page.locator(f"[data-key='{key}']").first.click()
    one.until(f"state.selected.has('{key}')")
    one.press(str(category))
    one.until("views.label.doc.settled().then(() => true)")
    one.page.evaluate("() => document.querySelector('#maskloop').page.outbox.flush()")


def both_see(ann: Desk, bob: Desk) -> tuple[str, str]:
    """An annotation of Ann's that both have on their screens; its keys there."""
    key = ann.keep(*CUP)
    ann.saved()
    refresh(bob)
    other = bob.until("[...state.objects.values()].find((one) => one.kind === 'annotation')?.key")
    return key, str(other)


def test_who_comes_second_is_told_who_works_there_and_may_annotate_but_not_submit(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject
) -> None:
    assert ann.ask("Boolean(state.lease.token)")
    holder = bob.page.get_by_role("status").filter(has_text="ann")
    holder.first.wait_for()
    bob.keep(*CORNER)
    bob.saved()
    assert [row["author"] for row in rows(site, photos, NAME)] == ["bob"]
    bob.press("n")
    bob.says("ann")
    bob.shows(NAME)
    assert submitted(site, photos) == []

    ann.press("n")
    ann.shows("chelsea.png")
    ann.saved()
    assert len(submitted(site, photos)) == 1


def in_conflict(ann: Desk, bob: Desk) -> tuple[str, str]:
    """Ann has made a cup of it, Bob knows only what it was before and makes it a person."""
    key, other = both_see(ann, bob)
    recategorize(ann, key, 2)
    ann.saved()
    recategorize(bob, other, 3)
    bob.until("state.saving.conflicts.length === 1")
    assert bob.chip().inner_text() == "1 conflict"
    bob.chip().click()
    dialog = bob.page.get_by_role("dialog")
    sides = dialog.get_by_role("img")
    assert [sides.nth(at).get_attribute("aria-label") for at in range(sides.count())] == [
        "Yours: person",
        "As ann left it: cup",
    ]
    return key, other


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ("Keep mine", {"person": 3}),
        ("Take theirs", {"cup": 2}),
        ("Keep both", {"cup": 2, "person": 1}),
    ],
)
def test_of_two_who_change_one_annotation_the_later_decides(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject, choice: str, left: dict[str, int]
) -> None:
    in_conflict(ann, bob)
    bob.page.get_by_role("button", name=choice).click()
    bob.saved()

    made = rows(site, photos, NAME)
    assert {row["category"]: row["revision"] for row in made} == left
    assert len({row["id"] for row in made}) == len(left)
    bob.until(f"{COUNT} === {len(left)}")
    shown = bob.ask(
        "[...state.objects.values()].filter((one) => one.kind === 'annotation')"
        ".map((one) => state.project.categories.find(({id}) => id === one.category_id).name).sort()"
    )
    assert shown == sorted(left)


def test_a_decision_that_is_put_off_stays_on_the_chip(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject
) -> None:
    in_conflict(ann, bob)
    bob.press("Escape")
    assert bob.page.get_by_role("dialog").count() == 0
    bob.page.reload()
    bob.shows(NAME)
    bob.until("state.saving.conflicts.length === 1")
    assert bob.chip().inner_text() == "1 conflict"
    assert [row["category"] for row in rows(site, photos, NAME)] == ["cup"]


@pytest.mark.parametrize(("choice", "left"), [("Keep mine", ["person"]), ("Take theirs", [])])
def test_who_changes_what_the_other_deleted_decides_whether_it_is_there(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject, choice: str, left: list[str]
) -> None:
    key, other = both_see(ann, bob)
    ann.page.locator(f"[data-key='{key}']").first.click()
    ann.press("Delete")
    ann.saved()
    recategorize(bob, other, 3)
    bob.until("state.saving.conflicts.length === 1")
    bob.chip().click()
    bob.page.get_by_role("img", name="Theirs: It was deleted").wait_for()
    bob.page.get_by_role("button", name=choice).click()
    bob.saved()
    assert [row["category"] for row in rows(site, photos, NAME)] == left
    bob.until(f"{COUNT} === {len(left)}")


def test_who_deletes_what_the_other_changed_decides_whether_it_goes(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject
) -> None:
    key, other = both_see(ann, bob)
    recategorize(ann, key, 2)
    ann.saved()
    bob.page.locator(f"[data-key='{other}']").first.click()
    bob.press("Delete")
    bob.until("state.saving.conflicts.length === 1")
    bob.chip().click()
    bob.page.get_by_role("img", name="Yours: You deleted it.").wait_for()
    assert bob.page.get_by_role("button", name="Keep both").count() == 0
    bob.page.get_by_role("button", name="Keep mine").click()
    bob.saved()
    assert rows(site, photos, NAME) == []
    assert [deleted for _, _, deleted in revisions(site, photos)] == [False, False, True]


def test_two_verdicts_on_one_proposal_are_one_and_the_later_is_asked(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject
) -> None:
    for one, number in ((ann, "1"), (bob, "2")):
        one.press(number, ".", "Enter")
        one.until("[...state.objects.values()].some((one) => one.kind === 'annotation')")
    ann.saved()
    bob.page.evaluate("() => document.querySelector('#maskloop').page.outbox.flush()")
    bob.until("state.saving.conflicts.length === 1")
    assert [row["category"] for row in rows(site, photos, NAME)] == ["cat"]

    bob.chip().click()
    bob.page.get_by_role("button", name="Take theirs").click()
    bob.saved()
    assert list(verdicts(site, photos).values()) == ["accepted"]
    assert [row["category"] for row in rows(site, photos, NAME)] == ["cat"]
    bob.until(
        "[...state.objects.values()].find((one) => one.kind === 'annotation').author === 'ann'"
    )
    assert bob.ask(COUNT) == 1


def test_objects_of_another_come_in_without_disturbing_hand_or_undo(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject
) -> None:
    mine = bob.keep(*CORNER, category=2)
    bob.object_at(*CUP)
    draft = bob.ask("state.draft")
    ann.keep(500, 100)
    ann.saved()

    refresh(bob)
    bob.until("[...state.objects.values()].some((one) => one.author === 'ann')")
    assert bob.ask("state.draft") == draft

    bob.press("Escape", "Control+z", "Control+z", "Control+z")
    bob.until(f"!state.objects.has('{mine}')")
    assert bob.ask("[...state.objects.values()].some((one) => one.author === 'ann')")
    bob.press("Escape", "Control+Shift+z", "Control+Shift+z")
    bob.saved()
    ann.saved()
    assert {row["author"] for row in rows(site, photos, NAME)} >= {"ann"}


def test_changes_of_different_objects_never_meet(
    ann: Desk, bob: Desk, site: PageSite, photos: PhotoProject
) -> None:
    for x, category in ((100, 1), (300, 2), (500, 3)):
        ann.keep(x, 60, category)
        bob.keep(x, 330, category)
    ann.saved()
    bob.saved()
    assert len(rows(site, photos, NAME)) == 6
    assert len(revisions(site, photos)) == 6


def test_a_labeler_is_told_before_the_work_that_an_object_is_somebody_elses(
    ann: Desk, windows: Windows, site: PageSite, photos: PhotoProject
) -> None:
    ann.keep(*CUP)
    ann.saved()
    window = windows.of("eve", project_id=photos.id, roles=[Role.LABELER])
    window.watch.expect(TOO_LATE)
    eve = desk(window, photos, NAME)
    key = eve.until("[...state.objects.values()].find((one) => one.kind === 'annotation')?.key")
    for command in ("e", "Delete", "3"):
        eve.page.locator(f"[data-key='{key}']").first.click()
        eve.until(f"state.selected.has('{key}')")
        eve.press(command)
        eve.says("ann made this one; changing it needs the role reviewer.")
        eve.page.get_by_role("button", name="Close: ann made this one").click()
        assert eve.ask("state.draft === null && outbox.status().waiting === 0")
    assert len(revisions(site, photos)) == 1
