// Pages import one another's modules by the server's addresses: /ui/label/dom.js is ui/label/static/dom.js here.
// Imported before such a module, which is then imported by `await import(…)`.
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith("../")) return next(specifier, context);
    const { href } = new URL(specifier, context.parentURL);
    return next(href.replace(/\/ui\/[a-z]+\/(label|models)\/(?!static\/)/, "/ui/$1/static/"), context);
  },
});
