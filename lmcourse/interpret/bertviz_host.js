// Runs bertviz's head view without require.js and jQuery: d3 comes by a plain script tag, once a page, when the
// view comes near the window; so the same output works in a static page (file:// too), in JupyterLab and on Colab.
// bertviz.py puts bertviz's own script and the attention where the two LMCOURSE_ names stand.
(function () {
  const id = LMCOURSE_ID;
  const data = LMCOURSE_PARAMS;

  function bertviz($, d3, params) {
LMCOURSE_BERTVIZ
  }

  // The seven things that bertviz asks of jQuery, for one element.
  function $(what) {
    const element = what === "<option />" ? document.createElement("option") : document.querySelector(what);
    const self = {
      element,
      val(value) { if (element) element.value = value; return self; },
      text(text) { if (element) element.textContent = text; return self; },
      append(other) { if (element) element.append(other.element); return self; },
      empty() { if (element) element.replaceChildren(); return self; },
      change() { if (element) element.dispatchEvent(new Event("change")); return self; },
      on(name, listener) { if (element) element.addEventListener(name, listener); return self; },
    };
    return self;
  }

  function loadD3(url) {
    if (window.d3 && /^5\./.test(window.d3.version)) return Promise.resolve(window.d3);
    const loading = window.lmcourseD3 = window.lmcourseD3 || {};
    return loading[url] = loading[url] || new Promise(function (resolve, reject) {
      if (typeof window.define === "function" && window.define.amd && window.requirejs) {
        window.requirejs([url], resolve, reject);   // beside require.js, d3 hands itself to require.js only
        return;
      }
      const script = document.createElement("script");
      script.src = url;
      script.onload = function () { resolve(window.d3); };
      script.onerror = function () { delete loading[url]; reject(new Error("not loaded: " + url)); };
      document.head.append(script);
    });
  }

  const perMille = (x) => Array.isArray(x) ? x.map(perMille) : x / 1000;

  function draw(box, d3) {
    const root = box.querySelector(".lm-bertviz-root");
    root.id = id + "-" + Math.random().toString(36).slice(2);   // the same output may be open twice
    const params = Object.assign({}, data, {root_div_id: root.id});
    params.attention = data.attention.map((d) => Object.assign({}, d, {attn: perMille(d.attn)}));
    new MutationObserver(() => makeAccessible(box)).observe(root.querySelector("#vis"), {childList: true});
    bertviz($, d3, params);
    for (const option of root.querySelectorAll("#layer option")) option.textContent = Number(option.value) + 1;
    box.dataset.state = "drawn";
  }

  // bertviz draws for the mouse. The heads become check boxes, the words on the left a list for the arrow keys.
  function makeAccessible(box) {
    const svg = box.querySelector("#vis svg");
    if (!svg) return;
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", box.dataset.label);
    const heads = [...svg.lastElementChild.children];
    const tell = () => heads.forEach((head) => head.setAttribute("aria-checked", /^#/.test(head.getAttribute("fill"))));
    heads.forEach((head, i) => {          // bertviz lightens the colour of a head that is off: "rgb(...)", not "#..."
      head.setAttribute("role", "checkbox");
      head.setAttribute("tabindex", "0");
      head.setAttribute("aria-label", box.dataset.head + " " + (i + 1));
      for (const name of ["click", "dblclick"]) head.addEventListener(name, () => setTimeout(tell));
      head.addEventListener("keydown", (event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        head.dispatchEvent(new MouseEvent(event.shiftKey ? "dblclick" : "click"));
      });
    });
    tell();
    const left = svg.querySelector("#left");
    const list = left.lastElementChild;
    const words = [...list.children];
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", box.dataset.tokens);
    words.forEach((word, i) => {
      word.setAttribute("role", "option");
      word.setAttribute("aria-selected", "false");
      word.setAttribute("tabindex", i ? "-1" : "0");
      word.addEventListener("focus", () => {
        words.forEach((other) => other.setAttribute("tabindex", other === word ? "0" : "-1"));
        word.setAttribute("aria-selected", "true");
        word.dispatchEvent(new MouseEvent("mouseover"));
      });
      word.addEventListener("blur", () => {
        word.setAttribute("aria-selected", "false");
        left.dispatchEvent(new MouseEvent("mouseleave"));
      });
      word.addEventListener("keydown", (event) => {
        const next = {ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: words.length - 1}[event.key];
        if (!words[next]) return;
        event.preventDefault();
        words[next].focus();
      });
    });
  }

  function start(box) {
    loadD3(box.dataset.d3).then((d3) => draw(box, d3)).catch(function (error) {
      box.dataset.state = "failed";
      box.querySelector(".lm-bertviz-root").textContent = box.dataset.failed;
      console.warn("bertviz:", error);
    });
  }

  for (const box of document.querySelectorAll('[data-lm-bertviz="' + id + '"]:not([data-state])')) {
    box.dataset.state = "waiting";
    if (!window.IntersectionObserver) { start(box); continue; }
    const watch = new IntersectionObserver(function (entries) {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      start(box);
    }, {rootMargin: "300px"});
    watch.observe(box);
  }
})();
