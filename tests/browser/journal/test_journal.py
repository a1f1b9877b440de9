"""The journal in a real browser: what was journaled is there after the worst, and what cannot be
kept is told."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from browser.journal.chromium import chromium_page
from browser.journal.empty_site import EmptySite

OPEN = 'const { openJournal, openSafestJournal } = await import("/ui/label/journal/journal.js");'
OPERATION = """const operation = (key) =>
  ({ key, kind: "create", project: 1, image: 4, object: key, body: {} });"""
FAILURE = "(error) => `${error.name}: ${error.message}`"


def test_indexeddb_holds_to_the_contract_of_journals(page: Page) -> None:
    failures = page.evaluate(
        f"""async () => {{
        {OPEN}
        const {{ contract }} = await import("/tests/journal_contract.js");
        const failures = {{}};
        let user = 100;
        for (const [name, holds] of Object.entries(contract)) {{
          const journal = await openJournal((user += 1));
          await holds(journal).catch((error) => (failures[name] = error.message));
          journal.close();
        }}
        return [Object.keys(contract).length, failures];
        }}"""
    )
    assert failures == [13, {}]


def test_what_one_person_did_is_not_another_persons(page: Page) -> None:
    found = page.evaluate(
        f"""async () => {{
        {OPEN}{OPERATION}
        const ann = await openJournal(1);
        const bob = await openJournal(2);
        await ann.append(operation("a"));
        await ann.saveDraft(1, 4, {{ points: [] }});
        await ann.identify("o", {{ project: 1, image: 4, id: 70, revision: 1 }});
        return [
          await bob.operations(), await bob.draft(1, 4),
          await bob.identity("o"), await bob.objectOf(1, 70),
          (await ann.operations()).length,
        ];
        }}"""
    )
    assert found == [[], None, None, None, 1]


def test_masks_are_kept_as_they_are(page: Page) -> None:
    kept = page.evaluate(
        f"""async () => {{
        {OPEN}
        const journal = await openJournal(1);
        const mask = {{ size_hw: [3, 5], ends: new Uint32Array([4, 9, 15]), area: 5 }};
        await journal.saveDraft(1, 4, {{ mask }});
        const {{ mask: found }} = await journal.draft(1, 4);
        return [found.ends instanceof Uint32Array, [...found.ends], found.size_hw];
        }}"""
    )
    assert kept == [True, [4, 9, 15], [3, 5]]


def test_identities_that_nobody_has_seen_for_long_are_forgotten_unless_work_waits(
    page: Page,
) -> None:
    left = page.evaluate(
        f"""async () => {{
        {OPEN}{OPERATION}
        let time = 0;
        const now = () => time;
        const day = 24 * 60 * 60 * 1000;
        const journal = await openJournal(1, {{ now }});
        const annotation = (id) => ({{ project: 1, image: 4, id, revision: 1 }});
        await journal.identify("old", annotation(1));
        await journal.identify("waiting", annotation(2));
        await journal.append(operation("waiting"));
        time = 20 * day;
        await journal.identify("seen", annotation(3));
        time = 40 * day;
        const later = await openJournal(1, {{ now }});
        return [await later.objectOf(1, 1), await later.objectOf(1, 2), await later.objectOf(1, 3)];
        }}"""
    )
    assert left == [None, "waiting", "seen"]


def test_what_was_journaled_is_there_after_the_browser_was_killed(
    site: EmptySite, playwright: Playwright, executable: str, tmp_path: Path
) -> None:
    with chromium_page(playwright, executable, tmp_path, site.origin) as (page, browser):
        page.evaluate(
            f"""async () => {{
            {OPEN}{OPERATION}
            const journal = await openJournal(1);
            await journal.append(operation("a"));
            await journal.append(operation("b"));
            await journal.saveDraft(1, 4, {{ points: [[3, 4, 1]] }});
            await journal.identify("a", {{ project: 1, image: 4, id: 70, revision: 2 }});
            }}"""
        )
        browser.kill()
    with chromium_page(playwright, executable, tmp_path, site.origin) as (page, _):
        keys, draft, identity = page.evaluate(
            f"""async () => {{
            {OPEN}
            const journal = await openJournal(1);
            const keys = (await journal.operations()).map(({{ key }}) => key);
            return [keys, await journal.draft(1, 4), await journal.identity("a")];
            }}"""
        )
    assert keys == ["a", "b"]
    assert draft == {"points": [[3, 4, 1]]}
    assert (identity["id"], identity["revision"]) == (70, 2)


def test_full_storage_is_told_and_nothing_is_half_kept(
    context: BrowserContext, page: Page, site: EmptySite
) -> None:
    context.new_cdp_session(page).send(
        "Storage.overrideQuotaForOrigin", {"origin": site.origin, "quotaSize": 1_000_000}
    )
    small, large, sentence, kept, drafts = page.evaluate(
        f"""async () => {{
        {OPEN}{OPERATION}
        const journal = await openJournal(1);
        const pixels = crypto.getRandomValues(new Uint8Array(65536));
        const body = {{ pixels: Array(100).fill(0).map(() => pixels.slice()) }};
        const small = (await journal.append(operation("a"))).key;
        await journal.saveDraft(1, 4, "in hand");
        const step = [{{ ...operation("b"), body }}];
        const letGo = {{ project: 1, image: 4, draft: null }};
        const large = await journal.appendAll(step, letGo).catch({FAILURE});
        const drafts = [await journal.draft(1, 4)];
        const told = [];
        const safe = await openSafestJournal(1, (trouble) => told.push(trouble.message));
        await safe.append({{ ...operation("c"), body }});
        const kept = (await safe.operations()).map(({{ key }}) => key);
        await safe.appendAll(step, {{ project: 1, image: 4, draft: "in hand later" }});
        drafts.push(await safe.draft(1, 4));
        return [small, large, told[0], [...kept, safe.durable], drafts];
        }}"""
    )
    assert small == "a"
    assert large.startswith("JournalFailed: The space that this browser gives the page is full")
    assert "keep this tab open until everything is saved, and free space on the disk" in sentence
    assert kept == ["a", "c", False]
    assert drafts == ["in hand", "in hand later"]


def test_a_newer_page_takes_the_storage_over_and_the_older_one_says_so(
    context: BrowserContext, page: Page, site: EmptySite
) -> None:
    page.evaluate(f"async () => {{ {OPEN} globalThis.journal = await openJournal(1); }}")
    newer = context.new_page()
    newer.goto(site.origin)
    newer.evaluate(
        """() => new Promise((resolve, reject) => {
        const request = indexedDB.open("maskloop", 99);
        request.onsuccess = resolve;
        request.onerror = request.onblocked = reject;
        })"""
    )
    older = page.evaluate(f"() => journal.draft(1, 4).catch({FAILURE})")
    assert older.startswith("JournalFailed: A newer version of this page was opened in another tab")
    reopened = page.evaluate(f"async () => {{ {OPEN} return openJournal(1).catch({FAILURE}); }}")
    assert reopened.startswith("JournalFailed: A newer version of this page has been open")
    assert reopened.endswith("reload it.")


def test_a_browser_that_keeps_nothing_is_told_and_the_work_goes_on(
    site: EmptySite, playwright: Playwright, executable: str, tmp_path: Path
) -> None:
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default/Preferences").write_text(json.dumps(blocked))
    with chromium_page(playwright, executable, tmp_path, site.origin) as (page, _):
        durable, told, kept = page.evaluate(
            f"""async () => {{
            {OPEN}{OPERATION}
            const told = [];
            const journal = await openSafestJournal(1, (trouble) => told.push(trouble.message));
            await journal.append(operation("a"));
            return [journal.durable, told, (await journal.operations()).length];
            }}"""
        )
    assert (durable, kept) == (False, 1)
    assert len(told) == 1
    assert "This browser lets the page keep nothing" in told[0]


@pytest.mark.parametrize("origin", ["origin", "plain_origin"])
def test_uuids_are_made_where_the_browser_has_no_function_for_it(
    context: BrowserContext, site: EmptySite, origin: str
) -> None:
    page = context.new_page()
    page.goto(getattr(site, origin))
    is_secure, made = page.evaluate(
        """async () => {
        const { uuid } = await import("/ui/label/journal/ids.js");
        return [isSecureContext, uuid()];
        }"""
    )
    assert is_secure == (origin == "origin")
    assert [len(part) for part in made.split("-")] == [8, 4, 4, 4, 12]
