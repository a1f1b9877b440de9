// The lint rules of the pages' JavaScript (`make check`).
import js from "@eslint/js";
import globals from "globals";

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module" },
    rules: {
      ...js.configs.recommended.rules,
      complexity: ["error", 15],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", 400],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["ui/**/*.js"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ["ui/**/*worker.js"],
    languageOptions: { globals: globals.worker },
  },
  {
    files: ["tests/**/*.js"],
    languageOptions: { globals: globals.node },
  },
];
