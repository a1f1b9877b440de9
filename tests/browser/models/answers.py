"""What a server says about a project whose corrections made versions: every state that the page
has to show, as the API's JSON. The tests on the real site hold these against the real routes."""

import math
from typing import Any

Json = dict[str, Any]

DAY = "2026-11-25"
ML = ["jobs.run", "model_versions.promote", "models.train", "project.view"]
LABELER = ["annotations.write", "project.view"]
SET_NAMES = {1: "nuclei, first week", 2: "nuclei-2026-11-24"}


def at(time: str, day: str = DAY) -> str:
    return f"{day}T{time}:00Z"


def session(projects: tuple[str, ...] = ("nuclei",)) -> Json:
    found = [
        {"id": 7 + number, "name": name, "roles": ["ml"]} for number, name in enumerate(projects)
    ]
    user = {"id": 3, "name": "mia", "is_admin": False}
    return {"user": user, "how": "session", "csrf_token": "token", "projects": found}


def project(permissions: list[str]) -> Json:
    names = ("nucleus", "cell", "debris")
    return {
        "id": 7,
        "name": "nuclei",
        "categories": [{"id": 1 + at, "name": name} for at, name in enumerate(names)],
        "roles": ["ml"],
        "permissions": permissions,
    }


def version(number: int, parent: int | None, *, state: str = "ready", **more: Any) -> Json:
    return {
        "number": number,
        "name": "minisam" if parent is None else "nuclei",
        "state": state,
        "encoder_digest": "5f1c" * 16,
        "decoder_digest": "" if state in ("training", "failed") else f"{number}a7e" * 16,
        "created_at": at("09:30", f"2026-11-{17 + number}"),
        "serving": False,
        "replicas": 0,
        "refused": None,
        "parent": parent,
        "project": None if parent is None else 7,
        "training_set_id": None if parent is None else 1,
        "job_id": None if parent is None else 40 + number,
        "gate": None,
    } | more


def versions() -> list[Json]:
    return [
        version(5, 3, training_set_id=2, gate={"passed": True, "gate_result_id": 31}),
        version(4, 2, gate={"passed": False, "gate_result_id": 30}),
        version(3, 2, serving=True, replicas=2, gate={"passed": True, "gate_result_id": 29}),
        version(2, 1, state="retired"),
        version(1, None),
    ]


def promotions() -> list[Json]:
    def one(number: int, version: int, because: str, time: str) -> Json:
        return {
            "id": number,
            "model_version": version,
            "name": "nuclei" if version > 1 else "minisam",
            "because": because,
            "created_at": at(time, "2026-11-21"),
            "promoted_by": "mia",
            "against_gate": False,
            "gate_result_id": None,
        }

    return [one(2, 3, "the gate passed", "14:02"), one(1, 1, "the first", "08:00")]


def status(**more: Any) -> Json:
    return {
        "serving": {"number": 3, "name": "nuclei"},
        "corrections": 143,
        "needed": 200,
        "drift": {
            "edit_distance_before": 0.052,
            "edit_distance_now": 0.081,
            "acceptance_before": 0.7,
            "acceptance_now": 0.61,
            "reviews": 318,
        },
        "due": False,
        "reason": None,
        "because": "",
        "quiet_for_seconds": 240.0,
        "running_job": None,
        "last_training": training(5),
    } | more


def recipe() -> Json:
    return {
        "epochs": 8,
        "rounds": 3,
        "rounds_without_point": 1,
        "objects_per_step": 8,
        "learning_rate": 0.0001,
        "weight_decay": 0.01,
        "warmup_steps": 20,
        "recorded_share": 0.5,
        "replay_share": 0.4,
        "train_prompt_encoder": False,
        "lora_rank": 0,
        "validations": 8,
        "patience": 3,
        "seed": 0,
        "budget_minutes": 30.0,
    }


def training(number: int, state: str = "succeeded", **more: Any) -> Json:
    ended = state in ("succeeded", "failed", "cancelled")
    outcome = {
        "steps": 400,
        "best_step": 350,
        "seconds": 812.0,
        "encoder_calls": 0,
        "stopped": "planned",
        "figures": {
            "parent/one_click": 0.588,
            "kept/one_click": 0.671,
            "parent/best_of_three": 0.752,
            "kept/best_of_three": 0.801,
            "parent/box": 0.8,
            "kept/box": 0.829,
        },
    }
    return {
        "job_id": 40 + number,
        "state": state,
        "model_version": {"number": number, "name": "nuclei", "state": "ready"},
        "parent": {"number": 3, "name": "nuclei"},
        "training_set": {"id": 2, "name": SET_NAMES[2], "digest": "b2" * 32},
        "recipe": recipe(),
        "reason": "corrections",
        "because": "212 corrections since version 3, 200 make a training due",
        "started_by": None,
        "outcome": outcome if state == "succeeded" else None,
        "error_code": None,
        "error": None,
        "created_at": at("12:00"),
        "started_at": {"queued": None, "running": at("12:56")}.get(state, at("12:01")),
        "finished_at": at("12:16") if ended else None,
        "last_point": None if state == "queued" else points(120)[-1] | {"at": at("12:59")},
        "steps": 400,
    } | more


def points(last: int = 400, steps: int = 400) -> list[Json]:
    def one(step: int) -> Json:
        fall = math.exp(-step / 90)
        wave = math.sin(step * 1.7) * 0.02
        figures = {"train/loss": 0.08 + 0.5 * fall + wave, "train/iou": 0.8 - 0.3 * fall}
        if step % 50 == 0:
            figures["validation/one_click"] = 0.67 - 0.09 * fall
            figures["validation/best_of_three"] = 0.8 - 0.05 * fall
            figures["validation/box"] = 0.83 - 0.03 * fall
            figures["validation/replay"] = 0.74 - 0.005 * step / 400
        moment = f"2026-11-25T12:{1 + step // 30:02}:{step % 30 * 2:02}Z"
        return {"step": step, "steps": steps, "figures": figures, "at": moment}

    return [one(step) for step in range(1 if last % 10 else 10, last + 1, 10)]


def statistics(annotations: int = 2140, images: int = 260, **more: Any) -> Json:
    def split(share: float) -> Json:
        return {"annotations": round(annotations * share), "images": round(images * share)}

    names = {"nucleus": 0.8, "cell": 0.17, "debris": 0.03}
    return {
        "annotations": annotations,
        "images": images,
        "splits": {"train": split(0.72), "validation": split(0.08), "holdout": split(0.2)},
        "categories": {
            name: {
                "train": round(annotations * share * 0.72),
                "validation": round(annotations * share * 0.08),
                "holdout": round(annotations * share * 0.2),
            }
            for name, share in names.items()
        },
        "origins": {"accepted": 900, "corrected": 1100, "prompted": 90, "drawn": 50},
        "excluded": {"gold": 12, "planted": 4, "leaked": 0},
        "area": {"small": 1400, "medium": 640, "large": 100},
        "leaks": [],
        "leaked_images": 0,
        "span": {"since": at("08:00", "2026-11-02"), "until": at("11:58")},
    } | more


def rule() -> Json:
    return {
        "categories": [],
        "origins": [],
        "image_states": ["todo", "done"],
        "since": None,
        "until": None,
        "sources": [],
        "holdout_sources": ["*/val/*"],
        "holdout_share": 0.2,
        "validation_share": 0.1,
    }


def training_set(number: int, **more: Any) -> Json:
    return {
        "id": number,
        "name": SET_NAMES[number],
        "digest": f"{number}c" * 32,
        "rule": rule(),
        "statistics": statistics(1200 + 470 * number),
        "created_by": "mia",
        "created_at": at("11:59", f"2026-11-{22 + number}"),
    } | more


def policy(**more: Any) -> Json:
    triggers = {
        "automatic": False,
        "corrections": 200,
        "edit_distance_rise": 0.05,
        "acceptance_fall": 0.1,
        "window": 200,
        "debounce_minutes": 10.0,
    }
    gate = {
        "metric": "one_click",
        "confidence": 0.95,
        "images_least": 5,
        "worse_at_most": 0.01,
        "category_worse_at_most": 0.03,
        "category_least": 30,
        "general_worse_at_most": 0.02,
        "recall_worse_at_most": 0.15,
        "slower_at_most": 1.2,
    }
    return {
        "rule": rule(),
        "recipe": recipe(),
        "triggers": triggers,
        "gate": gate,
        "general": None,
        "updated_by": "mia",
        "updated_at": at("10:00", "2026-11-20"),
    } | more


def set_comparison() -> Json:
    changes = {
        "added": 4,
        "removed": 339,
        "changed_masks": 12,
        "moved_categories": 1,
        "moved_sides": 0,
    }
    return {
        "before": training_set(2),
        "after": training_set(1),
        "changes": dict.fromkeys(("train", "validation", "holdout"), changes),
        "rule": ["Hold-out: 20 % in the first, 10 % in the second."],
    }


def evaluating(challenger: int, state: str = "running") -> Json:
    return {
        "id": 97,
        "kind": "evaluate",
        "state": state,
        "parameters": {"challenger": challenger, "champion": 3, "training_set_id": 2},
        "model_version": challenger,
        "counts": {},
        "error": None,
        "created_at": at("12:58"),
    }
