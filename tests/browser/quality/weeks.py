"""Four weeks of a project whose second model version needs fewer corrections."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from maskloop.platform.states import CheckKind, Defect, Verdict
from sites.past import Past

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)
DAYS = 28
CATEGORIES = ("nucleus", "cell", "debris")
CHANGE = 14
"""The day on which the second version began to propose."""
_WEIGHTS = {"minisam": (0.55, 0.28, 0.17), "nuclei": (0.82, 0.11, 0.07)}


def fill(past: Past, *, each_day: int = 24, seed: int = 7) -> None:
    """The same rows for the same seed; nobody works on Sundays."""
    chance = random.Random(seed)
    for day in range(DAYS):
        begins = (NOW - timedelta(days=DAYS - 1 - day)).replace(hour=8, minute=0)
        if begins.weekday() == 6:
            continue
        version = "minisam" if day < CHANGE else "nuclei"
        for _ in range(round(each_day * chance.uniform(0.6, 1.3))):
            _verdict(past, chance, begins, version)
        for _ in range(each_day // 6):
            at = begins + timedelta(minutes=chance.randrange(480))
            drawn = chance.choice([None, version])
            past.drawn(
                at,
                chance.choice(["anna", "ben"]),
                chance.choice(CATEGORIES),
                version=drawn,
                seconds=round(chance.lognormvariate(2.4, 0.4) * 8) / 8,
                prompts=() if drawn is None else (_clicks(chance.randrange(1, 5)),),
            )
    _checks(past, chance)
    _votes(past, chance)


def _verdict(past: Past, chance: random.Random, begins: datetime, version: str) -> None:
    verdict = chance.choices(list(Verdict), _WEIGHTS[version])[0]
    took = 1.9 if verdict is Verdict.CORRECTED else 0.6
    review = past.verdict(
        begins + timedelta(minutes=chance.randrange(480)),
        chance.choice(["anna", "anna", "ben", "chidi"]),
        verdict,
        chance.choices(CATEGORIES, (6, 3, 1))[0],
        version=version,
        seconds=round(chance.lognormvariate(took, 0.45) * 8) / 8,
        prompts=(_clicks(chance.randrange(1, 6)),),
        parent_iou=round(min(1.0, chance.betavariate(9, 2)), 3),
    )
    if chance.random() < 0.02:
        past.withdraw("anna", review_id=review)


def _clicks(count: int) -> dict[str, Any]:
    return {"points": [[number, number, 1] for number in range(count)]}


def _checks(past: Past, chance: random.Random) -> None:
    gold = past.check(CheckKind.GOLD)
    for _ in range(60):
        passed = chance.random() < 0.93
        verdict = Verdict.ACCEPTED if passed else Verdict.REJECTED
        past.check_answer(_lately(chance), "anna", gold, verdict, passed=passed, iou=0.94)
    shown = {Defect.ERODED: 34, Defect.SHIFTED: 31, Defect.MERGED: 22, Defect.WRONG_CATEGORY: 5}
    for defect, count in shown.items():
        check = past.check(CheckKind.PLANTED, defect)
        for _ in range(count):
            through = chance.random() < (0.24 if defect is Defect.ERODED else 0.07)
            verdict = Verdict.ACCEPTED if through else Verdict.REJECTED
            past.check_answer(_lately(chance), "ben", check, verdict, passed=not through)


def _votes(past: Past, chance: random.Random) -> None:
    for _ in range(30):
        proposal = past.proposal("nuclei")
        category = chance.choice(CATEGORIES[:2])
        for who in ("anna", "ben"):
            said = category if chance.random() < 0.9 else CATEGORIES[2]
            past.vote(_lately(chance), who, proposal, Verdict.ACCEPTED, said)


def _lately(chance: random.Random) -> datetime:
    return NOW - timedelta(minutes=chance.randrange(60 * 24 * 20))
