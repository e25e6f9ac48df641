// MiniLM, a real encoder of English, beside the page: it runs in a worker made of this bundle's own text, so that typing never
// waits for it and file:// is enough; where there can be no worker, in the page.
import {loadBert} from './engine_bert.js';

const shared = globalThis.lmcourseShared ||= {models: new Map()};   // one for all widgets of the page, in JupyterLab too

// bytes: packed weights -> a function: {text, most, positions, temperature, headsOff} -> {ids, tokens, T, left, attention}
// most: how many tokens are read, [CLS] and [SEP] among them; left: how many characters did not fit.
export function makeRead(bytes) {
  const {tokenizer, bert} = loadBert(bytes);
  return ({text, most, positions, temperature, headsOff}) => {
    const ids = [tokenizer.startId], typed = text.trimEnd();
    let end = 0, left = 0;
    for (const word of tokenizer.words(typed)) {
      if (ids.length + word.ids.length >= most) { left = typed.length - end; break; }
      ids.push(...word.ids);
      end = word.end;
    }
    ids.push(tokenizer.endId);
    const tokens = ids.map((id, i) => {
      const label = tokenizer.text(id), mark = i === 0 || i === ids.length - 1;
      return {label, kind: mark ? "start" : "text", joined: label.startsWith("##")};
    });
    return {ids, tokens, T: ids.length, left, attention: bert.run(ids, {positions, temperature, headsOff}).attention};
  };
}

// In the worker: {id, bytes} makes the model, {id, question} asks it; answers are {id, answer} or {id, error}.
export function serveEncoder(scope) {
  let read = null;
  scope.onmessage = ({data: {id, bytes, question}}) => {
    try {
      if (bytes) read = makeRead(bytes);
      const answer = question ? read(question) : true;
      scope.postMessage({id, answer}, question ? answer.attention.map((weights) => weights.buffer) : []);
    } catch (error) {
      scope.postMessage({id, error: error.message});
    }
  };
}

// -> {ask(question): Promise of an answer, inPage}; one for each name of weights, however many widgets ask for it.
// bring(progress) -> Promise of the bytes. progress(share) is called for everyone who waits.
export function encoderOf(name, bring, progress) {
  shared.encoders ||= new Map();
  if (!shared.encoders.has(name)) {
    const entry = {waiting: new Set(), share: 0};
    entry.ready = bring((share) => { entry.share = share; for (const tell of entry.waiting) tell(share); }).then(start);
    entry.ready.catch(() => shared.encoders.delete(name));            // so that the reader may try again
    shared.encoders.set(name, entry);
  }
  const entry = shared.encoders.get(name);
  entry.waiting.add(progress);
  progress(entry.share);
  return entry.ready;
}

export const isHere = (name) => Boolean(shared.encoders?.has(name));

async function start(bytes) {
  try {
    const ask = startWorker();
    await ask({bytes});
    return {ask: (question) => ask({question}), inPage: false};
  } catch {                                                          // no worker, or one that may not run
    const read = makeRead(bytes);
    return {ask: (question) => Promise.resolve(question).then(read), inPage: true};
  }
}

function startWorker() {
  const url = URL.createObjectURL(new Blob([`(${lmBundle})().serveEncoder(self)`], {type: "text/javascript"}));
  const worker = new Worker(url), waiting = new Map();
  let asked = 0;
  worker.onmessage = ({data: {id, answer, error}}) => {
    const [resolve, reject] = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(answer);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const [, reject] of waiting.values()) reject(new Error("the worker stopped"));
    waiting.clear();
  };
  return (message) => new Promise((resolve, reject) => {
    waiting.set(++asked, [resolve, reject]);
    worker.postMessage({id: asked, ...message});
  });
}
