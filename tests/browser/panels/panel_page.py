"""The panels of the page by themselves, on an address that only the test answers."""

import mimetypes
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, Route

STATIC = Path(__file__).parents[3] / "ui" / "label" / "static"
ADDRESS = "http://panels.example"
POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"
DOCUMENT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Panels</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/label.css"><link rel="stylesheet" href="/panels/panels.css"></head>
<body><main class="maskloop"><h1>Panels</h1><div id="panels"></div></main></body></html>"""

MOUNT = """async ({ categories, permissions }) => {
  const from = (name) => import(`/${name}.js`);
  const [{ createStore }, { commands }, keys] = await Promise.all(
    ["state", "commands", "keys"].map(from));
  const [{ createCategories }, look, { createToasts }, { createKeysSheet }, dialog] =
    await Promise.all(["categories", "look", "toast", "keys_sheet", "dialog"]
      .map((name) => from(`panels/${name}`)));
  const root = document.querySelector(".maskloop");
  const ran = [], chosen = [], problems = [];
  const store = createStore({
    project: {
      id: 7, name: "street", permissions,
      categories: categories.map((name, at) => ({ id: 10 + at, name })),
    },
    category_id: null, counts: new Map([[10, 1204]]), look: look.loadLook(),
  });
  const say = createToasts(root);
  const keymap = keys.createKeymap({ commands, storage: localStorage, mac: false });
  const api = { // the server's answers come from the test, by fetch
    get: (path) => answer(path),
    post: (path, body) => answer(path, { method: "POST", body: JSON.stringify(body) }),
  };
  async function answer(path, options) {
    const got = await fetch(path, options);
    const data = await got.json();
    if (!got.ok) throw Object.assign(new Error(data.detail), data);
    return { data };
  }
  const panel = createCategories({
    store, api, keymap,
    onChoose: ({ name }) => chosen.push(name),
    onProblem: (sentence) => problems.push(sentence),
  });
  const looks = look.createLook({ store, keymap });
  look.followTheme(store, root);
  document.getElementById("panels").append(panel.element, looks.element);
  const sheet = createKeysSheet(keymap);
  keys.bindKeys(window, keymap, (id) => {
    ran.push(id);
    if (id === "help") sheet.open();
    else if (id === "category.search") panel.search();
    else if (id.startsWith("category.")) return panel.choose(Number(id.at(-1)));
    else if (id.startsWith("look.")) store.set({ look: look.lookAfter(store.state.look, id) });
    return true;
  });
  Object.assign(window, { store, say, keymap, panel, sheet, ran, chosen, problems, ...dialog });
}"""

UNTIL = """async () => {
  const deadline = performance.now() + 20_000;
  while (!(%s)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}"""

STREET = ("person", "bicycle", "car", "bus")


class Panels:
    """The page with the panels on it, and what the server would say to them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answers: dict[str, tuple[int, Any]] = {}
        """By "METHOD /path": status and body."""
        self.bodies: list[Any] = []
        page.route(f"{ADDRESS}/**", self._serve)

    def open(
        self, categories: tuple[str, ...] = STREET, *, permissions: tuple[str, ...] = ()
    ) -> "Panels":
        self.page.goto(f"{ADDRESS}/")
        wanted = {"categories": categories, "permissions": permissions}
        self.page.evaluate(MOUNT, wanted)
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def value(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def until(self, expression: str) -> None:
        """Playwright's own waiting evaluates strings, which the page's policy forbids."""
        told = self.page.evaluate(UNTIL % expression)
        assert told, f"not within 20 s: {expression}"

    def theme(self, name: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=name, reduced_motion="reduce")

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        asked = f"{route.request.method} {path}"
        if asked in self.answers:
            self.bodies.append(route.request.post_data_json)
            status, body = self.answers[asked]
            route.fulfill(status=status, json=body)
        elif path == "/":
            route.fulfill(
                body=DOCUMENT,
                content_type="text/html",
                headers={"Content-Security-Policy": POLICY},
            )
        else:
            kind, _ = mimetypes.guess_type(path)
            route.fulfill(body=(STATIC / path[1:]).read_bytes(), content_type=kind)
