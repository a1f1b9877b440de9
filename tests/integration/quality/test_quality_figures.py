"""The figures of the quality page equal those that a loop in Python counts from the same past."""

import random
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from maskloop.platform.db.quality_figures import Edits, Effort, Of, Spread, Throughput
from maskloop.platform.db.quality_rows import Period
from maskloop.platform.errors import BadParametersError
from maskloop.platform.intervals import share_of
from maskloop.platform.states import CheckKind, Defect, Verdict
from maskloop.services.quality import LetThrough, Quality, Shares, quality

if TYPE_CHECKING:
    from sites.past import Past

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CLICK: dict[str, Any] = {"points": [[1, 1, 1]], "box": None}
BOXED: dict[str, Any] = {"points": [[1, 1, 1], [2, 2, 0]], "box": [0, 0, 5, 5]}


@dataclass(frozen=True)
class Deed:
    """One verdict or drawn mask; `verdict` is None for what no proposal was made into."""

    at: datetime
    who: str
    verdict: Verdict | None
    category: str
    version: str | None
    seconds: float | None
    prompts: tuple[dict[str, Any], ...]
    parent_iou: float | None
    counts: bool

    @property
    def clicks(self) -> int | None:
        if self.verdict is Verdict.ACCEPTED:
            return 0
        last = self.prompts[-1] if self.prompts else None
        return None if last is None else len(last["points"]) + (last["box"] is not None)

    @property
    def origin(self) -> str:
        if self.verdict is not None:
            return self.verdict.value
        return "drawn" if self.version is None else "prompted"


def random_past(past: "Past", seed: int, count: int = 70) -> list[Deed]:
    """Eighths of seconds and quarters of IoU are the same in four bytes and in eight."""
    chance = random.Random(seed)
    deeds = []
    for _ in range(count):
        verdict = chance.choice([*Verdict, None])
        fate = chance.choice(["kept", "kept", "kept", "withdrawn", "by itself"])
        versions = ["minisam", "pets"] if verdict else ["minisam", "pets", None]
        deed = Deed(
            at=NOON + timedelta(hours=chance.randrange(-60, 60)),
            who=chance.choice(["anna", "ben"]),
            verdict=verdict,
            category=chance.choice(["cat", "dog"]),
            version=chance.choice(versions),
            seconds=chance.choice([None, chance.randrange(1, 200) / 8]),
            prompts=chance.choice([(), (CLICK,), (CLICK, BOXED)]),
            parent_iou=chance.choice([None, chance.randrange(0, 4) / 4]),
            counts=verdict is None or fate == "kept",
        )
        deeds.append(deed)
        if verdict is None:
            past.drawn(
                deed.at,
                deed.who,
                deed.category,
                version=deed.version,
                seconds=deed.seconds,
                prompts=deed.prompts,
            )
            continue
        review = past.verdict(
            deed.at,
            deed.who,
            verdict,
            deed.category,
            version=deed.version or "",
            seconds=deed.seconds,
            prompts=deed.prompts,
            parent_iou=deed.parent_iou,
            by_itself=fate == "by itself",
        )
        if fate == "withdrawn":
            past.withdraw(deed.who, review_id=review)
    return deeds


def spread(values: Iterable[float | int | None]) -> Spread | None:
    measured = [float(value) for value in values if value is not None]
    if not measured:
        return None
    doubled = measured * 2 if len(measured) == 1 else measured
    low, median, high = statistics.quantiles(doubled, n=4, method="inclusive")
    return Spread(len(measured), low, median, high)


def efforts(deeds: list[Deed], of: Callable[[Deed], Of]) -> list[Effort]:
    made = [deed for deed in deeds if deed.verdict is not Verdict.REJECTED]
    return [
        Effort(key, len(own), spread(d.seconds for d in own), spread(d.clicks for d in own))
        for key, own in grouped(made, of)
    ]


def shares(deeds: list[Deed], of: Callable[[Deed], Of]) -> list[Shares]:
    found = []
    for key, own in grouped(deeds, of):
        counts = [sum(deed.verdict is verdict for deed in own) for verdict in Verdict]
        parts = [share_of(count, len(own)) for count in counts]
        found.append(Shares(key, len(own), *counts, *parts, spread(d.seconds for d in own)))
    return found


def edits(deeds: list[Deed], of: Callable[[Deed], Of]) -> list[Edits]:
    corrected = [deed for deed in deeds if deed.verdict is Verdict.CORRECTED]
    return [
        Edits(
            key,
            len(own),
            spread(1 - deed.parent_iou for deed in own if deed.parent_iou is not None),
        )
        for key, own in grouped(corrected, of)
    ]


def grouped(deeds: list[Deed], of: Callable[[Deed], Of]) -> list[tuple[Of, list[Deed]]]:
    keys = {of(deed) for deed in deeds}
    ordered = sorted(keys, key=lambda key: (key.id is None, key.id or 0, key.name))
    return [(key, [deed for deed in deeds if of(deed) == key]) for key in ordered]


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_that_are_counted_by_hand(past: "Past", seed: int) -> None:
    all_deeds = random_past(past, seed)
    period = Period(NOON - timedelta(hours=40), NOON + timedelta(hours=30))
    assert period.since is not None
    assert period.until is not None
    deeds = [d for d in all_deeds if d.counts and period.since <= d.at < period.until]
    judged = [deed for deed in deeds if deed.verdict is not None]
    kept = [deed for deed in judged if deed.verdict is not Verdict.REJECTED]

    def by_version(deed: Deed) -> Of:
        return (
            Of(past.versions[deed.version], deed.version) if deed.version else Of(None, "by hand")
        )

    def by_category(deed: Deed) -> Of:
        return Of(past.categories[deed.category], deed.category)

    found = quality(past.runtime, past.project_id, period)
    days = sorted({deed.at.date().isoformat() for deed in deeds})
    assert found.throughput == [
        Throughput(
            day,
            verdicts=sum(d.verdict is not None for d in deeds if str(d.at.date()) == day),
            second_looks=0,
            votes=0,
            drawn=sum(d.verdict is None for d in deeds if str(d.at.date()) == day),
        )
        for day in days
    ]
    assert found.effort_by_day == efforts(deeds, lambda deed: Of(None, str(deed.at.date())))
    assert found.effort_by_version == efforts(deeds, by_version)
    assert found.effort_by_origin == efforts(deeds, lambda deed: Of(None, deed.origin))
    assert found.verdicts_by_version == shares(judged, by_version)
    assert found.verdicts_by_category == shares(kept, by_category)
    assert found.people == shares(judged, lambda deed: Of(past.people[deed.who], deed.who))
    assert found.edits_by_version == edits(judged, by_version)
    assert found.edits_by_category == edits(judged, by_category)


def test_second_looks_and_votes_count_on_their_day_unless_they_are_withdrawn(past: "Past") -> None:
    drawn = past.drawn(NOON, "anna")
    past.second_look(NOON, "ben", drawn)
    past.withdraw("ben", annotation_review_id=past.second_look(NOON, "ben", drawn))
    past.vote(NOON, "anna", past.proposal())
    past.vote(NOON, "ben", past.proposal())
    past.withdraw("ben", vote_id=past.vote(NOON, "ben", past.proposal()))
    found = quality(past.runtime, past.project_id, Period())
    assert found.throughput == [Throughput("2026-11-02", 0, second_looks=1, votes=2, drawn=1)]


def test_a_withdrawn_verdict_gives_way_to_the_one_that_followed(past: "Past") -> None:
    first = past.verdict(NOON, "anna", Verdict.ACCEPTED, seconds=1.0)
    past.withdraw("anna", review_id=first)
    past.verdict(NOON, "anna", Verdict.CORRECTED, seconds=5.0, parent_iou=0.75)
    found = quality(past.runtime, past.project_id, Period())
    (version,) = found.verdicts_by_version
    assert (version.verdicts, version.corrected) == (1, 1)
    (day,) = found.effort_by_day
    assert (day.masks, day.seconds) == (1, Spread(1, 5.0, 5.0, 5.0))
    assert found.edits_by_category[0].distance == Spread(1, 0.25, 0.25, 0.25)


def with_checks(past: "Past") -> Quality:
    gold = past.check(CheckKind.GOLD)
    eroded = past.check(CheckKind.PLANTED, Defect.ERODED)
    named = past.check(CheckKind.PLANTED, Defect.WRONG_CATEGORY)
    past.check_answer(NOON, "anna", gold, Verdict.ACCEPTED, passed=True, iou=1.0)
    past.check_answer(NOON, "ben", gold, Verdict.CORRECTED, passed=False, iou=0.5)
    past.check_answer(NOON, "anna", eroded, Verdict.ACCEPTED, passed=False, iou=0.75)
    past.check_answer(NOON, "ben", eroded, Verdict.REJECTED, passed=True)
    past.check_answer(NOON, "ben", eroded, Verdict.CORRECTED, passed=False, iou=0.25)
    # Right, under another name than was shown.
    past.check_answer(NOON, "ben", named, Verdict.ACCEPTED, passed=True, iou=1.0)
    taken_back = past.check_answer(NOON, "ben", named, Verdict.ACCEPTED, passed=False)
    past.withdraw("ben", check_answer_id=taken_back)
    return quality(past.runtime, past.project_id, Period(since=NOON))


def test_an_error_is_let_through_by_who_accepts_what_is_wrong(past: "Past") -> None:
    checks = with_checks(past).checks
    assert checks is not None
    gold = checks.gold
    assert (gold.answers, gold.passed, gold.iou) == (2, 1, 0.75)
    assert gold.passed_share == share_of(1, 2)
    assert checks.planted == [
        LetThrough("all", 4, 1, share_of(1, 4)),
        LetThrough("eroded", 3, 1, share_of(1, 3)),
        LetThrough("wrong_category", 1, 0, share_of(0, 1)),
    ]


def test_whoever_is_measured_sees_no_checks_and_nobody_else(past: "Past") -> None:
    with_checks(past)
    past.verdict(NOON, "anna", Verdict.REJECTED)
    past.verdict(NOON, "ben", Verdict.REJECTED)
    found = quality(past.runtime, past.project_id, Period(), person_id=past.people["ben"])
    assert found.checks is None
    assert [row.of.name for row in found.people] == ["ben"]


def test_of_a_project_where_nobody_did_anything_there_is_nothing(past: "Past") -> None:
    found = quality(past.runtime, past.project_id, Period())
    assert found.throughput == found.effort_by_day == found.people == []
    assert found.checks is not None
    assert found.checks.gold.passed_share is None


def test_a_period_that_ends_before_it_begins_is_refused(past: "Past") -> None:
    with pytest.raises(BadParametersError, match="after since"):
        quality(past.runtime, past.project_id, Period(NOON, NOON))
