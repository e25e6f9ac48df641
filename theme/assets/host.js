// Brings the widgets of a page to life without a kernel. Works from file://: everything comes by classic scripts.
//
// theme/widgets.py leaves in the page, for each stored widget:
//   <div class="lm-widget" data-id="lm-1" data-code="AttentionExplorer@<sha>" data-weights="course-gpt@sha256:<sha>">
//     <div class="lm-still">a picture</div> <script type="application/json">its traits</script> </div>
// and in _static/widgets and _static/weights the scripts that call lmcourseWidget(name, module) and lmcourseWeights(name, base64), or
// for large weights lmcourseParts(name, bytes, [names of parts]).
//
// A widget's state can be linked to: page.html#lm-3?layer=1&head=2&text=Anna+Bell sets traits of lm-3, where they differ from the
// stored ones; what is no string is JSON. What does not fit (no such trait, another type, out of the trait's bounds) is left out.
(function () {
  "use strict";
  var root = document.currentScript.src.replace(/[^/]*$/, "");       // .../_static/
  var arrived = {}, scripts = {}, models = {};

  // What the scripts call; each name arrives once.
  window.lmcourseWidget = function (name, module) { arrived[name] = module; };
  window.lmcourseWeights = function (name, base64) {
    var text = atob(base64), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    arrived[name] = bytes;
  };

  window.lmcourseParts = function (name, size, parts) { arrived[name] = {size: size, parts: parts}; };

  // The thing called `name`, from the script of that digest.
  function load(folder, name) {
    return scripts[name] = scripts[name] || new Promise(function (resolve, reject) {
      var script = document.createElement("script"), file = folder + "/" + name.replace(/^.*[@:]/, "") + ".js";
      script.src = root + file;
      script.onload = function () { name in arrived ? resolve(arrived[name]) : reject(new Error(file + " does not hold " + name)); };
      script.onerror = function () { delete scripts[name]; reject(new Error(file + " could not be loaded")); };
      document.head.appendChild(script);
    });
  }
  // progress(share) is told how much of large weights has come; those are the caller's alone and not kept here.
  window.lmcourseWeightsOf = function (name, progress) {
    return load("weights", name).then(function (found) { return found.parts ? gather(found, progress) : found; });
  };

  function gather(found, progress) {
    if (!found.parts.length) return Promise.reject(new Error("this copy of the book was built without these weights"));
    var whole = new Uint8Array(found.size), at = 0;
    return found.parts.reduce(function (before, part) {
      return before.then(function () { return load("weights", part); }).then(function (bytes) {
        whole.set(bytes, at);
        at += bytes.length;
        delete arrived[part];
        delete scripts[part];
        if (progress) progress(at / found.size);
      });
    }, Promise.resolve()).then(function () { return whole; });
  }

  // A widget's model as anywidget's modules expect it (AFM), without a kernel behind it.
  function makeModel(traits) {
    var state = Object.assign({}, traits), listeners = {};
    function fire(event, value) { (listeners[event] || []).slice().forEach(function (f) { f(value); }); }
    return {
      get: function (name) { return state[name]; },
      set: function (name, value) {
        if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
        state[name] = value;
        fire("change:" + name, value);
        fire("change");
      },
      save_changes: function () {},
      send: function () {},
      on: function (event, f) { (listeners[event] = listeners[event] || []).push(f); },
      off: function (event, f) { listeners[event] = f ? (listeners[event] || []).filter(function (g) { return g !== f; }) : []; }
    };
  }

  // Start one widget: its code and its weights come together, the picture stays until the first drawing is there.
  function start(box) {
    var still = box.querySelector(".lm-still"), el = document.createElement("div");
    var traits = JSON.parse(box.querySelector('script[type="application/json"]').textContent), id = box.dataset.id;
    var linked = Object.assign({}, traits, linkedTraits(id, traits));
    var model = models[id] = models[id] || makeModel(linked);        // two views of one widget share it
    var weights = box.dataset.weights;                              // empty: this one runs no model
    return Promise.all([load("widgets", box.dataset.code), weights && load("weights", weights)]).then(function (found) {
      return found[0].render({model: model, el: el});
    }).then(function () {
      if (still) still.replaceWith(el); else box.appendChild(el);
      box.dataset.state = "alive";
      box.appendChild(linkButton(id, traits, model));
    }).catch(function (error) {
      console.error(error);
      box.dataset.state = "failed";
      var note = document.createElement("p");
      note.className = "lm-failed";
      note.textContent = "This figure could not start (" + error.message + "). " + (still ? "What you see is its picture." : "");
      box.appendChild(note);
    });
  }

  // --- links to a state ---
  var OWN = /^(_|weights|encoder|lstm|described|limits|layout|exact)/;     // not the reader's to set

  // "#lm-3?layer=1&text=a+b" -> {id: "lm-3", values: URLSearchParams}, or null. In the gallery the ids begin with "gallery-".
  function readHash() {
    var found = /^#((?:lm|gallery)-[\w-]+)\?(.*)$/.exec(location.hash);
    return found && {id: found[1], values: new URLSearchParams(found[2])};
  }

  // The traits that the address sets for this widget, those alone that may be.
  function linkedTraits(id, stored) {
    var hash = readHash(), out = {};
    if (!hash || hash.id !== id) return out;
    hash.values.forEach(function (text, name) {
      if (!Object.prototype.hasOwnProperty.call(stored, name) || OWN.test(name)) return;
      try {
        var value = typeof stored[name] === "string" ? text : JSON.parse(text);
        if (fits(value, stored[name], (stored.limits || {})[name])) out[name] = value;
      } catch (error) { /* no JSON: the stored value stays */ }
    });
    return out;
  }

  // limits: {"choice": [...]}, or {"low", "high", "open", "whole"} of a number, with "fewest" and "most" of a list (lmcourse.widgets.traits)
  function fits(value, stored, limits) {
    if (value === null || typeof value !== typeof stored || Array.isArray(value) !== Array.isArray(stored)) return false;
    if (!limits) return true;
    if (limits.choice) return limits.choice.indexOf(value) >= 0;
    var numbers = Array.isArray(value) ? value : [value];
    if (numbers !== value ? false : value.length < limits.fewest || value.length > limits.most) return false;
    return numbers.every(function (x) {
      if (typeof x !== "number" || !isFinite(x) || limits.whole && x !== Math.round(x)) return false;
      var low = limits.low === null ? -Infinity : limits.low, high = limits.high === null ? Infinity : limits.high;
      return limits.open ? low < x && x < high : low <= x && x <= high;
    });
  }

  function hashOf(id, stored, model) {
    var parts = [];
    Object.keys(stored).forEach(function (name) {
      var now = model.get(name);
      if (OWN.test(name) || JSON.stringify(now) === JSON.stringify(stored[name])) return;
      var text = encodeURIComponent(typeof stored[name] === "string" ? now : JSON.stringify(now));
      parts.push(name + "=" + text.replace(/%20/g, "+").replace(/%(2C|3A|5B|5D|2F)/g, decodeURIComponent));
    });
    return "#" + id + "?" + parts.join("&");
  }

  function linkButton(id, stored, model) {
    var line = document.createElement("div"), button = document.createElement("button"), said = document.createElement("span"), quiet;
    line.className = "lm-linkline";
    said.setAttribute("role", "status");
    button.type = "button";
    button.textContent = "link";
    button.title = "Link to this figure as it stands now";
    button.setAttribute("aria-label", button.title);
    button.onclick = function () {
      var say = function (text) {
        said.textContent = text;
        clearTimeout(quiet);
        quiet = setTimeout(function () { said.textContent = ""; }, 4000);
      };
      var hash = hashOf(id, stored, model), there = "The link is in the address bar.";
      try { history.replaceState(null, "", hash); } catch (error) { location.hash = hash; }
      if (!navigator.clipboard) return say(there);
      navigator.clipboard.writeText(location.href).then(function () { say("Link copied."); }, function () { say(there); });
    };
    line.append(said, button);
    return line;
  }

  // An address that names a widget: go there; if it is alive already, set it.
  function follow() {
    var hash = readHash(), box = hash && document.querySelector('.lm-widget[data-id="' + hash.id + '"]');
    if (!box) return;
    box.scrollIntoView();
    var stored = JSON.parse(box.querySelector('script[type="application/json"]').textContent), model = models[hash.id];
    if (!model) return;
    var linked = linkedTraits(hash.id, stored);
    Object.keys(stored).forEach(function (name) {
      if (!OWN.test(name)) model.set(name, name in linked ? linked[name] : stored[name]);
    });
  }

  function begin() {
    follow();
    window.addEventListener("hashchange", follow);
    var boxes = Array.prototype.slice.call(document.querySelectorAll(".lm-widget[data-code]"));
    if (!("IntersectionObserver" in window)) return boxes.forEach(start);
    var near = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) { near.unobserve(entry.target); start(entry.target); }
      });
    }, {rootMargin: "600px 0px"});
    boxes.forEach(function (box) { near.observe(box); });
  }
  window.lmcourseHost = {models: models, start: start};
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", begin) : begin();
})();
