// The form of a new queue, for those who manage the project.
import { el } from "../../label/dom.js";
import { openDialog } from "../../label/panels/dialog.js";
import { createFields, placeErrors } from "../../models/form.js";
import { fieldsOf, queueOf } from "./queue_fields.js";

/** @param {{ server: object, project: object, onMade: (queue: object) => void, say: Function }} parts */
export async function openQueueForm({ server, project, onMade, say }) {
  const unknown = (error) => {
    say(`Some choices are missing: ${error.message}`, { kind: "warn", key: "form" });
    return [];
  };
  const [versions, jobs, members] = await Promise.all([server.versions(), server.jobs(), server.members()].map((asked) => asked.catch(unknown)));
  const groups = fieldsOf({ versions, jobs, members, categories: project.categories });
  const problem = el("p.problem", { role: "alert" });
  const forms = Object.values(groups).map((fields) => createFields({ fields, values: {} }));
  const name = el("input", { type: "text", id: "queue-name", maxLength: 100, autocomplete: "off", placeholder: "Doubtful masks", autofocus: true });
  const [what, checks, whom] = forms.map(({ element }) => element);

  async function make() {
    problem.textContent = "";
    const read = forms.map((form) => form.read());
    if (name.value.trim() === "") {
      problem.textContent = "Give the queue a name: people choose it by that.";
      name.focus();
      return false;
    }
    if (read.includes(null)) return false;
    try {
      onMade(await server.makeQueue(queueOf(name.value.trim(), Object.assign({}, ...read))));
      return true;
    } catch (error) {
      const place = (path) => {
        const form = forms.find((_, at) => Object.values(groups)[at].some((field) => field.name === path.at(-1)));
        return form ? (text) => form.say(path.at(-1), text) : null;
      };
      problem.textContent = placeErrors(error, place) ?? "";
      return false;
    }
  }

  return openDialog({
    title: "New queue", class: "wide queue-form",
    content: [
      el("div.field.queue-name", {}, el("label", { for: "queue-name" }, "Name"), name),
      el("div.queue-groups", {},
        el("section", {}, el("h3", {}, "Which masks, in which order"), what),
        el("section", {}, el("h3", {}, "Checks of people"), checks, el("h3", {}, "Limited to"), whom)),
      problem,
    ],
    actions: [{ label: "Cancel", value: "no", kind: "bare" }, { label: "Make the queue", value: "made", kind: "primary", keys: ["Mod+Enter"], check: make }],
  });
}
