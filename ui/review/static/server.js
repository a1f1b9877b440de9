// The requests of the review page that no person waits to see journaled: queues, cards, leases.

/** @param {ReturnType<typeof import("../label/journal/api.js").createApi>} api @param {number} projectId */
export function createServer(api, projectId) {
  const root = `/projects/${projectId}`;
  const data = (asked) => asked.then((answer) => answer.data);
  const items = (found) => (Array.isArray(found) ? found : found.items);
  return {
    project: () => data(api.get(root)),
    /** `queues`: those of cards, for images are handed out on the label page; `isFolded`: one of these asks several people for each.
     * @returns {Promise<{ queues: object[], isFolded: boolean }>} */
    queues: () => data(api.get(`${root}/queues`)).then(items).then((found) => ({
      queues: found.filter(({ subject }) => subject !== "images"), isFolded: found.some(({ subject, fold }) => subject === "images" && fold > 1),
    })),
    /** Images that several people labeled and do not agree on. @returns {Promise<{ items: object[], next: string|null }>} */
    disputed: (cursor = null) => data(api.get(`${root}/folds?${new URLSearchParams({ state: "disputed", limit: "100", ...(cursor === null ? {} : { cursor }) })}`)),
    /** With what each of them drew. @param {number} image */
    fold: (image) => data(api.get(`${root}/folds/${image}`)),
    /** @param {number} image @param {{ pass_id: number, finish: boolean }} choice @param {string} key */
    settle: (image, choice, key) => data(api.post(`${root}/folds/${image}/settle`, choice, { key })),
    mode: () => data(api.get(`${root}/mode`)),
    makeQueue: (queue) => data(api.post(`${root}/queues`, queue)),
    changeQueue: (id, change) => data(api.patch(`${root}/queues/${id}`, change)),
    members: () => data(api.get(`${root}/members`)).then(items),
    jobs: () => data(api.get(`${root}/jobs?limit=100`)).then(items),
    versions: () => data(api.get("/model-versions?limit=200")).then(items),
    /** @returns {Promise<{ cards: object[], left: number }>} */
    next: (queue_id, count) => data(api.post(`${root}/cards/next`, { queue_id, count })),
    /** @returns {Promise<{ lost: { id: number, holder: string|null }[], until: string, seconds: number }>} */
    renew: (cards) => data(api.post(`${root}/cards/renew`, { cards })),
    giveBack: (cards, extras) => data(api.post(`${root}/cards/return`, { cards }, extras)),
    /** A mask that came too late for its card, as an annotation of its own. */
    annotate: (image, mask, key) => data(api.post(`${root}/images/${image}/annotations`, mask, { key })),
    picture: (image, side) => `/api/v1${root}/images/${image}/rendition?side=${side}`,
  };
}
