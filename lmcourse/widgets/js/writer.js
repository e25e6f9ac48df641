// What a prompt, the settings and a seed make, and how far it has come: always the same text for the same ones. Long work is done in slices.
import {argmax, Beams, stages} from './decoding.js';
import {Draws, fallsOn} from './draws.js';

const SLICE = 12;                                                   // milliseconds
let made = 0;

// mind: {gpt, tokenizer, config}. Returns write({prompt: ids, settings, seed, stop, steps}) ->
//   {written: [{id, draw, p}], steps: how many of them, over: "stop", "room" or "", waiting: whether to call again for the rest}
//   and, for greedy and sampling, logits (V,) of what comes next, seenIds, draw (the next one); for beam search beams (decoding.js).
export function makeWriter({gpt, tokenizer, config}) {
  let run = {key: ""};
  const V = config.vocab_size, next = (ids) => gpt.run(ids).logits.slice((ids.length - 1) * V);
  const ends = {end: (ids) => ids.at(-1) === tokenizer.endId, sentence: (ids) => ids.at(-1) === tokenizer.endId || tokenizer.decode(ids).includes(".")};

  function begin({prompt, settings, seed, stop}, key, room) {
    const over = ends[stop];
    if (settings.way === "beam") {
      const beams = new Beams(settings, room, (ids) => next([...prompt, ...ids]), over);
      beams.id = ++made;
      return {key, beams};
    }
    const draws = new Draws(seed);
    return {key, over, draws, written: [], draw: draws.next()};
  }

  // One token more, unless the text is over.
  function extend({prompt, settings}) {
    const ids = [...prompt, ...run.written.map(({id}) => id)], logits = next(ids), p = stages(logits, ids, settings).min_p;
    const id = settings.way === "greedy" ? argmax(p) : fallsOn(p, run.draw);
    run.written.push({id, draw: settings.way === "greedy" ? null : run.draw, p: p[id], following: run.draws.next()});
    run.draw = run.written.at(-1).following;
  }

  return function write(asked) {
    const {prompt, settings, seed, stop, steps} = asked, room = config.max_len + 1 - prompt.length, from = performance.now();
    const key = JSON.stringify([prompt, settings, settings.way === "sample" && seed, stop]);
    if (run.key !== key) run = begin(asked, key, room);
    const late = () => performance.now() - from > SLICE;
    if (run.beams) return writeBeams(run.beams, steps, late);
    const over = () => run.over(run.written.map(({id}) => id));
    let ended = run.written.length > 0 && over();
    while (!ended && run.written.length < Math.min(steps, room) && !late()) {
      extend(asked);
      ended = over();
    }
    const written = run.written.slice(0, steps), n = written.length, all = n === run.written.length, ids = [...prompt, ...written.map(({id}) => id)];
    const why = all && ended ? "stop" : n === room ? "room" : "";
    return {written, steps: n, over: why, waiting: !why && n < steps, seenIds: ids.slice(0, config.max_len),
      logits: next(ids.slice(0, config.max_len)), draw: n ? written[n - 1].following : new Draws(seed).next()};
  };

  function writeBeams(beams, steps, late) {
    while (!beams.done && beams.history.length < steps && !late()) beams.step();
    const n = Math.min(steps, beams.history.length), all = n === beams.history.length, best = n ? beams.after(n)[0] : {ids: []};
    return {beams, written: best.ids.map((id) => ({id, draw: null, p: null})), steps: n, waiting: !beams.done && n < steps,
      over: all && beams.done ? (n === beams.longest ? "room" : "stop") : ""};
  }
}
