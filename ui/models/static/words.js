// Numbers, times and names as people read them.

const MINUS = "\u2212";
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const WEEK = 7 * DAY;

/** In the order they are shown. `digits` behind the point; `better`: which way is good. */
export const METRICS = [
  { key: "one_click", label: "One click", about: "IoU of the mask that one click in the middle of the object gives", digits: 3, better: 1, unit: "IoU" },
  { key: "best_of_three", label: "Best of three", about: "IoU of the best of the three masks of that click", digits: 3, better: 1, unit: "IoU" },
  { key: "box", label: "Box", about: "IoU of the mask that the object's box gives", digits: 3, better: 1, unit: "IoU" },
  { key: "boundary_f", label: "Boundary F", about: "how well the one-click mask's boundary is met", digits: 3, better: 1, unit: "F" },
  { key: "everything_recall", label: "Recall", about: "share of objects that everything-mode finds", digits: 3, better: 1, unit: "share" },
  { key: "clicks_85", label: "Clicks to 0.85", about: "clicks until IoU 0.85; fewer are better", digits: 2, better: -1, unit: "clicks" },
  { key: "clicks_90", label: "Clicks to 0.90", about: "clicks until IoU 0.90; fewer are better", digits: 2, better: -1, unit: "clicks" },
];
const BY_KEY = new Map(METRICS.map((metric) => [metric.key, metric]));

/** @param {string} key */
export const metricOf = (key) => BY_KEY.get(key) ?? { key, label: spaced(key), about: "", digits: 3, better: 1, unit: "" };

/** "early_stop" as "early stop". */
export const spaced = (name) => String(name).replaceAll("_", " ");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const plain = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", MINUS));

/** With its sign; what rounds to nothing has none. */
export function signed(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? MINUS : "+") + text;
}

export const interval = ({ low, high }, digits = 3) => `${signed(low, digits)} to ${signed(high, digits)}`;

/** @param {number} share @param {number} [digits] */
export const percent = (share, digits = 0) => (share === null || share === undefined ? "–" : `${(share * 100).toFixed(digits).replace("-", MINUS)} %`);
export const count = (value) => value.toLocaleString("en");
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** "45 s", "4 min", "1 h 12 min", "3 days". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return hours(whole);
  return counted(Math.floor(whole / DAY), "day");
}

function hours(seconds) {
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  return `${Math.floor(seconds / HOUR)} h${minutes ? ` ${minutes} min` : ""}`;
}

/** "just now", "4 min ago"; from a week on the day itself. */
export function ago(iso, now) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return "just now";
  return seconds < WEEK ? `${duration(seconds)} ago` : day(iso, now);
}

/** "21 Nov, 14:02", with the year where it is another one. */
export function moment(iso, now) {
  const at = new Date(iso);
  return `${day(iso, now)}, ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}

export function day(iso, now) {
  const at = new Date(iso);
  const isThisYear = at.getFullYear() === new Date(now).getFullYear();
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }) });
}

/** Of a sha256 in hex what is enough to tell two apart. */
export const short = (digest) => digest.slice(0, 12);

export const nameOf = ({ name, number }) => `${name} v${number}`;

const RULES = [
  [/^not_worse:category:(.+)$/, ([, name]) => `Not worse: ${name}`],
  [/^not_worse:(.+)$/, ([, metric]) => `Not worse: ${metricOf(metric).label.toLowerCase()}`],
  [/^better:(.+)$/, ([, metric]) => `Better: ${metricOf(metric).label.toLowerCase()}`],
  [/^not_forgotten:(.+)$/, ([, metric]) => `Nothing forgotten: ${metricOf(metric).label.toLowerCase()}`],
  [/^not_slower$/, () => "Not slower"],
  [/^enough:images$/, () => "Enough images"],
  [/^enough:general_images$/, () => "Enough images in the general set"],
  [/^usual:protocol$/, () => "The usual protocol"],
];

/** A gate rule's name for people. */
export function ruleName(name) {
  for (const [pattern, say] of RULES) {
    const found = pattern.exec(name);
    if (found) return say(found);
  }
  return capital(spaced(name));
}

export const OUTCOMES = { passed: "Passed", failed: "Failed", too_few: "Too few" };
export const ORIGINS = { accepted: "Accepted", corrected: "Corrected", prompted: "From prompts", drawn: "By hand" };
export const SPLITS = { train: "Training", validation: "Validation", holdout: "Hold-out" };
export const REASONS = { by_hand: "by hand", corrections: "enough corrections", drift: "drift" };
export const STOPPED = { planned: "as planned", patience: "early: validation got no better", budget: "when its budget was spent" };

/** Whether a difference is good, bad, or not told from none. @param {{low: number, high: number}} figure @param {{better: number}} metric */
export function verdict({ low, high }, { better }) {
  if (low > 0) return better > 0 ? "good" : "bad";
  if (high < 0) return better > 0 ? "bad" : "good";
  return "open";
}
