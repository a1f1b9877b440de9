// What the page holds, and what follows from it.

/** @typedef {{ data: any, error: Error|null }} Loaded   data null: not there yet */

/** @type {Loaded} */
export const NOT_YET = Object.freeze({ data: null, error: null });

export const initial = () => ({
  session: null, project: null, place: null, now: Date.now(),
  versions: NOT_YET, promotions: NOT_YET, status: NOT_YET, trainings: NOT_YET, evaluating: NOT_YET, sets: NOT_YET,
  policy: NOT_YET, shadow: NOT_YET, comparison: NOT_YET,
  gates: {}, summaries: {}, // by version number
  points: {}, // by job
  busy: new Set(), hover: null, sort: { column: "objects", down: true }, by: "by_category",
});

export const TRAIN = "models.train";
export const PROMOTE = "model_versions.promote";
export const RUN_JOBS = "jobs.run";
export const may = ({ project }, permission) => project.permissions.includes(permission);

export const servingOf = ({ versions }) => versions.data?.find(({ serving }) => serving) ?? null;
export const versionOf = ({ versions }, number) => versions.data?.find((version) => version.number === number) ?? null;

/** The version in view: the one that the address names, else the newest of this project, else what serves. */
export function chosenOf(state) {
  const { versions, place, project } = state;
  if (versions.data === null) return null;
  if (place.version !== null) return versionOf(state, place.version);
  const own = versions.data.filter((version) => version.project === project.id && version.state !== "retired");
  return newest(own) ?? servingOf(state) ?? newest(versions.data);
}

const newest = (versions) => versions.reduce((best, one) => (best === null || one.number > best.number ? one : best), null);

export const trainingOf = ({ trainings }, number) => trainings.data?.find((training) => training.model_version.number === number) ?? null;
export const setOf = ({ sets }, id) => sets.data?.find((set) => set.id === id) ?? null;

/** The promotion that made what serves serve. */
export const lastPromotion = ({ promotions }) => promotions.data?.[0] ?? null;

/** Which version serves after going back, as services/promotions.py decides it: promotions pile up, and one of a version that
 * lies in the pile takes away what lies above it. So going back never brings back what was rolled back. */
export function backTo(state) {
  const pile = [];
  for (const { model_version: number } of [...(state.promotions.data ?? [])].reverse()) {
    if (pile.includes(number)) pile.length = pile.indexOf(number) + 1;
    else pile.push(number);
  }
  const before = pile.slice(0, -1).reverse().map((number) => versionOf(state, number));
  return before.find((version) => version?.state === "ready") ?? null;
}

/** A version that served before, or the very first, needs no gate. */
export const needsGate = ({ promotions }, number) => {
  const promoted = promotions.data ?? [];
  return promoted.length > 0 && !promoted.some((promotion) => promotion.model_version === number);
};

/** Gate results of a version, newest first, and the one in view. */
export function gateOf(state, number) {
  const all = state.gates[number]?.data ?? [];
  const { gate } = state.place;
  return all.find(({ id }) => id === gate) ?? all[0] ?? null;
}

/** The newest result against what serves now, which decides about a promotion. */
export function decidingGate(state, number) {
  const serving = servingOf(state)?.number;
  return (state.gates[number]?.data ?? []).find(({ champion }) => champion === serving) ?? null;
}
