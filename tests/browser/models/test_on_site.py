"""The models page on the real server: what it asks for is there, and what it does reaches the
database. The trainer and the evaluator are stand-ins; everything between is real."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.accessibility import Axe
from browser.page_site import PageSite
from browser.windows import Window, Windows
from maskloop.platform.access import Role
from maskloop.platform.db import model_versions
from maskloop.platform.states import ModelVersionState
from maskloop.services import promotions, shadows, training_policies, training_sets, trainings
from maskloop.services.training_runs import run_training
from sites.contest import HELD_OUT, Contest
from sites.school import StandIn

SECONDS = 20
STILL = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished))"""
REASON = "the customer wants it for the fair"


@pytest.fixture
def window(windows: Windows, contest: Contest) -> Window:
    """Mia's, of the ML team."""
    window = windows.of("mia", project_id=contest.school.project_id, roles=[Role.ML])
    window.context.set_default_timeout(SECONDS * 1000)
    return window


@pytest.fixture
def open_page(window: Window, contest: Contest) -> Callable[[str], Page]:
    """`/models/` of the project, with more of the address."""

    def opened(more: str = "") -> Page:
        page = window.open(f"/models/?project={contest.school.project_id}{more}")
        expect(page.locator(".top .brand")).to_be_visible(timeout=SECONDS * 1000)
        return page

    return opened


def serving(contest: Contest) -> int:
    with contest.runtime.engine.connect() as connection:
        return model_versions.serving(connection).id


def is_sound(page: Page, axe: Axe) -> None:
    page.evaluate(STILL)
    found = axe(page)
    assert not found, "\n".join(found)


def test_the_first_page_leads_there(window: Window, contest: Contest) -> None:
    page = window.open("/")
    page.get_by_role("link", name="Models").click()
    expect(page.locator(".serves .big")).to_have_text(f"minisam v{contest.champion.id}")
    expect(page.locator(".tree-row")).to_have_count(2)
    assert page.url.endswith(f"/models/?project={contest.school.project_id}")


def test_whoever_is_not_signed_in_comes_back_after_the_door(
    windows: Windows, contest: Contest
) -> None:
    windows.of("mia", project_id=contest.school.project_id, roles=[Role.ML])
    stranger = windows.browser.new_context(base_url=windows.site.url)
    page = stranger.new_page()
    page.goto(f"/models/?project={contest.school.project_id}&view=sets")
    expect(page).to_have_url(re.compile(r"/\?next="), timeout=SECONDS * 1000)
    stranger.close()


def test_what_passed_the_gate_is_promoted_and_rolled_back(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    contest.judged()
    page = open_page(f"&version={contest.challenger.id}")
    expect(page.locator(".gate .rule.passed").first).to_be_visible()
    expect(page.locator(".evaluation")).to_contain_text("+0.100")
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    expect(page.locator(".serves .big")).to_have_text(f"photos-1 v{contest.challenger.id}")
    assert serving(contest) == contest.challenger.id
    expect(page.locator(".serves")).to_contain_text("by mia")

    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"minisam v{contest.champion.id} serves again")
    dialog.get_by_role("button", name="Roll back").click()
    expect(page.locator(".serves .big")).to_have_text(f"minisam v{contest.champion.id}")
    assert serving(contest) == contest.champion.id
    expect(page.get_by_role("button", name="Roll back")).to_have_count(0)


def test_what_the_gate_refuses_is_promoted_only_with_a_written_reason(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    worse = contest.another("worse", iou=0.3)
    contest.judged(worse)
    page = open_page(f"&version={worse.id}")
    gate = page.locator(".gate")
    expect(gate).to_contain_text("refused by Better: one click")
    expect(gate.locator(".rule.failed").first).to_contain_text("One-click IoU")
    page.get_by_role("button", name="Promote", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Better: one click")
    dialog.get_by_label("Why it serves nevertheless").fill("so there")
    dialog.get_by_role("button", name="Promote against the gate").click()
    expect(dialog.get_by_text("in 10 characters or more")).to_be_visible()
    dialog.get_by_label("Why it serves nevertheless").fill(REASON)
    dialog.get_by_role("button", name="Promote against the gate").click()
    expect(page.locator(".serves")).to_contain_text("against the gate")
    (newest, *_) = promotions.list_promotions(contest.runtime, before=None, limit=1)
    made = (newest.version.id, newest.against_gate, newest.because, newest.promoted_by)
    assert made == (worse.id, True, REASON, "mia")


def test_whoever_was_overtaken_by_another_person_is_told(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    contest.judged()
    page = open_page(f"&version={contest.challenger.id}")
    page.get_by_role("button", name="Promote", exact=True).click()
    other = contest.another("other", iou=0.9)
    contest.judged(other)
    promotions.promote(contest.runtime, other.id, by=contest.school.ann)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Promote").click()
    expect(dialog).to_contain_text(f"Meanwhile ann had other v{other.id} serve.")
    assert serving(contest) == other.id


def test_a_version_is_evaluated_from_the_page(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    page = open_page(f"&version={contest.challenger.id}")
    expect(page.locator(".gate")).to_contain_text("Not compared with what serves")
    page.get_by_role("button", name="Evaluate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{HELD_OUT} objects held out")
    dialog.get_by_role("button", name="Evaluate").click()
    expect(page.locator(".evaluating")).to_contain_text("Waits for a worker.")
    (job,) = page.request.get(
        f"/api/v1/projects/{contest.school.project_id}/jobs?kind=evaluate"
    ).json()["items"]
    contest.run(job["id"])
    expect(page.locator(".gate")).to_contain_text("Passed", timeout=SECONDS * 1000)
    expect(page.locator(".broken tbody th")).to_have_text(["cat"])


def test_a_training_is_begun_and_followed_to_its_end(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    school = contest.school
    page = open_page("")
    page.get_by_role("button", name="Train now").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Training set").select_option(str(contest.training_set.id))
    dialog.get_by_label("Compare it afterwards").uncheck()
    dialog.get_by_label("Why").fill("new pictures")
    dialog.get_by_role("button", name="Train").click()
    shown = page.locator(".training-now")
    expect(shown).to_contain_text("Waits for a worker")
    (training,) = trainings.page(school.runtime, school.project_id, before=None, limit=2)
    assert (training.because, training.started_by) == ("new pictures", "mia")

    run_training(school.runtime, training.job_id, crew=StandIn().crew)

    expect(shown).to_contain_text("Done", timeout=SECONDS * 1000)
    sheet = page.locator(".training")
    expect(sheet.locator(".chart")).to_have_count(1)
    expect(sheet.get_by_role("row", name="One click")).to_contain_text("0.625")
    with school.runtime.engine.connect() as connection:
        made = model_versions.by_id(connection, training.version.number)
    assert made.state is ModelVersionState.READY
    expect(page.get_by_role("heading", name=f"{made.name} v{made.id}")).to_be_visible()
    expect(page.get_by_role("button", name="Evaluate")).to_be_enabled()


def test_a_training_that_was_cancelled_is_resumed(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    contest.school.submit()
    page = open_page("")
    shown = page.locator(".training-now")
    shown.get_by_role("button", name="Cancel").click()
    expect(shown).to_contain_text("Cancelled")
    shown.get_by_role("button", name="Resume").click()
    expect(shown).to_contain_text("Waits for a worker")


def test_a_set_is_frozen_and_compared(open_page: Callable[[str], Page], contest: Contest) -> None:
    page = open_page("&view=sets")
    expect(page.locator(".set-row")).to_have_count(1)
    page.get_by_role("button", name="Freeze a set").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".preview")).to_contain_text("8 annotations on 8 images")
    dialog.get_by_label("Sources", exact=True).fill("*/train/*")
    expect(dialog.locator(".preview")).to_contain_text("3 annotations on 3 images")
    dialog.get_by_label("Name").fill("without the held-out")
    dialog.get_by_role("button", name="Freeze").click()
    expect(page.locator(".set-row")).to_have_count(2)
    expect(page.locator(".set h2")).to_have_text("without the held-out")
    (newest, _) = training_sets.page(
        contest.runtime, contest.school.project_id, before=None, limit=5
    )
    assert (newest.name, newest.rule.sources) == ("without the held-out", ("*/train/*",))
    page.get_by_text("Compare with another").click()
    page.locator(".comparing a").click()
    expect(page.locator(".compared")).to_contain_text("added")


def test_a_rule_that_leaves_nothing_says_so(
    open_page: Callable[[str], Page], contest: Contest, window: Window
) -> None:
    window.watch.expect(" 422 ")
    page = open_page("&view=sets")
    page.get_by_role("button", name="Freeze a set").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Sources", exact=True).fill("*/nowhere/*")
    expect(dialog.locator(".preview")).to_contain_text("none is on an image")
    dialog.get_by_role("button", name="Freeze").click()
    expect(dialog.locator(".problem")).to_contain_text("The rule leaves nothing")


def test_the_policy_is_changed_and_refused_beside_its_field(
    open_page: Callable[[str], Page], contest: Contest, window: Window
) -> None:
    window.watch.expect(" 422 ")
    page = open_page("&view=policy")
    page.get_by_role("textbox", name="Corrections").fill("50")
    page.get_by_role("textbox", name="Worse overall, at most").fill("-1")
    page.get_by_role("button", name="Save the policy").click()
    expect(page.locator(".field.wrong")).to_contain_text("Worse overall, at most")
    expect(page.locator(".field.wrong")).to_contain_text("greater than 0")
    page.get_by_role("textbox", name="Worse overall, at most").fill("0.02")
    page.get_by_label("Train by itself").check()
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_text("Saved. It counts")).to_be_visible()
    kept = training_policies.get(contest.runtime, contest.school.project_id)
    assert (kept.policy.triggers.corrections, kept.policy.triggers.automatic) == (50, True)
    assert (kept.policy.gate.worse_at_most, kept.updated_by) == (0.02, "mia")


def test_a_shadow_is_begun_and_ended(open_page: Callable[[str], Page], contest: Contest) -> None:
    page = open_page(f"&version={contest.challenger.id}")
    page.get_by_role("button", name="Run in shadow").click()
    page.get_by_role("dialog").get_by_role("button", name="Run in shadow").click()
    expect(page.locator(".in-shadow")).to_contain_text("No click yet.")
    running = shadows.running(contest.runtime)
    assert running is not None
    assert running.version == contest.challenger.id
    page.locator(".in-shadow").get_by_role("button", name="End").click()
    expect(page.locator(".in-shadow").get_by_role("button", name="Run in shadow")).to_be_visible()
    assert shadows.running(contest.runtime) is None


def test_a_version_is_retired_and_its_card_handed_out(
    open_page: Callable[[str], Page], contest: Contest
) -> None:
    page = open_page(f"&version={contest.challenger.id}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Card").click()
    text = download.value.path().read_text()
    assert text.startswith(f"# Model version {contest.challenger.id}: photos-1")
    page.get_by_role("button", name="Retire").click()
    page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    expect(page.locator(".tree-row.retired")).to_have_count(1)
    expect(page.get_by_role("button", name="Promote", exact=True)).to_have_count(0)


def test_a_labeler_sees_it_all_and_changes_nothing(
    windows: Windows, contest: Contest, site: PageSite
) -> None:
    contest.judged()
    window = windows.of("lee", project_id=contest.school.project_id, roles=[Role.LABELER])
    window.context.set_default_timeout(SECONDS * 1000)
    path = f"/models/?project={contest.school.project_id}&version={contest.challenger.id}"
    page = window.open(path)
    expect(page.locator(".gate")).to_contain_text("Passed")
    expect(page.get_by_text("Your role in this project does not")).to_be_visible()
    for name in ("Promote", "Evaluate", "Retire", "Train now", "Run in shadow"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.get_by_role("link", name="Training sets").click()
    expect(page.locator(".set-row")).to_have_count(1)
    expect(page.get_by_role("button", name="Freeze a set")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_of_weight(
    windows: Windows, contest: Contest, axe: Axe, scheme: str
) -> None:
    contest.judged()
    run_training(contest.runtime, contest.school.submit(), crew=StandIn().crew)
    window = windows.of(
        "mia", project_id=contest.school.project_id, roles=[Role.ML], color_scheme=scheme
    )
    window.context.set_default_timeout(SECONDS * 1000)
    root = f"/models/?project={contest.school.project_id}"
    page = window.open(root)
    expect(page.locator(".maskloop").first).to_have_attribute("data-theme", scheme)
    expect(page.locator(".chart")).to_have_count(1)
    is_sound(page, axe)
    page.get_by_role("button", name="Train now").click()
    page.get_by_role("dialog").get_by_text("Recipe").click()
    is_sound(page, axe)
    page.keyboard.press("Escape")
    page.locator(".tree-row", has_text="photos-1").last.click()
    expect(page.locator(".broken")).to_be_visible()
    is_sound(page, axe)
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    is_sound(page, axe)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Training sets").click()
    page.get_by_role("button", name="Freeze a set").click()
    expect(page.locator(".preview")).to_contain_text("annotations on")
    is_sound(page, axe)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Policy").click()
    expect(page.get_by_role("button", name="Save the policy")).to_be_visible()
    is_sound(page, axe)
