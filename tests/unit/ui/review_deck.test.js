import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST, admit, changed, onTop, shortOf, toEnd, without } from "../../../ui/review/static/deck/deck.js";
import { cardOf, deliver, identityAfter, meaning, objectOf } from "../../../ui/review/static/deck/requests.js";
import { figuresOf, fromText, toText, unsaid } from "../../../ui/review/static/deck/verdicts.js";

const card = (id, more = {}) => ({ id, token: `t${id}`, until: "u", ...more });
const ids = (deck) => deck.map(({ id }) => id);
const cards = (count) => Array.from({ length: count }, (_, at) => card(at + 1));

test("a dozen in hand is enough; a wall is never full before it is", () => {
  assert.equal(shortOf(cards(12), "one"), 0);
  assert.equal(shortOf(cards(11), "one"), 24);
  assert.equal(shortOf(cards(47), "wall"), MOST);
  assert.equal(shortOf(cards(48), "wall"), 0);
});

test("cards whose answers are on the way are asked for on top, up to what the server gives", () => {
  assert.equal(shortOf([], "one", 5), 29);
  assert.equal(shortOf([], "one", 100), MOST);
});

test("what is dealt comes behind what is there, once, and never what is judged here", () => {
  const deck = admit([card(1), card(2)], [card(2, { token: "new" }), card(3), card(4)], (id) => id === 4);
  assert.deepEqual(ids(deck), [1, 2, 3]);
  assert.equal(deck[1].token, "new");
});

test("a card goes to the end, to the top, away", () => {
  assert.deepEqual(ids(toEnd(cards(3), 1)), [2, 3, 1]);
  assert.deepEqual(ids(toEnd(cards(3), 9)), [1, 2, 3]);
  assert.deepEqual(ids(onTop(cards(3), [card(3), card(7)])), [3, 7, 1, 2]);
  assert.deepEqual(ids(without(cards(3), [2])), [1, 3]);
  const deck = cards(2);
  assert.equal(without(deck, [9]), deck);
  assert.equal(changed(deck, 2, { token: "x" })[1].token, "x");
});

test("figures count cards and not batches", () => {
  const said = [
    { key: "a", verdict: "accepted", cards: cards(3), seconds: 6 },
    { key: "b", verdict: "rejected", cards: [card(9)], seconds: 5 },
  ];
  assert.deepEqual(figuresOf(said), { done: 4, accepted: 3, corrected: 0, rejected: 1, acceptance: 0.75, seconds: 2 });
  assert.deepEqual(figuresOf([]), { done: 0, accepted: 0, corrected: 0, rejected: 0, acceptance: null, seconds: null });
});

test("what is taken back of a batch leaves the others", () => {
  const said = [{ key: "a", verdict: "accepted", cards: cards(3), seconds: 6 }, { key: "b", verdict: "rejected", cards: [card(9)], seconds: 5 }];
  assert.deepEqual(unsaid(said, [2, 9]).map((one) => ids(one.cards)), [[1, 3]]);
});

test("a session is kept by names, and what cannot be read is none", () => {
  const said = [{ key: "a", verdict: "accepted", cards: [card(1, { segmentation: {} })], seconds: 2 }];
  assert.deepEqual(fromText(toText(said)), [{ key: "a", verdict: "accepted", seconds: 2, cards: [{ id: 1, token: "t1" }] }]);
  assert.deepEqual(fromText("{"), []);
  assert.deepEqual(fromText('[{"cards": 3}]'), []);
  assert.deepEqual(fromText(null), []);
});

function server() {
  const asked = [];
  return { asked, post: async (path, body, { key }) => (asked.push([path, body, key]), { data: { path } }) };
}

test("an answer goes out with the token that the last withdrawal gave", async () => {
  const api = server();
  const answer = { kind: "answer", key: "k", project: 7, card: 5, token: "old", body: { verdict: "rejected" } };
  await deliver(api, answer, null);
  await deliver(api, answer, { revision: "new" });
  assert.deepEqual(api.asked, [
    ["/projects/7/cards/5/answer", { token: "old", verdict: "rejected" }, "k"],
    ["/projects/7/cards/5/answer", { token: "new", verdict: "rejected" }, "k"],
  ]);
});

test("withdrawals and batches have their addresses, other kinds have none", async () => {
  const api = server();
  await deliver(api, { kind: "withdraw", key: "w", project: 7, card: 5, token: "t" }, null);
  await deliver(api, { kind: "accept_many", key: "m", project: 7, body: { cards: [] } }, null);
  assert.deepEqual(api.asked, [["/projects/7/cards/5/withdraw", { token: "t" }, "w"], ["/projects/7/cards/accept-many", { cards: [] }, "m"]]);
  await assert.rejects(deliver(api, { kind: "submit", project: 7 }, null), /no operation of the kind submit/);
});

test("a withdrawal says which token its card has now", () => {
  const operation = { kind: "withdraw", object: objectOf(5), project: 7, image: 3 };
  assert.deepEqual(identityAfter(operation, { id: 5, token: "new" }), { object: "card/5", project: 7, image: 3, id: 5, revision: "new" });
  assert.equal(identityAfter({ ...operation, kind: "answer" }, {}), null);
  assert.equal(cardOf("card/5"), 5);
  assert.equal(cardOf("batch/5"), null);
});

test("an answer that came too late is a conflict that keeps what was drawn", async () => {
  const mask = { category_id: 1 };
  const answer = { kind: "answer", body: { verdict: "corrected", mask } };
  const refusal = { code: "card_lost", message: "bo has it" };
  assert.deepEqual(await meaning(null, answer, null, refusal), {
    conflict: { code: "card_lost", message: "bo has it", theirs: null, choices: ["theirs"], mine: mask },
  });
  assert.equal(await meaning(null, answer, null, { code: "bad_mask", message: "" }), null);
});

test("a withdrawal whose answer got lost is done", async () => {
  const withdrawal = { kind: "withdraw", card: 5, token: "t" };
  assert.deepEqual(await meaning(null, withdrawal, null, { code: "refused_transition" }), { done: { id: 5, token: "t", isKnown: true } });
  assert.equal(await meaning(null, withdrawal, null, { code: "annotation_conflict" }), null);
});
