// Axes and lines of charts, as numbers: what maps a value to its place, round ticks, the `d` of a path.

/** @param {[number, number]} domain @param {[number, number]} range @returns {(value: number) => number} */
export function linear([from, to], [start, end]) {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

/** Round steps (1, 2, 5 times a power of ten) that lie within the domain.
 * @param {[number, number]} domain @param {number} most  about so many @returns {number[]} */
export function ticks([from, to], most = 5) {
  const span = to - from;
  if (!(span > 0)) return [from];
  const raw = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((times) => times * power >= raw * 0.999_999);
  const found = [];
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  for (let at = first; at <= last; at += 1) found.push(round(at * step, step));
  return found;
}

/** Digits behind the point that tell neighbouring ticks apart. */
export const digitsOf = (values) => (values.length < 2 ? 2 : Math.max(0, Math.ceil(-Math.log10(Math.abs(values[1] - values[0])) - 1e-9)));

const round = (value, step) => {
  const digits = Math.max(0, Math.ceil(-Math.log10(step)) + 1);
  return Number(value.toFixed(digits)) + 0; // no negative nothing
};

/** Lowest and highest, with room beside them; of nothing: null. @returns {[number, number]|null} */
export function extent(values, room = 0.06) {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return null;
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const beside = (high - low || Math.abs(high) || 1) * room;
  return [low - beside, high + beside];
}

/** Around nothing, the same on both sides: for differences. @returns {[number, number]} */
export function around(values, least = 0.01) {
  const widest = Math.max(least, ...values.filter(Number.isFinite).map(Math.abs));
  return [-widest * 1.08, widest * 1.08];
}

/** @param {[number, number][]} points in the chart's frame @returns {string} */
export const path = (points) => points.map(([x, y], at) => `${at ? "L" : "M"}${fixed(x)} ${fixed(y)}`).join("");
const fixed = (value) => Number(value.toFixed(2));

/** The point whose step is nearest. @template {{step: number}} P @param {P[]} points in order @returns {P|null} */
export function nearest(points, step) {
  let best = null;
  for (const point of points) if (best === null || Math.abs(point.step - step) < Math.abs(best.step - step)) best = point;
  return best;
}

/** Of long series every so many, first and last always: a chart has no more pixels.
 * @template P @param {P[]} points @param {number} most @returns {P[]} */
export function thinned(points, most = 600) {
  if (points.length <= most) return points;
  const every = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => points[Math.round(at * every)]);
}
