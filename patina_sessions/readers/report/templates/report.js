"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const overview = byId("overview");
  const hits = byId("hits");
  const words = byId("words");
  const name = document.title;
  const single = overview.classList.contains("single");
  const wordsOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

  // ------------------------------------------------------------------ pages: the overview, or one session

  // A session is text until it is opened: thousands of them would be a second of work for every look at the overview.
  const policy = window.trustedTypes ? trustedTypes.createPolicy("patina", { createHTML: (text) => text }) : null;
  const chapters = new Map();
  for (const chapter of document.querySelectorAll("noscript.chapter")) chapters.set(chapter.dataset.id, chapter);

  function article(id) {
    const chapter = chapters.get(id);
    if (!chapter || chapter.matches("article")) return chapter;
    const holder = document.createElement("div");
    holder.innerHTML = policy ? policy.createHTML(chapter.textContent) : chapter.textContent;
    const made = holder.firstElementChild;
    chapter.replaceWith(made);
    chapters.set(id, made);
    return made;
  }

  let open = null;
  function show(session) {
    if (open && open !== session) open.classList.remove("open");
    open = session;
    if (session) session.classList.add("open");
    root.classList.toggle("reading", Boolean(session));
    document.title = session ? `${wordsOf(session.querySelector("h1"))} · ${name}` : name;
  }

  function route(first) {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      // A hash that is none names no place.
    }
    const session = article(id) || article(id.replace(/-[a-z]\d*$/, "")) || null;
    if (!single) show(session);
    const target = id && byId(id);
    for (const before of document.querySelectorAll(".here")) before.classList.remove("here");
    if (!target) return;
    target.classList.add("here");
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target === session || target === overview) window.scrollTo(0, 0);
    else target.scrollIntoView();
    if (first && !session) return;
    const heading = target.matches("article, section, #overview") && target.querySelector("[tabindex='-1']");
    const place = heading || target;
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

  // Of an entry its heading and its text, and no diff that was opened.
  const saying = (entry) => [...entry.querySelectorAll("h3, .prose, summary code")].map(wordsOf).join(" · ");

  const signs = { amp: "&", lt: "<", gt: ">", quot: '"', "#34": '"', "#39": "'" };
  function plain(chapter) {
    if (chapter.matches("article")) {
      return [...chapter.querySelectorAll("h1, .facts, .goals, .context, h3, .prose")].map(wordsOf).join(" ");
    }
    const text = chapter.textContent.replace(/<[^>]*>/g, " ").replace(/&(amp|lt|gt|quot|#34|#39);/g, (_, sign) => signs[sign]);
    return text.replace(/\s+/g, " ");
  }

  const told = [];
  const ids = [...chapters.keys()];
  const titles = new Map();
  for (const link of document.querySelectorAll("#sessions tbody th a")) titles.set(link.hash.slice(1), wordsOf(link));
  function read(deadline) {
    while (told.length < ids.length && (!deadline || deadline.timeRemaining() > 2)) {
      const id = ids[told.length];
      const title = titles.get(id) || id;
      told.push({ id, title, text: plain(chapters.get(id)).toLowerCase(), low: title.toLowerCase() });
    }
    if (told.length < ids.length) idle(read);
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
  function best(session, asked) {
    let found = { score: 0, text: "", id: session.id };
    for (const entry of session.querySelectorAll(".log > .entry")) {
      const text = saying(entry);
      const low = text.toLowerCase();
      const there = asked.filter((word) => low.includes(word));
      if (there.length <= found.score) continue;
      const near = Math.max(0, low.indexOf(there[0]) - 60);
      const at = near ? text.indexOf(" ", near) + 1 : 0;
      found = { score: there.length, text: (at ? "… " : "") + text.slice(at, at + 180), id: entry.id || session.id };
    }
    return found;
  }

  const MOST = 50;
  function search() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    root.classList.toggle("searching", asked.length > 0);
    hits.hidden = asked.length === 0;
    if (!asked.length) return;
    while (told.length < ids.length) read();
    const found = told.filter((one) => asked.every((word) => one.text.includes(word)));
    const inTitle = (one) => asked.every((word) => one.low.includes(word));
    found.sort((a, b) => inTitle(b) - inTitle(a));
    const count = found.length === 1 ? "1 session" : `${found.length.toLocaleString("en")} sessions`;
    byId("hits-count").textContent = found.length > MOST ? `${count}, the first ${MOST} of them` : count;
    const list = byId("hits-list");
    list.replaceChildren();
    for (const one of found.slice(0, MOST)) {
      const { text, id } = best(article(one.id), asked);
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

  function leave() {
    words.value = "";
    search();
  }
  if (words) {
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
    hits.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      leave();
      if (link.hash === location.hash) route(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !hits.hidden) {
        leave();
        words.focus();
      }
    });
  }

  // ------------------------------------------------------------------ theme: the system's, or a chosen one

  const themes = ["system", "light", "dark"];
  const button = byId("theme");
  let theme = root.dataset.theme || "system";
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
      // The choice lasts as long as the page.
    }
    dress();
  });

  // ------------------------------------------------------------------ live: a page that is served asks for news

  const live = document.body.dataset.live;
  async function ask() {
    try {
      const answer = await fetch("version", { cache: "no-store" });
      const now = answer.ok ? (await answer.text()).trim() : live;
      const busy = (words && words.value) || document.querySelector("details.change[open]");
      if (now !== live && !busy) location.reload();
    } catch {
      root.classList.add("gone");
    }
    setTimeout(ask, 2000);
  }
  if (live) setTimeout(ask, 2000);

  dress();
  window.addEventListener("hashchange", () => route(false));
  route(true);
})();
