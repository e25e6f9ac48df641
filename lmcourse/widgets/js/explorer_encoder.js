// The explorer's second mind: brings MiniLM when it is wanted, asks it, and keeps what it said last. One run at a time; of the
// texts that are typed meanwhile only the newest is read. No DOM.
import {encoderOf, isHere} from './encoder.js';

export const LAYERS = 6;
export const HEADS = 12;
const MOST = 128, MOST_NARROW = 40;                                  // tokens that are read, [CLS] and [SEP] among them
const PAUSE = 120;                                                   // ms between runs where they hold up the page

// A phone, or a reader who pays for each megabyte: nothing of this size comes without being asked for.
function sparing() {
  const small = matchMedia("(pointer: coarse)").matches && Math.min(screen.width, screen.height) < 600;
  return small || Boolean(navigator.connection?.saveData);
}

// model: the widget's; changed() is called whenever there is something new to show.
export function makeEncoder(model, changed) {
  const name = model.get("encoder");
  let state = "asleep", share = 0, why = "", encoder = null, last = null, lastKey = "", running = "", wanted = null;

  // The model's bytes: from the page's scripts, or from the kernel, which sends them once it knows that they are wanted.
  function bring(progress) {
    if (globalThis.lmcourseWeightsOf) return globalThis.lmcourseWeightsOf(name, progress);
    return new Promise((resolve, reject) => {
      const look = async () => {
        if (model.get("missing")) reject(new Error(model.get("missing")));
        const id = model.get("carrier_encoder");
        if (!id) return;
        model.off("change:carrier_encoder", look);
        model.off("change:missing", look);
        const data = (await model.widget_manager.get_model(id)).get("data");
        if (data?.byteLength) resolve(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
        else reject(new Error(`the weights ${name} did not arrive; run the notebook's cells again`));
      };
      model.on("change:carrier_encoder", look);
      model.on("change:missing", look);
      look().catch(reject);
    });
  }

  function load() {
    if (state === "loading" || state === "ready") return;
    state = "loading";
    encoderOf(name, bring, (part) => { share = part; changed(); }).then(
      (found) => { encoder = found; state = "ready"; changed(); },
      (error) => { why = error.message; state = "failed"; changed(); });
    changed();
  }

  // Seen for the first time: comes by itself where megabytes are cheap, or where another figure has brought it already.
  function wake() {
    if (state === "asleep" && (isHere(name) || !sparing())) load();
  }

  async function run() {
    while (wanted && wanted.key !== lastKey) {
      const {key, question} = wanted;
      running = key;
      try {
        last = await encoder.ask(question);
        last.question = question;
      } catch (error) {
        [why, state, wanted] = [error.message, "failed", null];
      }
      lastKey = key;
      changed();
      if (encoder.inPage) await new Promise((done) => setTimeout(done, PAUSE));
    }
    running = "";
    changed();
  }

  // What the encoder said of this text, or of the last before it; null where it has not spoken yet.
  function read(text, {positions, temperature, headsOff, narrow}) {
    if (state !== "ready") return last;
    const question = {text, positions, temperature, headsOff, most: narrow ? MOST_NARROW : MOST}, key = JSON.stringify(question);
    wanted = {key, question};
    if (!running && key !== lastKey) run();
    return last;
  }

  return {load, wake, read, state: () => ({state, share, why}), pending: () => Boolean(running) || state === "loading"};
}

// The same weights without [CLS] and [SEP]: each row's others share what those had. A row that gave them all keeps nothing.
export function amongWords({attention, T}) {
  return attention.map((all) => {
    const out = all.slice();
    for (let at = 0; at < out.length; at += T) {
      out[at] = out[at + T - 1] = 0;
      let sum = 0;
      for (let i = 1; i < T - 1; i++) sum += out[at + i];
      if (sum > 0) for (let i = 1; i < T - 1; i++) out[at + i] /= sum;
    }
    return out;
  });
}
