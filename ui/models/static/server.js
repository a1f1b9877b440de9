// The requests of the models page, one name each.

import { uuid } from "../label/journal/ids.js";

const MOST = 200; // of a list; older ones are behind the API

/** @param {ReturnType<typeof import("../label/journal/api.js").createApi>} api @param {number} projectId */
export function createServer(api, projectId) {
  const root = `/projects/${projectId}`;
  const get = (path, extras) => api.get(path, extras).then(({ data }) => data);
  const items = (path) => get(path).then((data) => data.items);
  const post = (path, body, extras) => api.post(path, body, extras).then(({ data }) => data);
  // A person's button, pressed once: the answer of a request that got lost is found again by its key.
  const once = (path, body) => post(path, body, { key: uuid() });

  return {
    versions: () => items("/model-versions"),
    promotions: () => items(`/promotions?limit=${MOST}`),
    status: () => get(`${root}/training-status`),
    trainings: () => items(`${root}/trainings?limit=${MOST}`),
    training: (job) => get(`${root}/trainings/${job}`),
    points: (job, after) => get(`${root}/trainings/${job}/points?after=${after}`),
    sets: () => items(`${root}/training-sets?limit=${MOST}`),
    setsOf: (project) => items(`/projects/${project}/training-sets?limit=${MOST}`),
    comparison: (one, other) => get(`${root}/training-sets/${one}/compare/${other}`),
    policy: () => get(`${root}/training-policy`),
    gates: (challenger) => items(`${root}/gate-results?challenger=${challenger}`),
    summaries: (version) => items(`${root}/evaluations?model_version=${version}&limit=${MOST}`),
    evaluating: () => items(`${root}/jobs?kind=evaluate&limit=20`),
    shadow: () => get("/shadow").then((data) => data.shadow),

    preview: (rule, signal) => post(`${root}/training-sets/preview`, { rule }, { signal }),
    freeze: (body) => once(`${root}/training-sets`, body),
    savePolicy: (policy) => api.put(`${root}/training-policy`, policy).then(({ data }) => data),
    train: (body) => once(`${root}/trainings`, body),
    evaluate: (body) => once(`${root}/evaluations`, body),
    cancel: (job) => post(`${root}/jobs/${job}/cancel`, undefined),
    resume: (job) => post(`${root}/jobs/${job}/resume`, undefined),
    promote: (body) => once("/promotions", body),
    rollBack: (body) => once("/promotions/rollback", body),
    retire: (number) => post(`/model-versions/${number}/retire`, undefined),
    card: (number) => get(`/model-versions/${number}/card`),
    startShadow: (body) => once("/shadow", body),
    endShadow: () => api.delete("/shadow"),
  };
}
