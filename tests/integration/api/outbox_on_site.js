// The real API holds to what the page's outbox relies on; `test_outbox.py` runs this on its server.
import { test } from "node:test";

import { contract } from "../../unit/ui/outbox_contract.js";

const { url, tokens, ...place } = JSON.parse(process.env.MASKLOOP_TEST_PLACE);

const fetchOf = (person) => (path, request) => {
  const headers = { ...request.headers, Authorization: `Bearer ${tokens[person]}` };
  return fetch(url + path, { ...request, headers });
};

for (const [name, holds] of Object.entries(contract)) {
  test(`on the real server: ${name}`, () => holds({ ...place, fetchOf }));
}
