// Small repairs that need the page to be there.
document.addEventListener("DOMContentLoaded", () => {
  // What scrolls sideways must be reachable by keyboard, and have a name: the theme gives the first, not the second.
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .katex-display")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", box.matches(".katex-display") ? "Formula, scrolls sideways" : "Table, scrolls sideways");
    }
  }
});
