// Every command of the labeling page: its name, its group on the sheet of keys, and its keys as delivered.

/** A chord: modifiers and one key joined by "+", such as "Mod+Shift+Z"; Mod is Ctrl, or ⌘ on a Mac (keys.js).
 * @typedef {object} Command
 * @property {string} id
 * @property {string} title
 * @property {string} group      one of GROUPS
 * @property {string[]} keys     chords as delivered
 * @property {string} [when]     said beside the title: when it does something
 * @property {string} [row]      commands of one row share a line of the sheet, under this title
 * @property {boolean} [repeats] runs again while the key is held down */

/** In the order of the sheet. */
export const GROUPS = ["Tools", "Cursor", "Categories", "Object", "View", "Flow"];

const group = (name, rows) =>
  rows.map(([id, title, keys, more]) => ({ id, title, group: name, keys: keys.split(" "), ...more }));

const HELD = { repeats: true };
const IN_HAND = { when: "object in hand" };
const CANDIDATES = { when: "of the model", repeats: true };
const DIRECTIONS = ["Left", "Right", "Up", "Down"];

const cursor = DIRECTIONS.flatMap((way) => {
  const id = `cursor.${way.toLowerCase()}`;
  return [
    [id, `Cursor ${way.toLowerCase()}`, `Arrow${way}`, { ...HELD, row: "Move the cursor" }],
    [`${id}_far`, `Cursor ${way.toLowerCase()}, five times as far`, `Shift+Arrow${way}`, { ...HELD, row: "Move it five times as far" }],
  ];
});

const numbered = Array.from({ length: 9 }, (_, place) => [
  `category.${place + 1}`, `Category ${place + 1} of the project`, String(place + 1), { row: "By number" },
]);

/** @type {Command[]} */
export const commands = [
  ...group("Tools", [
    ["tool.point", "Point", "P"],
    ["tool.box", "Box", "B"],
    ["tool.stroke", "Stroke", "S"],
    ["tool.brush", "Brush", "D"],
    ["tool.eraser", "Eraser", "F"],
    ["tool.polygon", "Polygon, add", "G"],
    ["tool.polygon_subtract", "Polygon, subtract", "Shift+G"],
    ["tool.split", "Split", "K"],
    ["tool.pan", "Hand: move the view", "H"],
    ["brush.smaller", "Smaller brush", "[", HELD],
    ["brush.larger", "Larger brush", "]", HELD],
  ]),
  ...group("Object", [
    ["accept", "Accept", "Enter", { when: "object in hand, proposal" }],
    ["reject", "Reject", "X", { when: "proposal" }],
    ["edit", "Edit", "E", { when: "proposal, annotation" }],
    ["delete", "Delete", "Delete Backspace"],
    ["cancel", "Cancel, let go", "Escape"],
    ["candidate.next", "Next answer", "Tab", CANDIDATES],
    ["candidate.previous", "Previous answer", "Shift+Tab", CANDIDATES],
    ["candidate.cycle", "Cycle the answers", "C", HELD],
    ["fill_holes", "Fill holes", "O", IN_HAND],
    ["remove_islands", "Remove islands", "I", IN_HAND],
    ["merge", "Merge the selected objects", "M"],
    ["snap", "Snap box to mask", "Shift+S", IN_HAND],
    ["undo", "Undo", "Mod+Z", HELD],
    ["redo", "Redo", "Mod+Shift+Z Mod+Y", HELD],
    ["object.next", "Next object", "."],
    ["object.previous", "Previous object", ","],
    ["below", "Object that lies below", "V"],
    ["above", "Object that lies above", "Shift+V"],
    ["select_all", "Select all objects", "Mod+A"],
  ]),
  ...group("Cursor", [
    ["stage.focus", "Put the keys on the image", "W"],
    ...cursor,
    ["cursor.include", "Include at the cursor", "A"],
    ["cursor.exclude", "Exclude at the cursor", "Shift+A"],
  ]),
  ...group("View", [
    ["zoom.in", "Zoom in", "+ =", HELD],
    ["zoom.out", "Zoom out", "-", HELD],
    ["view.fit", "Fit the image to the window", "0"],
    ["view.actual", "One image pixel per screen pixel", "Z"],
    ["look.masks", "Show or hide the masks", "T"],
    ["look.others", "Show only the object in hand", "Y"],
    ["look.mode", "Fill, outline or both", "L"],
    ["look.colour", "Colour by category, score or object", "Shift+L"],
  ]),
  ...group("Categories", [...numbered, ["category.search", "Search the categories", "/"]]),
  ...group("Flow", [
    ["submit", "Submit and next image", "N"],
    ["skip", "Skip with a reason", "Shift+N"],
    ["image.previous", "Previous image", "PageUp"],
    ["image.next", "Next image", "PageDown"],
    ["images", "List of images", "Q"],
    ["queue", "Choose a queue", "Shift+Q"],
    ["help", "This sheet of keys", "?"],
  ]),
];
