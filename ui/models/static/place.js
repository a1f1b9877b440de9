// What the address names: the project, the view, and what is chosen in it.

export const VIEWS = ["versions", "sets", "policy"];

/** @typedef {{ project: number|null, view: "versions"|"sets"|"policy", version: number|null, set: number|null, other: number|null, gate: number|null }} Place */

/** @param {string} query @returns {Place} */
export function placeOf(query) {
  const found = new URLSearchParams(query);
  const number = (name) => {
    const value = Number(found.get(name));
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  };
  const view = VIEWS.includes(found.get("view")) ? found.get("view") : "versions";
  return { project: number("project"), view, version: number("version"), set: number("set"), other: number("with"), gate: number("gate") };
}

/** @param {Partial<Place>} place @returns {string} */
export function addressOf({ project, view = "versions", version, set, other, gate }) {
  const query = new URLSearchParams();
  if (project) query.set("project", String(project));
  if (view !== "versions") query.set("view", view);
  if (view === "versions" && version) query.set("version", String(version));
  if (view === "versions" && version && gate) query.set("gate", String(gate));
  if (view === "sets" && set) query.set("set", String(set));
  if (view === "sets" && set && other) query.set("with", String(other));
  return `?${query}`;
}
