// Excerpts on the search page. Each found page's words come from one classic script (theme/search.py), so that it works on file:// too.
(() => {
  const waiting = {};                                  // page -> the result entries that wait for its words

  function words() {
    return (new URLSearchParams(location.search).get("q") || "").toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(word => word.length > 1);
  }

  // About 240 characters of `text` around the first of the words that occurs, as a paragraph with the words marked.
  function paragraph(text) {
    const found = words();
    const lower = text.toLowerCase();
    const first = Math.min(...found.map(word => lower.indexOf(word)).filter(at => at >= 0), text.length);
    let start = first === text.length ? 0 : Math.max(0, first - 80);
    if (start) start = text.indexOf(" ", start) + 1;
    const piece = (start ? "… " : "") + text.slice(start, start + 240).trim() + (start + 240 < text.length ? " …" : "");
    const element = document.createElement("p");
    element.className = "search-excerpt";
    const marks = found.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    for (const [i, part] of (marks.length ? piece.split(new RegExp(`(${marks.join("|")})`, "giu")) : [piece]).entries()) {
      const node = i % 2 ? document.createElement("mark") : document.createTextNode(part);
      if (i % 2) node.textContent = part;
      element.append(node);
    }
    return element;
  }

  window.lmcourseExcerpt = (page, sections) => {
    for (const {entry, anchor} of waiting[page] || []) {
      const whole = sections.map(section => section[1]);
      const own = sections.find(section => anchor && section[0] === anchor);
      const hit = whole.find(text => words().some(word => text.toLowerCase().includes(word)));
      entry.append(paragraph(own ? own[1] : hit || whole[0] || ""));
    }
    waiting[page] = [];
  };

  function excerpt(entry) {
    const link = entry.querySelector("a");
    const match = link && link.getAttribute("href").match(/^(.*)\.html(?:#(.*))?$/);
    if (!match) return;
    const page = match[1];
    (waiting[page] = waiting[page] || []).push({entry, anchor: match[2] && decodeURIComponent(match[2])});
    const script = document.createElement("script");
    script.src = `${document.documentElement.dataset.content_root}_static/excerpts/${page}.js`;
    document.head.append(script);
  }

  const results = document.getElementById("search-results");
  if (!results) return;
  results.setAttribute("aria-live", "polite");
  new MutationObserver(changes => {
    for (const change of changes) for (const node of change.addedNodes) if (node.nodeName === "LI") excerpt(node);
  }).observe(results, {childList: true, subtree: true});
  results.querySelectorAll("ul.search li").forEach(excerpt);
})();
