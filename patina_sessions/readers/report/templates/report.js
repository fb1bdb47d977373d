"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const overview = byId("overview");
  const hits = byId("hits");
  const words = byId("words");
  const name = document.title;
  const single = overview.classList.contains("single");

  // ------------------------------------------------------------------ pages: the overview, or one session

  let open = null;
  function show(article) {
    if (open && open !== article) open.classList.remove("open");
    open = article;
    if (article) article.classList.add("open");
    root.classList.toggle("reading", Boolean(article));
    const title = article && article.querySelector("h1");
    document.title = title ? `${title.textContent.trim()} · ${name}` : name;
  }

  function route(first) {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      // A hash that is none names no place.
    }
    const target = id && byId(id);
    const article = target && target.closest("article.session");
    if (!single) show(article || null);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const place = target.matches("article, section, #overview") ? target.querySelector("[tabindex='-1']") || target : target;
    if (place.matches("article, section, #overview")) window.scrollTo(0, 0);
    else (target === article ? article : target).scrollIntoView();
    if (first && !article) return;
    if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------ diffs: unpacked when one is opened

  const packs = new Map();
  async function unpack(id) {
    const block = byId(id);
    if (!block) return [];
    const bytes = Uint8Array.from(atob(block.textContent), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return (await new Response(stream).text()).split("\0");
  }

  function textOf(id) {
    if (!packs.has(id)) packs.set(id, unpack(id));
    return packs.get(id);
  }

  const kinds = { "+": "added", "-": "removed", "@": "where", "…": "where" };
  function drawn(text) {
    const box = document.createElement("div");
    box.className = "diff";
    for (const part of text.split(/^(?=diff --git )/m)) {
      const pre = document.createElement("pre");
      let head = true;
      for (const line of part.replace(/\n$/, "").split("\n")) {
        if (line.startsWith("@@")) head = false;
        const span = document.createElement("span");
        span.className = head ? "head" : kinds[line[0]] || "";
        span.textContent = `${line}\n`;
        pre.append(span);
      }
      box.append(pre);
    }
    return box;
  }

  async function fill(details) {
    if (details.dataset.filled) return;
    details.dataset.filled = "yes";
    const texts = await textOf(details.dataset.pack);
    const text = texts[Number(details.dataset.at)];
    const id = details.querySelector(".id").textContent;
    details.append(drawn(text || `… this report has no room for it: git show ${id}`));
  }

  // "toggle" does not bubble, but it can be caught on its way down.
  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (details.open && details.matches("details.change")) fill(details);
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.unfold");
    if (!button) return;
    const opening = button.dataset.open !== "yes";
    button.dataset.open = opening ? "yes" : "";
    button.textContent = opening ? "Close all diffs" : "Open all diffs";
    for (const details of button.closest("article").querySelectorAll("details.change")) details.open = opening;
  });

  // ------------------------------------------------------------------ search: over the text of the sessions

  const wordsOf = (element) => element.textContent.replace(/\s+/g, " ").trim();
  // Of an entry its heading and its text, and no diff that was opened.
  function saying(element) {
    if (!element.matches(".entry")) return wordsOf(element);
    return [...element.querySelectorAll("h3, .prose, summary code")].map(wordsOf).join(" · ");
  }

  const told = [];
  const articles = [...document.querySelectorAll("article.session")];
  function read(deadline) {
    while (told.length < articles.length && (!deadline || deadline.timeRemaining() > 2)) {
      const article = articles[told.length];
      const title = wordsOf(article.querySelector("h1"));
      const text = [...article.querySelectorAll("h1, .facts, .goals, .context, .entry")].map(saying).join(" ");
      told.push({ article, title, text: text.toLowerCase(), low: title.toLowerCase() });
    }
    if (told.length < articles.length) idle(read);
  }
  const idle = window.requestIdleCallback || ((work) => setTimeout(() => work({ timeRemaining: () => 20 }), 50));

  function marked(into, text, asked) {
    let rest = text;
    for (;;) {
      const low = rest.toLowerCase();
      let at = -1;
      let size = 0;
      for (const word of asked) {
        const here = low.indexOf(word);
        if (here >= 0 && (at < 0 || here < at)) [at, size] = [here, word.length];
      }
      if (at < 0) break;
      const mark = document.createElement("mark");
      mark.textContent = rest.slice(at, at + size);
      into.append(rest.slice(0, at), mark);
      rest = rest.slice(at + size);
    }
    into.append(rest);
  }

  // The entry that has the most of the words, and the words around the first of them.
  function best(article, asked) {
    let found = { score: 0, text: "", id: article.id };
    for (const entry of article.querySelectorAll(".log > .entry")) {
      const text = saying(entry);
      const low = text.toLowerCase();
      const there = asked.filter((word) => low.includes(word));
      if (there.length <= found.score) continue;
      const near = Math.max(0, low.indexOf(there[0]) - 60);
      const at = near ? text.indexOf(" ", near) + 1 : 0;
      found = { score: there.length, text: (at ? "… " : "") + text.slice(at, at + 180), id: entry.id || article.id };
    }
    return found;
  }

  const MOST = 50;
  function search() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    root.classList.toggle("searching", asked.length > 0);
    hits.hidden = asked.length === 0;
    if (!asked.length) return;
    while (told.length < articles.length) read();
    const found = told.filter((one) => asked.every((word) => one.text.includes(word)));
    const inTitle = (one) => asked.every((word) => one.low.includes(word));
    found.sort((a, b) => inTitle(b) - inTitle(a));
    const count = found.length === 1 ? "1 session" : `${found.length.toLocaleString("en")} sessions`;
    byId("hits-count").textContent = found.length > MOST ? `${count}, the first ${MOST} of them` : count;
    const list = byId("hits-list");
    list.replaceChildren();
    for (const one of found.slice(0, MOST)) {
      const { text, id } = best(one.article, asked);
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `#${id}`;
      marked(link, one.title, asked);
      const said = document.createElement("p");
      marked(said, text, asked);
      item.append(link, said);
      list.append(item);
    }
  }

  let waiting = 0;
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  words.addEventListener("focus", () => idle(read), { once: true });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  function leave() {
    words.value = "";
    search();
  }
  hits.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    leave();
    if (link.getAttribute("href") === location.hash) route(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !hits.hidden) {
      leave();
      words.focus();
    }
  });

  // ------------------------------------------------------------------ theme: the system's, or a chosen one

  const themes = ["system", "light", "dark"];
  const button = byId("theme");
  let theme = "system";
  try {
    theme = localStorage.getItem("patina-theme") || theme;
  } catch {
    // A file may have no storage; the choice then lasts as long as the page.
  }
  function dress() {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  }
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try {
      localStorage.setItem("patina-theme", theme);
    } catch {
      // As above.
    }
    dress();
  });

  // ------------------------------------------------------------------ live: a page that is served asks for news

  const live = document.body.dataset.live;
  async function ask() {
    try {
      const answer = await fetch("version", { cache: "no-store" });
      const now = answer.ok ? (await answer.text()).trim() : live;
      const busy = words.value || document.querySelector("details.change[open]");
      if (now !== live && !busy) location.reload();
    } catch {
      root.classList.add("gone");
    }
    setTimeout(ask, 2000);
  }
  if (live) setTimeout(ask, 2000);

  root.classList.add("paged");
  if (themes.includes(theme)) dress();
  window.addEventListener("hashchange", () => route(false));
  route(true);
})();
