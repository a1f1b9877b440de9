// Which queue the next image is taken from: a choice in the bar at the top, where there are queues.
import { el } from "../dom.js";
import { labelOf, nameIn } from "../queues.js";

/** @param {{ store: object, onQueue: (id: number|null) => void }} parts */
export function createQueueChoice({ store, onQueue }) {
  const element = el("select.queue-choice", { "aria-label": "Queue", title: "Queue (Shift+Q)", onchange: () => chosen(element.value) });

  /** The store says which one it is: an image that cannot be left keeps its queue. */
  function chosen(value) {
    show();
    onQueue(value === "" ? null : Number(value));
  }

  const show = () => (element.value = String(store.state.queue ?? ""));

  const isGone = (queues, queue) => queue !== null && nameIn(queues, queue) === null;

  store.on(["queues", "queue"], ({ queues, queue }) => {
    element.hidden = queues.length === 0;
    element.replaceChildren(...[
      el("option", { value: "" }, "All my queues"),
      ...queues.map((one) => el("option", { value: String(one.id) }, labelOf(one))),
      isGone(queues, queue) && el("option", { value: String(queue) }, "A queue that is closed"),
    ].filter(Boolean));
    show();
  });
  return {
    element,
    focus() {
      element.focus();
      return !element.hidden;
    },
  };
}
