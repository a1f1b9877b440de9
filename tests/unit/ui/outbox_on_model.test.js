// The model of the API holds to what the outbox relies on.
import { test } from "node:test";

import { modelServer } from "./model_server.js";
import { contract } from "./outbox_contract.js";

for (const [name, holds] of Object.entries(contract)) {
  test(`on the model: ${name}`, () => {
    const { fetchOf, propose } = modelServer();
    propose(9, 4, "p");
    return holds({ fetchOf, project: 1, image: 4, category: 2, size: [3, 5], counts: ["a", "b", "c"], proposals: [9] });
  });
}
