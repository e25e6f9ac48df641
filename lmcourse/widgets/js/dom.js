// Helpers: make an element, write only what changed, run something at most once a frame.

// h("button", {class: "x", onclick: f, "aria-label": "y"}, "text", child): attributes that are false or null are left out.
export function h(tag, attributes, ...children) {
  const svg = ["svg", "path", "g", "circle"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

// setText only where it differs: a live region speaks when it is written to. A text that is there changes its letters: a
// new one would make the browser build its box anew.
export function setText(node, text) {
  const only = node.firstChild;
  if (only && only === node.lastChild && only.nodeType === Node.TEXT_NODE) {
    if (only.data !== text) only.data = text;
  } else if (node.textContent !== text) node.textContent = text;
}

// remember(write) returns a function that calls `write(value)` where the value is not the last one. To remember is cheaper
// than to ask the page, and what is not written makes no work for its style and layout.
export function remember(write) {
  let last;
  return (value) => { if (value !== last) write(last = value); };
}

// Scrolls `room`, and nothing around it, just so far that `node` in it is seen whole.
export function bringIntoSight(room, node) {
  const {top, bottom} = node.getBoundingClientRect(), from = room.getBoundingClientRect().top + room.clientTop, EDGE = 3;     // px
  const below = bottom + EDGE - from - room.clientHeight;
  if (top < from) room.scrollTop -= from - top + EDGE;
  else if (below > 0) room.scrollTop += below;
}

// Returns a function; however often it is called, `work` runs at most once a frame: at once where this frame has not had
// its run (so that the next picture already shows it), else at the beginning of the next. `.cancel()` for the end.
export function eachFrame(work) {
  let frame = 0, coming = false, again = false;
  const ask = () => {
    if (coming) return;                                             // the run that comes sees what this call is about
    if (frame) { again = true; return; }
    coming = true;
    frame = requestAnimationFrame(() => { frame = 0; if (again) { again = false; ask(); } });
    queueMicrotask(() => { coming = false; if (frame) work(); });    // after the handler that asked has done all it does
  };
  ask.cancel = () => { cancelAnimationFrame(frame); frame = 0; again = false; };
  return ask;
}
