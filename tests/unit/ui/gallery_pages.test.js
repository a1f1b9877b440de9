// The image list's pages: their order, answers that come too late, and problems.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createPages } from "../../../ui/label/static/gallery/pages.js";

/** A list of `count` images, whose answers come when the test lets them. */
function server(count) {
  const asked = [];
  const ask = (cursor, limit, signal) =>
    new Promise((resolve, reject) => {
      const from = cursor === null ? 0 : Number(cursor);
      const items = Array.from({ length: Math.min(limit, count - from) }, (_, at) => ({ id: from + at + 1 }));
      const next = from + limit < count ? String(from + limit) : null;
      asked.push({ cursor, limit, signal, answer: () => resolve({ items, next }), fail: reject });
    });
  return { ask, asked };
}

const ids = (pages) => pages.listing.items.map((item) => item.id);

test("pages are appended in order until the last", async () => {
  const { ask, asked } = server(5);
  const pages = createPages({ ask, size: 2, onChange: () => {} });
  for (const load of [pages.start, pages.more, pages.more]) {
    const loaded = load();
    asked.at(-1).answer();
    await loaded;
  }
  assert.deepEqual(ids(pages), [1, 2, 3, 4, 5]);
  assert.equal(pages.listing.isComplete, true);
  await pages.more();
  assert.deepEqual(asked.map(({ cursor }) => cursor), [null, "2", "4"]);
});

test("one page is asked for at a time", () => {
  const { ask, asked } = server(9);
  const pages = createPages({ ask, size: 2, onChange: () => {} });
  pages.start();
  pages.more();
  assert.equal(asked.length, 1);
});

test("an answer to older filters is not shown, whenever it comes", async () => {
  const { ask, asked } = server(4);
  const pages = createPages({ ask, size: 2, onChange: () => {} });
  const old = pages.start();
  const fresh = pages.start();
  assert.equal(asked[0].signal.aborted, true);
  asked[1].answer();
  await fresh;
  const before = pages.listing;
  asked[0].answer();
  await old;
  assert.equal(pages.listing, before);
});

test("a place further down is loaded in large pages", async () => {
  const { ask, asked } = server(2500);
  const pages = createPages({ ask, size: 100, onChange: () => {} });
  const loaded = pages.start(1500);
  asked[0].answer();
  await new Promise(setImmediate);
  asked[1].answer();
  await loaded;
  assert.deepEqual(asked.map(({ limit }) => limit), [1000, 1000]);
  assert.equal(ids(pages).length, 2000);
});

test("a place that is too far is given up, and the list begins at its top", async () => {
  let asked = 0;
  const ask = async (cursor, limit) => {
    const from = Number(cursor ?? 0);
    asked += 1;
    return { items: Array.from({ length: limit }, (_, at) => ({ id: from + at })), next: String(from + limit) };
  };
  const pages = createPages({ ask, onChange: () => {} });
  await pages.start(500_000);
  assert.equal(asked, 10);
  assert.equal(pages.listing.isComplete, false);
});

test("a problem keeps what was loaded, and more() asks for the same page again", async () => {
  const { ask, asked } = server(4);
  const pages = createPages({ ask, size: 2, onChange: () => {} });
  const first = pages.start();
  asked[0].answer();
  await first;
  const broken = pages.more();
  asked[1].fail(new Error("cut"));
  await broken;
  assert.equal(pages.listing.problem.message, "cut");
  assert.deepEqual(ids(pages), [1, 2]);
  const again = pages.more();
  assert.equal(pages.listing.problem, null);
  asked[2].answer();
  await again;
  assert.deepEqual(ids(pages), [1, 2, 3, 4]);
});

test("refreshing keeps what is shown until all of it has come", async () => {
  const { ask, asked } = server(6);
  const pages = createPages({ ask, size: 2, onChange: () => {} });
  const loads = [pages.start, pages.more];
  for (const load of loads) {
    const loaded = load();
    asked.at(-1).answer();
    await loaded;
  }
  const refreshed = pages.refresh();
  assert.deepEqual(ids(pages), [1, 2, 3, 4]);
  assert.equal(asked.at(-1).limit, 4);
  asked.at(-1).answer();
  await refreshed;
  assert.deepEqual(ids(pages), [1, 2, 3, 4]);
  const next = pages.more();
  assert.equal(asked.at(-1).cursor, "4");
  asked.at(-1).answer();
  await next;
  assert.deepEqual(ids(pages), [1, 2, 3, 4, 5, 6]);
});

test("images of other filters are shown until the new ones come, and not where these fail", async () => {
  const { ask, asked } = server(4);
  const pages = createPages({ ask, size: 2, onChange: () => {} });
  const first = pages.start();
  asked[0].answer();
  await first;
  const replaced = pages.replace();
  assert.deepEqual(ids(pages), [1, 2]);
  asked[1].fail(new Error("cut"));
  await replaced;
  assert.deepEqual(ids(pages), []);
  assert.equal(pages.listing.problem.message, "cut");
});
