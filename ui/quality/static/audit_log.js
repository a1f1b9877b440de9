// The audit events that have been fetched, and how more of them come: by choice of person and deed, page after page.

const PAGE = 50;
export const UNREAD = Object.freeze({ events: null, next: null, kinds: null, error: null, waits: false, user: null, action: null });

/** @param {{ store: object, api: object, project: number }} parts  the store's `audit` is this module's */
export function createAuditLog({ store, api, project }) {
  const { state } = store;
  const root = `/projects/${project}/audit-events`;
  let turn = 0; // answers to an earlier choice are none to this one
  const put = (change) => store.set({ audit: { ...state.audit, ...change } });

  function query({ user, action, next }) {
    const given = new URLSearchParams({ limit: String(PAGE) });
    if (user !== null) given.set("user", user);
    if (action !== null) given.set("action", action);
    if (next) given.set("cursor", next);
    return `${root}?${given}`;
  }

  async function fetch(next) {
    const mine = (turn += 1);
    put({ waits: true });
    try {
      const [page, kinds] = await Promise.all([api.get(query({ ...state.audit, next })), next ? null : api.get(`${root}/kinds`)]);
      if (mine !== turn) return;
      const before = next ? state.audit.events : [];
      put({ events: [...before, ...page.data.items], next: page.data.next, kinds: kinds?.data ?? state.audit.kinds, error: null, waits: false });
    } catch (error) {
      if (mine === turn) put({ error, waits: false });
    }
  }

  return {
    load: () => fetch(null),
    older: () => fetch(state.audit.next),
    /** @param {"user"|"action"} name @param {string|null} value  null: whichever */
    choose(name, value) {
      put({ [name]: value, events: null, next: null });
      return fetch(null);
    },
  };
}
