// Every command of the review page: its name, its group on the sheet of keys, and its keys as delivered.

/** In the order of the sheet. */
export const GROUPS = ["Judge", "Look", "Categories", "Wall", "Page"];

export const GESTURES = [
  ["Mouse", [
    ["Wheel on the picture", "Zoom at the pointer"],
    ["Drag the picture", "Move it"],
    ["Click on a crop of the wall", "Select it; Shift selects up to it"],
    ["Double click on a crop", "Look at it alone"],
  ]],
];

const HELD = { repeats: true };
const IN_WALL = { when: "wall" };
const group = (name, rows) => rows.map(([id, title, keys, more]) => ({ id, title, group: name, keys: keys.split(" "), ...more }));

const numbered = Array.from({ length: 9 }, (_, place) => [
  `digit.${place + 1}`, `Category ${place + 1} of the project, or reason ${place + 1}`, String(place + 1), { row: "By number" },
]);

const walking = ["Left", "Right", "Up", "Down"].flatMap((way) => [
  [`wall.${way.toLowerCase()}`, `Crop ${way.toLowerCase()}`, `Arrow${way}`, { ...HELD, ...IN_WALL, row: "Go to another crop" }],
  [`wall.${way.toLowerCase()}_far`, `Select up to the crop ${way.toLowerCase()}`, `Shift+Arrow${way}`, { ...HELD, ...IN_WALL, row: "Select on the way" }],
]);

/** @type {import("../label/commands.js").Command[]} */
export const commands = [
  ...group("Judge", [
    ["accept", "Accept", "A Enter"],
    ["reject", "Reject, with a reason", "X", { when: "again, or Enter: without one" }],
    ["reject.last", "Reject for the same reason as last", "Shift+X"],
    ["correct", "Correct on the picture", "E"],
    ["take", "Take the vote that is shown", "T", { when: "in a dispute; or Enter" }],
    ["undo", "Take the last verdict back", "U Mod+Z", HELD],
    ["later", "Later: the next card first", "N"],
    ["give_back", "Give back, for somebody else", "S"],
    ["cancel", "Close, let go", "Escape"],
  ]),
  ...group("Look", [
    ["space", "Mask off while held; in the wall: select", "Space"],
    ["mask", "Mask on or off", "B"],
    ["mode", "Fill, outline or both", "L"],
    ["whole", "Whole picture, or the crop", "F 0"],
    ["zoom.in", "Zoom in", "+ =", HELD],
    ["zoom.out", "Zoom out", "-", HELD],
    ["truth", "Truth and yours, after a check", "G"],
    ["vote", "The next vote of a dispute", "V"],
    ["vote.back", "The vote before", "Shift+V"],
  ]),
  ...group("Categories", [...numbered, ["search", "Search the categories", "/"]]),
  ...group("Wall", [
    ["wall", "Wall of crops, or one at a time", "W"],
    ...walking,
    ["wall.all", "Select all, or none", "Mod+A", IN_WALL],
  ]),
  ...group("Page", [
    ["queue", "Choose a queue", "Q"],
    ["help", "This sheet of keys", "?"],
  ]),
];
