// Which crops of the wall are in focus and selected. Pure: places in the list, ids for what is selected.

/** @typedef {{ at: number, anchor: number, ids: Set<number> }} Selection  anchor: where extending began */

/** @returns {Selection} */
export const nothing = () => ({ at: 0, anchor: 0, ids: new Set() });

const STEPS = { left: () => -1, right: () => 1, up: (columns) => -columns, down: (columns) => columns };

/** The focus one step on; it stays where there is nothing.
 * @param {Selection} selection @param {"left"|"right"|"up"|"down"} way @param {number} columns @param {number[]} ids  of the wall, in order
 * @param {boolean} extends_  selects everything from the anchor to here */
export function stepped(selection, way, columns, ids, extends_ = false) {
  const wanted = selection.at + STEPS[way](columns);
  const at = wanted >= 0 && wanted < ids.length ? wanted : selection.at;
  if (!extends_) return { ...selection, at, anchor: at };
  const [from, to] = [Math.min(selection.anchor, at), Math.max(selection.anchor, at)];
  return { ...selection, at, ids: new Set([...selection.ids, ...ids.slice(from, to + 1)]) };
}

/** @param {Selection} selection @param {number} at @param {number[]} ids */
export function toggled(selection, at, ids) {
  if (ids[at] === undefined) return selection;
  const selected = new Set(selection.ids);
  if (!selected.delete(ids[at])) selected.add(ids[at]);
  return { at, anchor: at, ids: selected };
}

/** Everything; where everything is selected already, nothing. */
export const all = (selection, ids) => ({ ...selection, ids: new Set(ids.every((id) => selection.ids.has(id)) ? [] : ids) });

/** The cards have changed: what is gone is not selected any more, the focus stays in the wall. */
export function among(selection, ids) {
  const here = new Set(ids);
  const at = Math.max(0, Math.min(selection.at, ids.length - 1));
  return { at, anchor: Math.min(selection.anchor, at), ids: new Set([...selection.ids].filter((id) => here.has(id))) };
}
