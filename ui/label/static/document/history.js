// Undo and redo without limit: steps between immutable documents, of objects and the draft in hand.

/**
 * A step knows the operations it caused, so that undoing it can take back what was not sent yet.
 * @typedef {{ before: Doc, after: Doc, operations: Promise<object[]> }} Step
 * @typedef {{ objects: Map<string, object>, draft: object|null }} Doc
 */
export function createHistory() {
  /** @type {Step[]} */ let done = [];
  /** @type {Step[]} */ let undone = [];
  return {
    push(step) {
      done.push(step);
      undone = [];
    },
    undo() {
      const step = done.pop() ?? null;
      if (step !== null) undone.push(step);
      return step;
    },
    redo() {
      const step = undone.pop() ?? null;
      if (step !== null) done.push(step);
      return step;
    },
    /** A draft got its answer: wherever a step has it, it has the answer too. */
    amend(draft, amended) {
      for (const step of [...done, ...undone]) {
        if (step.before.draft === draft) step.before = { ...step.before, draft: amended };
        if (step.after.draft === draft) step.after = { ...step.after, draft: amended };
      }
    },
    /** Objects that came from elsewhere take part in every step, so that undo does not take them away.
     * @param {(objects: Map<string, object>) => Map<string, object>} change
     * @param {Map<string, object>} current the objects that are shown @returns {Map<string, object>} them, changed */
    rebase(change, current) {
      const seen = new Map();
      const changed = (objects) => {
        if (!seen.has(objects)) seen.set(objects, change(objects));
        return seen.get(objects);
      };
      for (const step of [...done, ...undone]) {
        step.before = { ...step.before, objects: changed(step.before.objects) };
        step.after = { ...step.after, objects: changed(step.after.objects) };
      }
      return changed(current);
    },
    clear() {
      done = [];
      undone = [];
    },
    get counts() {
      return { undo: done.length, redo: undone.length };
    },
  };
}
