"""What the models page shows of each state that a project can be in."""

import re

from playwright.sync_api import expect

from browser.models import answers
from browser.models.models_page import ModelsPage

ROOT = "/projects/7"


def test_what_serves_and_what_makes_a_training_due(models: ModelsPage) -> None:
    page = models.open().page
    serves = page.locator(".serves")
    expect(serves).to_contain_text("nuclei v3")
    expect(serves).to_contain_text("since 21 Nov, 14:02 by mia")
    expect(serves).to_contain_text("2 replicas follow")
    due = page.locator(".due")
    expect(due).to_contain_text("143 of 200 corrections")
    expect(due).to_contain_text("quiet for 4 min (waits for 10 min)")
    expect(due.get_by_role("row", name="Changed by")).to_contain_text("0.052")
    expect(due.get_by_role("meter")).to_have_attribute("aria-valuenow", "143")


def test_versions_stand_below_their_children_and_one_is_chosen_by_its_link(
    models: ModelsPage,
) -> None:
    page = models.open().page
    rows = page.locator(".tree-row")
    expect(rows).to_have_count(5)
    expect(rows.first).to_have_attribute("aria-current", "true")
    expect(rows.nth(2)).to_contain_text("serves")
    rows.nth(1).press("Enter")
    expect(page).to_have_url(re.compile(r"\?project=7&version=4$"))
    expect(page.get_by_role("heading", name="nuclei v4")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="nuclei v5")).to_be_visible()


def test_a_refusal_names_the_rule_that_made_it(models: ModelsPage) -> None:
    page = models.open("?project=7&version=4").page
    gate = page.locator(".gate")
    expect(gate).to_contain_text("refused by Not worse: cell")
    expect(gate.locator(".rule").first).to_contain_text("it changed by -0.310")
    expect(gate.locator(".rule.too_few")).to_contain_text("13 objects; 30 are needed")


def test_a_training_shows_how_far_it_is_and_its_curves(models: ModelsPage) -> None:
    page = models.with_training("running").open().page
    now = page.locator(".training-now")
    expect(now).to_contain_text("step 120 of 400")
    expect(now).to_contain_text("about 6 min left")
    charts = page.locator(".chart")
    expect(charts).to_have_count(2)
    expect(charts.last).to_contain_text("best of three")
    slider = page.get_by_role("slider", name="Loss: step")
    slider.focus()
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "10")
    expect(page.locator(".chart-cursor")).to_have_count(2)


def test_curves_grow_in_place_while_they_are_looked_at(models: ModelsPage) -> None:
    models.page.clock.install(time="2026-11-25T13:00:00Z")
    page = models.with_training("running").open().page
    slider = page.get_by_role("slider", name="Loss: step")
    expect(slider).to_have_attribute("aria-valuenow", "120")
    slider.focus()
    page.evaluate("window.before = document.activeElement")
    later = answers.points(200)[-8:]
    progress = {"last_point": later[-1]}
    models.with_training("running", **progress)
    models.list(f"{ROOT}/trainings/46/points?after=120", *later)
    page.clock.run_for(2_100)
    expect(slider).to_have_attribute("aria-valuenow", "200")
    assert page.evaluate("window.before === document.activeElement")


def test_a_failed_training_says_why_and_goes_on(models: ModelsPage) -> None:
    error = "The training's loss was no number at step 130. Lower the learning rate."
    page = models.with_training("failed", error=error).open().page
    expect(page.locator(".training-now .failure")).to_contain_text(error)
    models.say(f"POST {ROOT}/jobs/46/resume", {"id": 46})
    models.with_training("queued")
    page.locator(".training-now").get_by_role("button", name="Resume").click()
    expect(page.locator(".training-now")).to_contain_text("Waits for a worker")


def test_a_training_is_cancelled(models: ModelsPage) -> None:
    page = models.with_training("running").open().page
    models.say(f"POST {ROOT}/jobs/46/cancel", {"id": 46})
    page.locator(".training-now").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Job 46 stops.").first).to_be_visible()


def test_an_evaluation_under_way_is_shown_in_place_of_its_result(models: ModelsPage) -> None:
    models.list(f"{ROOT}/gate-results?challenger=5")
    models.list(f"{ROOT}/jobs", answers.evaluating(5))
    page = models.open().page
    expect(page.locator(".evaluating")).to_contain_text("It and version 3 answer the same prompts")
    expect(page.get_by_role("button", name="Evaluate")).to_be_disabled()


def test_an_evaluation_that_failed_says_why_and_goes_on(models: ModelsPage) -> None:
    error = "Image 7 cannot be read from the object store."
    models.list(f"{ROOT}/gate-results?challenger=5")
    models.list(f"{ROOT}/jobs", answers.evaluating(5, "failed") | {"error": error})
    models.say(f"POST {ROOT}/jobs/97/resume", {"id": 97})
    page = models.open().page
    failed = page.locator(".evaluating")
    expect(failed).to_contain_text(error)
    models.list(f"{ROOT}/jobs", answers.evaluating(5, "queued"))
    failed.get_by_role("button", name="Resume").click()
    expect(failed).to_contain_text("Waits for a worker.")


def test_categories_are_sorted_by_any_column(models: ModelsPage) -> None:
    page = models.open("?project=7&version=4").page
    names = page.locator(".broken tbody th")
    expect(names).to_have_text(["nucleus", "cell", "debris"])
    page.get_by_role("button", name="One click").click()
    expect(names).to_have_text(["nucleus", "debris", "cell"])
    page.get_by_role("button", name="One click").click()
    expect(names).to_have_text(["cell", "debris", "nucleus"])
    heading = page.get_by_role("columnheader", name="One click")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Size", exact=True).click()
    expect(names).to_have_count(3)
    expect(names.filter(has_text="Small")).to_have_count(1)


def test_whoever_may_only_look_has_no_buttons_and_reads_why(models: ModelsPage) -> None:
    page = models.as_labeler().open().page
    why = page.get_by_text("Your role in this project does not train and evaluate")
    expect(why).to_be_visible()
    buttons = page.locator(".models .button").all_text_contents()
    assert [text for text in buttons if text not in ("Category", "Size")] == ["Card"]
    page.get_by_role("link", name="Policy").click()
    expect(page.get_by_text("Your role in this project does not change the policy")).to_be_visible()
    expect(page.get_by_role("textbox", name="Corrections")).to_be_disabled()


def test_a_list_that_cannot_be_had_says_so_and_is_asked_for_again(models: ModelsPage) -> None:
    models.refuse("GET /model-versions", 503, "database_unavailable", "The database is away.")
    page = models.open().page
    lineage = page.locator(".lineage")
    expect(lineage).to_contain_text("The database is away.")
    models.list("/model-versions", *answers.versions())
    lineage.get_by_role("button", name="Try again").click()
    expect(page.locator(".tree-row")).to_have_count(5)
    expect(page.locator(".trouble")).to_have_count(0)


def test_a_project_without_anything_says_how_corrections_get_here(models: ModelsPage) -> None:
    first = answers.version(1, None, serving=True, replicas=1)
    models.list("/model-versions", first)
    models.list("/promotions")
    models.list(f"{ROOT}/trainings")
    models.list(f"{ROOT}/training-sets")
    none = answers.status()["drift"] | {"reviews": 0}
    models.say(f"GET {ROOT}/training-status", answers.status(corrections=0, drift=none))
    page = models.open().page
    expect(page.locator(".due").get_by_role("link", name="label")).to_have_attribute(
        "href", "/label/?project=7"
    )
    page.get_by_role("link", name="Training sets").click()
    expect(page.get_by_text("No training set yet")).to_be_visible()
    expect(page.get_by_role("button", name="Freeze the first")).to_be_visible()


def test_views_take_each_other_s_place(models: ModelsPage) -> None:
    page = models.open().page
    for name, part in (
        ("Training sets", ".sets-view"),
        ("Policy", ".policy"),
        ("Training sets", ".sets-view"),
        ("Versions", ".version-head"),
        ("Policy", ".policy"),
    ):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(part)).to_be_visible()
        expect(page.locator(".sets-view, .policy, .version-head")).to_have_count(1)


def test_several_projects_are_chosen_from(models: ModelsPage) -> None:
    models.say("GET /session", answers.session(("nuclei", "street")))
    page = models.open("").page
    page.get_by_role("link", name="nuclei").click()
    expect(page).to_have_url(re.compile(r"\?project=7$"))
    expect(page.locator(".serves")).to_contain_text("nuclei v3")


def test_a_project_that_is_not_there(models: ModelsPage) -> None:
    missing = "There is no project 9. See yours at /api/v1/projects."
    models.refuse("GET /projects/9", 404, "not_found", missing)
    page = models.open("?project=9").page
    expect(page.get_by_role("heading", name="This project cannot be shown")).to_be_visible()
    expect(page.get_by_text(missing)).to_be_visible()


def test_whoever_is_signed_out_comes_back_after_signing_in(models: ModelsPage) -> None:
    models.refuse("GET /session", 401, "not_signed_in", "Sign in first.")
    page = models.open("?project=7&version=4").page
    expect(page).to_have_url(re.compile(r"/\?next=%2Fmodels%2F%3Fproject%3D7%26version%3D4$"))


def test_two_sets_are_compared(models: ModelsPage) -> None:
    models.say(f"GET {ROOT}/training-sets/2/compare/1", answers.set_comparison())
    page = models.open("?project=7&view=sets").page
    page.get_by_text("Compare with another").click()
    page.get_by_role("link", name="nuclei, first week", exact=True).click()
    compared = page.locator(".compared")
    expect(compared.get_by_role("row", name="Annotations")).to_contain_text("−470")
    expect(compared.get_by_role("row", name="Training").last).to_contain_text("339")
    expect(compared).to_contain_text("Hold-out: 20 % in the first, 10 % in the second.")


def test_what_is_folded_out_and_scrolled_to_stays_while_it_is_asked_again(
    models: ModelsPage,
) -> None:
    models.page.clock.install(time="2026-11-25T13:00:00Z")
    page = models.open().page
    page.get_by_text("Recipe").click()
    page.locator(".models").evaluate("(body) => (body.scrollTop = 700)")
    later = answers.status(corrections=150)
    models.say(f"GET {ROOT}/training-status", later)
    page.clock.run_for(15_100)
    expect(page.locator(".due")).to_contain_text("150 of 200")
    expect(page.locator(".training details")).to_have_attribute("open", "")
    assert page.locator(".models").evaluate("(body) => body.scrollTop") == 700


def test_nothing_is_asked_for_while_nobody_looks(models: ModelsPage) -> None:
    models.page.clock.install(time="2026-11-25T13:00:00Z")
    page = models.open().page
    champion = "0.592 – 0.628"  # the last that is asked for
    expect(page.locator(".evaluation")).to_contain_text(champion)
    hide = "Object.defineProperty(document, 'hidden', { value: %s, configurable: true });"
    tell = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(f"() => {{ {hide % 'true'} {tell} }}")
    asked = len(models.asked)
    page.clock.run_for(60_000)
    assert len(models.asked) == asked
    models.say(f"GET {ROOT}/training-status", answers.status(corrections=199))
    page.evaluate(f"() => {{ {hide % 'false'} {tell} }}")
    expect(page.locator(".due")).to_contain_text("199 of 200")


def test_another_project_is_chosen_from_the_bar(models: ModelsPage) -> None:
    models.say("GET /session", answers.session(("nuclei", "street")))
    page = models.open().page
    choice = page.locator(".project-choice")
    choice.locator("summary").press("Enter")
    expect(page.get_by_role("link", name="street")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="street")).to_be_hidden()
    expect(choice.locator("summary")).to_be_focused()
    choice.locator("summary").click()
    page.locator(".models").click(position={"x": 4, "y": 4})
    expect(page.get_by_role("link", name="street")).to_be_hidden()
