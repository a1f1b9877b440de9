// The form of a new queue, for those who manage the project.
import { el } from "../../label/dom.js";
import { openDialog } from "../../label/panels/dialog.js";
import { createFields, placeErrors } from "../../models/form.js";
import { applies, fieldsOf, orderOf, queueOf } from "./queue_fields.js";

/** @param {{ server: object, project: object, onMade: (queue: object) => void, say: Function }} parts */
export async function openQueueForm({ server, project, onMade, say }) {
  const or = (usual) => (error) => {
    say(`Some choices are missing: ${error.message}`, { kind: "warn", key: "form" });
    return usual;
  };
  const [versions, jobs, members] = await Promise.all([server.versions(), server.jobs(), server.members()].map((asked) => asked.catch(or([]))));
  const { queue: ofMode } = await server.mode().catch(or({ queue: { subject: "proposals", ordering: "doubt" } }));
  const groups = fieldsOf({ versions, jobs, members, categories: project.categories });
  const problem = el("p.problem", { role: "alert" });
  const forms = Object.values(groups).map((fields) => createFields({ fields, values: { ...ofMode }, onChange: fit }));
  const name = el("input", { type: "text", id: "queue-name", maxLength: 100, autocomplete: "off", placeholder: "Doubtful masks", autofocus: true });
  const [what, checks, whom] = forms.map(({ element }) => element);
  let shown = { subject: null, ordering: ofMode.ordering };
  fit();

  /** What the subject has none of is not asked; an order that nobody chose follows it. */
  function fit() {
    const [choices] = forms;
    const subject = choices.value("subject");
    if (subject === shown.subject) return;
    const isUntouched = choices.value("ordering") === shown.ordering;
    const ordering = isUntouched ? orderOf(ofMode, subject) : shown.ordering;
    if (isUntouched) choices.put("ordering", ordering);
    for (const form of forms) form.show((field) => applies(field, subject));
    shown = { subject, ordering };
  }

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
        el("section", {}, el("h3", {}, "What comes, in which order"), what),
        el("section", {}, el("h3", {}, "Checks of people"), checks, el("h3", {}, "Limited to"), whom)),
      problem,
    ],
    actions: [{ label: "Cancel", value: "no", kind: "bare" }, { label: "Make the queue", value: "made", kind: "primary", keys: ["Mod+Enter"], check: make }],
  });
}
