// Every command of the page of disputes about images, and its keys as delivered.

export const GROUPS = ["Decide", "Look", "Page"];

export const GESTURES = [
  ["Mouse", [
    ["Click on a pass", "Choose it"],
    ["Wheel on a picture", "Zoom all of them at the pointer"],
    ["Drag a picture", "Move all of them"],
  ]],
];

const HELD = { repeats: true };
const group = (name, rows) => rows.map(([id, title, keys, more]) => ({ id, title, group: name, keys: keys.split(" "), ...more }));

const choosing = Array.from({ length: 9 }, (_, at) => {
  const letter = "ABCDEFGHI"[at];
  return [`pass.${at + 1}`, `Pass ${letter}`, at < 3 ? `${at + 1} ${letter}` : String(at + 1), { row: "Choose a pass" }];
});

/** @type {import("../../label/commands.js").Command[]} */
export const commands = [
  ...group("Decide", [
    ...choosing,
    ["take", "Take the chosen pass", "Enter", { when: "again: for good" }],
    ["correct", "Take it and correct it on the label page", "E", { when: "again, or Enter: for good" }],
    ["next", "The next image", "N"],
    ["cancel", "Do not take it; choose none", "Escape"],
  ]),
  ...group("Look", [
    ["peek", "Masks off while held", "Space"],
    ["mask", "Masks on or off", "M"],
    ["mode", "Fill, outline or both", "L"],
    ["whole", "Whole picture", "F 0"],
    ["zoom.in", "Zoom in", "+ =", HELD],
    ["zoom.out", "Zoom out", "-", HELD],
  ]),
  ...group("Page", [["help", "This sheet of keys", "?"]]),
];
