// Colours of masks: by category, by score, by object; told apart with any kind of colour sight.

/** Okabe and Ito's seven hues ("Color Universal Design", 2008) and a grey; then lighter and darker steps of the
 * same hues, each the farthest in OKLab from all before it, by the worst of normal and three kinds of colour-blind sight. */
const CATEGORIES = [
  "e69f00", "56b4e9", "009e73", "f0e442", "0072b2", "d55e00", "cc79a7", "c8c8c8",
  "662700", "154669", "8b4925", "bafcdf", "696969", "e7bc7d", "0f5f85", "b1b1b1",
  "9fd1fb", "c69d5e", "5d324a", "099ddc", "ab5b89", "92eec7", "898331", "9c9645",
].map(fromHex);

/** Dark blue to yellow, even in lightness: Nuñez, Anderton and Renslow's cividis (2018), at tenths of its length. */
const SCORES = ["00224e", "123570", "3b496c", "575d6d", "707173", "8a8678", "a59c74", "c3b369", "e1cc55", "fee838"].map(fromHex);

/** A model is seldom less sure than the first; below it all are drawn alike. */
export const SCORE_RANGE = [0.5, 1];
const UNSCORED = [160, 160, 160];

/** @typedef {[number, number, number]} Rgb  0 to 255 */

/** @param {number} index the category's place in its project; colours repeat after 24 @returns {Rgb} */
export const categoryColour = (index) => CATEGORIES[((index % CATEGORIES.length) + CATEGORIES.length) % CATEGORIES.length];

/** @param {number|null} score predicted IoU @returns {Rgb} */
export function scoreColour(score) {
  if (score === null || score === undefined || Number.isNaN(score)) return UNSCORED;
  const [least, most] = SCORE_RANGE;
  const along = Math.min(1, Math.max(0, (score - least) / (most - least))) * (SCORES.length - 1);
  const before = Math.min(Math.floor(along), SCORES.length - 2);
  return SCORES[before].map((value, channel) => Math.round(value + (SCORES[before + 1][channel] - value) * (along - before)));
}

/** Objects that follow one another differ in hue and lightness: both walk Roberts' R2 sequence (2018), whose
 * neighbours lie far apart in two dimensions.
 * @param {string} key of a LabelObject @returns {Rgb} */
export function objectColour(key) {
  const number = /^p\d+$/.test(key) ? Number(key.slice(1)) : hash(key);
  const hue = (0.5 + number * 0.7548776662466927) % 1;
  const step = (0.5 + number * 0.5698402909980532) % 1;
  return fromLch(0.58 + 0.3 * step, 0.15, hue * 2 * Math.PI);
}

/** @param {Rgb} colour */
export const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;

function fromHex(hex) {
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** FNV-1a of 32 bits, small enough to stay exact when multiplied by a fraction. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

/** OKLCH (Ottosson 2020) to sRGB; chroma is taken back until the colour can be shown. */
function fromLch(lightness, chroma, hue) {
  for (let reach = chroma; reach > 0.01; reach -= 0.01) {
    const linear = linearOf(lightness, reach * Math.cos(hue), reach * Math.sin(hue));
    if (linear.every((value) => value >= 0 && value <= 1)) return linear.map(encoded);
  }
  return linearOf(lightness, 0, 0).map(encoded);
}

function linearOf(lightness, a, b) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

const encoded = (linear) => {
  const value = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
};
