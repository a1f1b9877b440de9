// What figures mean, and names of what they are of; no more than values in and out.

export const TOO_WIDE = 0.4;

/** Whether so few were asked that the interval says next to nothing. @param {{low: number, high: number}|null} share */
export const isTooFew = (share) => share === null || share.high - share.low > TOO_WIDE;
export const few = (answers) => (answers === 0 ? "nobody was asked yet" : `too few: ${answers} so far`);

const ORIGINS = { accepted: "Accepted as proposed", corrected: "Corrected", prompted: "From prompts", drawn: "By hand" };
const DEFECTS = { all: "All of them", eroded: "Eroded", shifted: "Shifted", merged: "Merged with a neighbour", missing_part: "A part is missing", wrong_category: "Wrong category" };
export const originName = (name) => ORIGINS[name] ?? name;
export const defectName = (name) => DEFECTS[name] ?? name.replaceAll("_", " ");

/** Of versions that share a name the number tells them apart. @param {{id: number|null, name: string}} of */
export const versionName = ({ id, name }) => (id === null ? "By hand" : `${name} v${id}`);

export const sum = (rows, key) => rows.reduce((total, row) => total + row[key], 0);
