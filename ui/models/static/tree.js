// The lineage as rows and lanes: the newest version on top, each below its children, as histories are drawn.

/** @typedef {object} Placed
 * @property {any} version
 * @property {number} row            0 is on top
 * @property {number} lane           0 is the first from the left
 * @property {number|null} parentRow null for a root, or where the parent is not in the list
 * @property {number|null} parentLane */

/** @param {{number: number, parent: number|null}[]} versions in any order
 * @returns {{ placed: Placed[], lanes: number }} from the top down */
export function layTree(versions) {
  const ordered = [...versions].sort((a, b) => b.number - a.number);
  const lanes = laneOfEach(ordered);
  const rows = new Map(ordered.map(({ number }, row) => [number, row]));
  const placed = ordered.map((version, row) => ({
    version,
    row,
    lane: lanes.get(version.number),
    parentRow: rows.get(version.parent) ?? null,
    parentLane: lanes.get(version.parent) ?? null,
  }));
  return { placed, lanes: Math.max(1, ...[...lanes.values()].map((lane) => lane + 1)) };
}

/** From the oldest up: the first child goes on in its parent's lane, every other one takes the first that is free. */
function laneOfEach(ordered) {
  const lanes = new Map();
  const ends = []; // by lane: the last version number that stands or passes in it
  const known = new Set(ordered.map(({ number }) => number));
  const last = lastOfEach(ordered);
  for (const { number, parent } of [...ordered].reverse()) {
    const from = lanes.get(parent);
    const goesOn = from !== undefined && ends[from].number === parent;
    const lane = goesOn ? from : free(ends, known.has(parent) ? parent : number);
    lanes.set(number, lane);
    ends[lane] = { number, until: Math.max(number, last.get(number) ?? number) };
  }
  return lanes;
}

/** A lane that nothing stands in from `since` on. */
function free(ends, since) {
  const found = ends.findIndex((end) => end.until < since);
  return found >= 0 ? found : ends.length;
}

/** Of each version its first child, up to which its lane is its own. */
function lastOfEach(ordered) {
  const first = new Map();
  for (const { number, parent } of ordered) first.set(parent, Math.min(number, first.get(parent) ?? number));
  return first;
}
