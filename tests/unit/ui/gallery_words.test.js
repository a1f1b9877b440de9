// What the image list says.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesOf, contentsOf, durationOf, foundSentence, nameOf, spokenOf, workerOf } from "../../../ui/label/static/gallery/words.js";

const image = { source_uri: "s3://photos/day 1/owl.jpg", width: 640, height: 480, state: "todo", annotations: 1, pending_proposals: 1040, lease: { user: "Ann" } };

test("an image is called by the last part of where it came from", () => {
  assert.equal(nameOf("upload:owl.jpg"), "owl.jpg");
  assert.equal(nameOf("s3://photos/day 1/owl.jpg"), "owl.jpg");
  assert.equal(nameOf("https://host/owl.jpg?token=1"), "owl.jpg");
  assert.equal(nameOf("upload:owl #2.jpg"), "owl #2.jpg");
  assert.equal(nameOf("C:\\photos\\owl.jpg"), "owl.jpg");
});

test("who works on an image is named, and oneself is you", () => {
  assert.equal(workerOf(image, "Ben"), "Ann is working on it");
  assert.equal(workerOf(image, "Ann"), "You are working on it");
  assert.equal(workerOf({ lease: null }, "Ann"), null);
});

test("counts are words", () => {
  assert.equal(contentsOf(image), "1 annotation · 1,040 proposals");
  assert.equal(spokenOf(image, "Ben"), "owl.jpg, 640 by 480 pixels, To do, 1 annotation, 1,040 proposals, Ann is working on it");
});

test("how many were found is said only as far as it is known", () => {
  assert.equal(foundSentence({ count: 0, isComplete: true, total: null }), "No images found.");
  assert.equal(foundSentence({ count: 1, isComplete: true, total: null }), "1 image found.");
  assert.equal(foundSentence({ count: 100, isComplete: false, total: null }), "More than 100 images found.");
  assert.equal(foundSentence({ count: 100, isComplete: false, total: 2500 }), "2,500 images found.");
});

test("bytes and seconds are short", () => {
  assert.deepEqual([0, 999, 1000, 12_345_678, 250e9].map(bytesOf), ["0 bytes", "999 bytes", "1.0 kB", "12.3 MB", "250 GB"]);
  assert.deepEqual([0.2, 59, 61, 3600, 5400].map(durationOf), ["1 s", "59 s", "1 min", "1 h 0 min", "1 h 30 min"]);
});
