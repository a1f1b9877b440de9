"""The outbox in a real browser: killed with a request under way, and in several tabs at once."""

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright

from browser.journal.chromium import chromium_page
from browser.journal.empty_site import EmptySite

START = """async () => {
  const { createApi } = await import("/ui/label/journal/api.js");
  const { openJournal } = await import("/ui/label/journal/journal.js");
  const { createOutbox } = await import("/ui/label/journal/outbox.js");
  globalThis.journal = await openJournal(1);
  globalThis.outbox = createOutbox({ journal, api: createApi() });
  globalThis.settled = [];
  outbox.onSettled(({ key }) => settled.push(key));
  globalThis.add = (key) =>
    outbox.add({ key, kind: "create", project: 1, image: 4, object: `o-${key}`, body: {} });
  await outbox.ready;
}"""
MANY = 20


def started(page: Page) -> Page:
    page.evaluate(START)
    return page


def test_a_request_that_was_under_way_when_the_browser_died_is_made_once(
    site: EmptySite, playwright: Playwright, executable: str, tmp_path: Path
) -> None:
    site.may_answer.clear()
    with chromium_page(playwright, executable, tmp_path, site.origin) as (page, browser):
        started(page).evaluate('() => Promise.all([add("a"), add("b")])')
        site.wait_for(1)
        browser.kill()
    site.may_answer.set()
    with chromium_page(playwright, executable, tmp_path, site.origin) as (page, _):
        waiting, identities = started(page).evaluate(
            """async () => {
            const { waiting } = await outbox.flush();
            return [waiting, [await journal.identity("o-a"), await journal.identity("o-b")]];
            }"""
        )
    assert waiting == 0
    assert site.requests == ["a", "a", "b"]
    assert [identity["id"] for identity in identities] == [70, 71]


def test_of_several_tabs_one_sends_and_all_hear_of_it(
    context: BrowserContext, site: EmptySite
) -> None:
    one, two = (_tab(context, site.origin) for _ in range(2))
    one.evaluate(f"() => {{ for (let n = 0; n < {MANY}; n += 1) add(`one-${{n}}`); }}")
    two.evaluate(f"() => {{ for (let n = 0; n < {MANY}; n += 1) add(`two-${{n}}`); }}")
    for tab in (one, two):
        _wait(tab, f"settled.length === {2 * MANY} && outbox.status().waiting === 0")
    keys = {f"{tab}-{n}" for tab in ("one", "two") for n in range(MANY)}
    assert sorted(site.requests) == sorted(keys)
    for tab in (one, two):
        assert sorted(tab.evaluate("settled")) == sorted(keys)


def test_what_another_tab_is_sending_cannot_be_withdrawn(
    context: BrowserContext, site: EmptySite
) -> None:
    one, two = (_tab(context, site.origin) for _ in range(2))
    site.may_answer.clear()
    one.evaluate('() => add("a")')
    site.wait_for(1)
    _wait(two, "outbox.status().objects.has('o-a')")
    assert two.evaluate('() => outbox.withdraw("a")') is False
    site.may_answer.set()
    _wait(two, "settled.includes('a')")


def test_a_tab_that_dies_while_sending_is_relieved_by_another(
    context: BrowserContext, site: EmptySite
) -> None:
    one, two = (_tab(context, site.origin) for _ in range(2))
    site.may_answer.clear()
    one.evaluate('() => Promise.all([add("a"), add("b")])')
    site.wait_for(1)
    one.close()
    site.may_answer.set()
    _wait(two, "settled.length === 2 && outbox.status().waiting === 0")
    assert sorted(site.made) == ["a", "b"]


def test_without_locks_the_server_makes_everything_once_all_the_same(
    context: BrowserContext, site: EmptySite
) -> None:
    one, two = (_tab(context, site.plain_origin) for _ in range(2))
    assert one.evaluate("navigator.locks === undefined")
    for tab, name in ((one, "one"), (two, "two")):
        numbers = f"Array.from({{ length: {MANY} }}, (_, n) => n)"
        tab.evaluate(f"() => Promise.all({numbers}.map((n) => add(`{name}-${{n}}`)))")
    for tab in (one, two):
        _wait(tab, "outbox.status().objects.size === 0")
    assert len(site.made) == 2 * MANY
    found = one.evaluate(
        f"""async () => {{
        const found = [];
        for (let n = 0; n < {MANY}; n += 1) found.push((await journal.identity(`o-two-${{n}}`)).id);
        return found;
        }}"""
    )
    assert found == [site.made[f"two-{n}"]["id"] for n in range(MANY)]


def test_the_network_that_is_back_is_used_at_once(context: BrowserContext, site: EmptySite) -> None:
    page = _tab(context, site.origin)
    context.set_offline(True)
    page.evaluate('() => add("a")')
    _wait(page, "outbox.status().offline && outbox.status().retryAt !== null")
    context.set_offline(False)
    _wait(page, "settled.includes('a')")
    assert page.evaluate("outbox.status().offline") is False


def _wait(page: Page, condition: str) -> None:
    """Playwright's own waiting needs eval, which the page's policy forbids."""
    page.evaluate(
        f"""() => new Promise((resolve, reject) => {{
        const deadline = Date.now() + 30_000;
        const look = () => {{
          if ({condition}) return resolve();
          if (Date.now() > deadline) return reject(new Error(JSON.stringify(outbox.status())));
          setTimeout(look, 10);
        }};
        look();
        }})"""
    )


def _tab(context: BrowserContext, origin: str) -> Page:
    page = context.new_page()
    page.goto(origin)
    return started(page)
