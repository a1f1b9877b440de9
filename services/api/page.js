// The plain page: who is signed in, and their projects with some of their images.

const API = "/api/v1";
const PICTURES = 4;
const at = (id) => document.getElementById(id);

class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const answer = await fetch(API + path, options);
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, problem.detail ?? `The server answered ${answer.status}.`);
}

function tell(error) {
  const lost = !(error instanceof Problem);
  at("trouble").textContent = lost ? "The server cannot be reached. Is maskloop up?" : error.message;
  at("trouble").hidden = false;
}

function show({ session, projects }) {
  at("trouble").hidden = true;
  at("enter").hidden = session !== null;
  at("home").hidden = session === null;
  at("who").hidden = session === null;
  at("leave").hidden = !session?.csrf_token; // only a session can be left
  if (session === null) return;
  at("who").textContent = session.name;
  at("projects").replaceChildren(...projects.map(card));
  at("empty").hidden = projects.length > 0;
}

function card(project) {
  const made = at("project").content.cloneNode(true);
  made.querySelector("h3").textContent = project.name;
  made.querySelector("p").textContent =
    `${count(project.images, "image", "images")} · ${count(project.categories, "category", "categories")}`;
  if (project.images > 0) fill(project, made.querySelector(".strip")).catch(tell);
  return made;
}

function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

async function fill(project, strip) {
  const images = `/projects/${project.id}/images`;
  const page = await ask(`${images}?limit=${PICTURES}`);
  strip.append(...page.items.map((image) => {
    const picture = new Image();
    picture.alt = image.source_uri.split("/").at(-1);
    picture.title = picture.alt;
    picture.loading = "lazy";
    picture.src = `${API}${images}/${image.id}/thumbnail`;
    return picture;
  }));
}

async function load() {
  try {
    const session = await ask("/session");
    show({ session, projects: (await ask("/projects")).items });
    return session;
  } catch (error) {
    show({ session: null, projects: [] });
    if (error.status !== 401) tell(error);
    return null;
  }
}

let session = await load();

at("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await ask("/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    form.reset();
    session = await load();
  } catch (error) {
    tell(error);
  } finally {
    button.disabled = false;
  }
});

at("leave").addEventListener("click", async () => {
  try {
    await ask("/session", { method: "DELETE", headers: { "X-CSRF-Token": session.csrf_token } });
    session = await load();
  } catch (error) {
    tell(error);
  }
});
