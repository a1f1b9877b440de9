// How far a training is, and when it ends.

const RUNS = new Set(["queued", "running"]);

export const isRunning = ({ state }) => RUNS.has(state);
export const mayResume = ({ state }) => state === "failed" || state === "cancelled" || state === "paused";

/** @param {{last_point: {step: number, steps: number, at: string}|null, steps: number|null, started_at: string|null,
 *   recipe: {budget_minutes: number}}} training
 * @param {number} now ms
 * @returns {{ step: number, steps: number|null, share: number, left: number|null }} `left`: seconds, null while unknown */
export function progressOf(training, now) {
  const point = training.last_point;
  const steps = point?.steps ?? training.steps ?? null;
  if (!point || !steps) return { step: 0, steps, share: 0, left: null };
  const share = Math.min(1, point.step / steps);
  return { step: point.step, steps, share, left: leftOf(training, point, steps, now) };
}

/** By its own pace since it began, but no longer than its budget allows. */
function leftOf({ started_at: startedAt, recipe }, { step, at }, steps, now) {
  if (!startedAt || step === 0) return null;
  const began = Date.parse(startedAt);
  const pace = (Date.parse(at) - began) / 1000 / step;
  if (!(pace > 0)) return null;
  const since = Math.max(0, (now - Date.parse(at)) / 1000);
  const byPace = pace * (steps - step) - since;
  const byBudget = recipe.budget_minutes * 60 - (now - began) / 1000;
  return Math.max(0, Math.min(byPace, byBudget));
}

/** What the trigger says and what it waits for. @param {any} status of /training-status @param {any} policy null while unknown */
export function triggerWords(status, policy) {
  if (!status.due) {
    if (status.running_job !== null) return "A training is under way";
    return status.reason === null ? "Not due" : "Waits until people are quiet";
  }
  if (policy === null) return "Due";
  return policy.triggers.automatic ? "Due: begins by itself" : "Due: somebody has to begin it";
}
