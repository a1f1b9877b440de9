// Why a mask is rejected: the quick ones by digit, in words that the figures of quality can count.

export const REASONS = [
  { text: "not an object", about: "Background, a shadow, part of nothing" },
  { text: "merged", about: "Two objects or more in one mask" },
  { text: "part missing", about: "The object goes on outside of the mask" },
  { text: "bad border", about: "The right object, but a ragged edge" },
  { text: "duplicate", about: "Another mask shows it already" },
];

/** The digit behind the last quick reason asks for a text. */
export const OTHER = REASONS.length + 1;
export const LONGEST = 2000;
