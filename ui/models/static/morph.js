// Makes what stands in the page like what was drawn anew, node by node, so that a poll takes away neither the focus nor
// the place that somebody has scrolled to. Listeners stay with the elements: give them to what is drawn by `data-do` (doing.js).

/** @param {Element} target @param {(Node|string)[]} wanted  its children; what is matched is taken from them, the rest is used up */
export function morph(target, wanted) {
  const nodes = wanted.map(asNode);
  const keyed = new Map([...target.children].filter(keyOf).map((child) => [keyOf(child), child]));
  const stay = new Set(nodes.map(keyOf));
  let at = target.firstChild;
  for (const node of nodes) {
    const key = keyOf(node);
    if (key !== null && keyed.has(key)) at = withoutLeaving(at, keyed.get(key), stay);
    const match = partner(node, at, keyed);
    if (match === null) target.insertBefore(node, at);
    else if (match === at) at = at.nextSibling;
    else target.insertBefore(match, at);
    if (match !== null) like(match, node);
  }
  while (at) at = removed(at);
}

/** What does not stay is taken away up to `to`: an element that is moved instead would lose the focus. */
function withoutLeaving(at, to, stay) {
  let node = at;
  while (node && node !== to && !stay.has(keyOf(node) ?? undefined)) node = removed(node);
  return node;
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

const asNode = (node) => (typeof node === "string" ? document.createTextNode(node) : node);
const keyOf = (node) => node.dataset?.key ?? null;

function partner(node, at, keyed) {
  const key = keyOf(node);
  if (key !== null) {
    const match = keyed.get(key) ?? null;
    keyed.delete(key); // a second one of the same key is a new element
    return match?.nodeName === node.nodeName ? match : null;
  }
  const isSame = at !== null && at.nodeType === node.nodeType && at.nodeName === node.nodeName && keyOf(at) === null;
  return isSame ? at : null;
}

function like(old, fresh) {
  if (old === fresh) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isTheirs(old, name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !isTheirs(old, name)) old.setAttribute(name, value);
  morph(old, [...fresh.childNodes]);
}

/** What people set themselves: whether something is folded out. */
const isTheirs = (element, name) => name === "open" && element.nodeName === "DETAILS";
