"use strict";
// Before anything is shown: one page at a time, in the theme that was chosen. Put on a document that stands there
// already, the first would have the browser look at every element of it again.
(() => {
  const root = document.documentElement;
  root.classList.add("paged");
  try {
    const theme = localStorage.getItem("patina-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // A file may have no storage; a choice then lasts as long as the page.
  }
})();
