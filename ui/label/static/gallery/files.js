// Files that people drop, choose or paste; folders to their depths.

/** As the server takes them for images when it searches a folder. */
const SUFFIXES = new Set("bmp gif jfif jp2 jpe jpeg jpg mpo png ppm pgm tif tiff webp avif".split(" "));
export const ACCEPT = ["image/*", ...[...SUFFIXES].map((suffix) => `.${suffix}`)].join(",");

/** @param {{name: string, type: string}} file */
export function isImage({ name, type }) {
  const suffix = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return SUFFIXES.has(suffix) || (type.startsWith("image/") && type !== "image/svg+xml");
}

/** What system and tools leave in folders. @param {{name: string}} file */
const isHidden = ({ name }) => name.startsWith(".") || name === "Thumbs.db" || name === "desktop.ini";

/**
 * `images`; `others` were given by name and are none; `leftOut` counts those that merely lay in a folder.
 * @typedef {{images: File[], others: File[], leftOut: number}} Sorted
 */

/** @param {File[]} files @param {{fromFolder?: boolean}} [options] @returns {Sorted} */
export function sorted(files, { fromFolder = false } = {}) {
  const images = files.filter((file) => isImage(file) && !isHidden(file));
  const rest = files.filter((file) => !images.includes(file) && !isHidden(file));
  return fromFolder ? { images, others: [], leftOut: rest.length } : { images, others: rest, leftOut: 0 };
}

/** All that was dropped. Call it within the event: afterwards the browser gives nothing away.
 * @param {DataTransfer} transfer @returns {Promise<Sorted>} */
export async function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? null);
  const given = [...transfer.files];
  if (entries.length === 0 || entries.includes(null)) return sorted(given);
  const plain = await Promise.all(entries.filter((entry) => entry.isFile).map(fileOf));
  const inside = [];
  for (const entry of entries) if (entry.isDirectory) inside.push(...(await filesIn(entry)));
  const [named, found] = [sorted(plain), sorted(inside, { fromFolder: true })];
  return { images: [...named.images, ...found.images], others: named.others, leftOut: found.leftOut };
}

async function filesIn(folder) {
  const files = [];
  for (const entry of await entriesOf(folder)) {
    if (isHidden(entry)) continue;
    if (entry.isDirectory) files.push(...(await filesIn(entry)));
    else files.push(await fileOf(entry));
  }
  return files;
}

/** In the order of their names; the browser gives a hundred at a time. */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch((error) => {
      throw cannotRead(folder, error);
    });
    if (some.length === 0) break;
    all.push(...some);
  }
  return all.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

const fileOf = (entry) =>
  new Promise((resolve, reject) => entry.file(resolve, (error) => reject(cannotRead(entry, error))));

const cannotRead = (entry, error) =>
  new Error(`${entry.fullPath || entry.name} cannot be read (${error.message}): nothing was sent. Check its permissions and drop it again.`, { cause: error });

/** What lies in the clipboard, under names that tell when. @param {DataTransfer} clipboard @param {Date} now */
export function pasted(clipboard, now) {
  const stamp = now.toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "-");
  return [...clipboard.files].filter(isImage).map((file, at) => {
    if (file.name !== "image.png") return file; // a file that was copied, by its own name
    return new File([file], `pasted ${stamp}${at > 0 ? ` ${at + 1}` : ""}.png`, { type: file.type });
  });
}
