// How long the page's engine takes: node benchmarks/engine_speed.mjs [packed model]
// CPU milliseconds a pass, so that a busy machine does not count against it (a shared core still does), after a warm-up.
// "whole": nothing is reused. "typed": one more token at the end, the rows before it come from the last run.
// Without a packed model: random weights in the size of course-gpt (4 layers, d = 128, 4 heads, 480 tokens).
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { loadModel } from '../lmcourse/widgets/js/engine.js';
import { packed, random } from '../tests/js/tiny.mjs';

const COURSE = { vocab_size: 480, d_model: 128, n_heads: 4, n_layers: 4, max_len: 160, d_hidden: 512 };
const bytes = process.argv[2] ? readFileSync(process.argv[2]) : packed({ config: COURSE });
const next = random(1);

function cpu(action) {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

// `action` for some two seconds, at least 40 times: median and 95th percentile
function measure(action) {
  const times = [], end = performance.now() + 2000;
  for (let i = 0; i < 10; i++) action();
  while (times.length < 40 || performance.now() < end) times.push(action());
  times.sort((a, b) => a - b);
  return [0.5, 0.95].map(share => times[Math.floor(share * (times.length - 1))].toFixed(2).padStart(8)).join('');
}

console.log(`${cpus()[0].model.trim()}, node ${process.version}; CPU ms a pass`);
console.log('kernel        T   whole: p50     p95  typed: p50     p95');
for (const wasm of [true, false]) {
  const { config, gpt } = loadModel(bytes, { wasm });
  const draw = count => Array.from({ length: count }, () => Math.floor(config.vocab_size * next()));
  for (const T of [8, 16, 32, 64, 128].filter(count => count < config.max_len)) {
    const whole = measure(() => {
      const ids = draw(T);
      ids[0] = (gpt.last.ids[0] + 1) % config.vocab_size || 0;             // another first token: no row can be kept
      return cpu(() => gpt.run(ids));
    });
    const typed = measure(() => {
      const ids = draw(T);
      gpt.run(ids.slice(0, -1));
      return cpu(() => gpt.run(ids));
    });
    console.log(`${gpt.kernel.padEnd(10)} ${String(T).padStart(4)}  ${whole}    ${typed}`);
  }
}
