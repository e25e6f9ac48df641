// What the engine can be given, and the sentence that says so when it was given something else.

// The architecture that engine.js computes. A field that is missing means the same.
const RUNS = { position: 'learned', norm: 'layer', mlp: 'gelu_tanh', qk_norm: false, token_shift: false };

export function checkConfig(config) {
  for (const name of ['vocab_size', 'd_model', 'n_heads', 'n_layers', 'max_len']) {
    if (!(Number.isInteger(config[name]) && config[name] > 0)) {
      throw new Error(`the model's ${name} is ${JSON.stringify(config[name])}; it must be a whole number above 0`);
    }
  }
  for (const [name, value] of Object.entries(RUNS)) {
    if ((config[name] ?? value) !== value) {
      throw new Error(`the engine in the page does not compute ${name}=${JSON.stringify(config[name])}, only ${JSON.stringify(value)}`);
    }
  }
  const { d_model: d, n_heads: heads, n_kv_heads: shared, d_hidden: hidden } = config;
  if ((shared ?? heads) !== heads) {
    throw new Error(`the engine in the page does not share keys and values: n_kv_heads=${shared} must be n_heads=${heads}`);
  }
  if (d % heads) throw new Error(`d_model=${d} is not divisible by n_heads=${heads}`);
  if ((d / heads) % 4) throw new Error(`a head has ${d / heads} dimensions (d_model=${d} / n_heads=${heads}); the engine needs a multiple of 4`);
  if ((hidden ?? 0) % 4) throw new Error(`d_hidden=${hidden}; the engine needs a multiple of 4`);
}

// Every tensor is there, in its shape.
export function checkTensors(tensors, { vocab_size: V, d_model: d, n_layers: L, max_len: T, d_hidden: hidden, bias = true, tie_weights: tied = true }) {
  const wide = hidden ?? 4 * d;
  const shapes = { 'token_embedding.weight': [V, d], 'position_embedding.weight': [T, d] };
  if (!tied) shapes['output.weight'] = [V, d];
  const vectors = (name, size) => {
    shapes[`${name}.weight`] = [size];
    if (bias || `${name}.bias` in tensors) shapes[`${name}.bias`] = [size];
  };
  const matrix = (name, outer, inner) => {
    vectors(name, outer);
    shapes[`${name}.weight`] = [outer, inner];
  };
  for (let l = 0; l < L; l++) {
    vectors(`blocks.${l}.attention_norm`, d);
    matrix(`blocks.${l}.attention.qkv`, 3 * d, d);
    matrix(`blocks.${l}.attention.output`, d, d);
    vectors(`blocks.${l}.mlp_norm`, d);
    matrix(`blocks.${l}.mlp.up`, wide, d);
    matrix(`blocks.${l}.mlp.down`, d, wide);
  }
  vectors('final_norm', d);
  checkShapes(tensors, shapes);
}

export function checkShapes(tensors, shapes) {
  for (const [name, shape] of Object.entries(shapes)) {
    if (!(name in tensors)) throw new Error(`the weights have no tensor ${name}; the configuration asks for one of shape (${shape.join(', ')})`);
    if (String(tensors[name].shape) !== String(shape)) {
      throw new Error(`tensor ${name} has shape (${tensors[name].shape.join(', ')}); the configuration asks for (${shape.join(', ')})`);
    }
  }
}

// The architecture that engine_bert.js computes, and every tensor of it.
export function checkBert(config, tensors) {
  for (const [name, value] of Object.entries({ position: 'learned', norm: 'layer', norm_first: false, qk_norm: false, token_shift: false, bias: true })) {
    if (config[name] !== value) throw new Error(`the page's BERT does not compute ${name}=${JSON.stringify(config[name])}, only ${JSON.stringify(value)}`);
  }
  if (!['gelu', 'gelu_tanh'].includes(config.mlp)) throw new Error(`the page's BERT does not compute mlp=${JSON.stringify(config.mlp)}, only "gelu" and "gelu_tanh"`);
  const { vocab_size: V, d_model: d, d_hidden: hidden, n_heads: H, n_kv_heads: shared, n_layers: L, max_len: T, n_types: types } = config;
  if (shared !== H || (d / H) % 4 || hidden % 4) {
    throw new Error(`d_model=${d}, n_heads=${H}, n_kv_heads=${shared}, d_hidden=${hidden}: a head and d_hidden must be multiples of 4, and no head shared`);
  }
  const shapes = { 'token_embedding.weight': [V, d], 'position_embedding.weight': [T, d] };
  if (types) shapes['type_embedding.weight'] = [types, d];
  const matrix = (name, outer, inner) => Object.assign(shapes, { [`${name}.weight`]: [outer, inner], [`${name}.bias`]: [outer] });
  const vectors = (name) => Object.assign(shapes, { [`${name}.weight`]: [d], [`${name}.bias`]: [d] });
  vectors('embedding_norm');
  if ('head.bias' in tensors) {                                  // with the head for masked words
    shapes['head.bias'] = [V];
    vectors('head.norm');
    matrix('head.transform', d, d);
  }
  for (let l = 0; l < L; l++) {
    matrix(`blocks.${l}.attention.qkv`, 3 * d, d);
    matrix(`blocks.${l}.attention.output`, d, d);
    matrix(`blocks.${l}.mlp.up`, hidden, d);
    matrix(`blocks.${l}.mlp.down`, d, hidden);
    [`blocks.${l}.attention_norm`, `blocks.${l}.mlp_norm`].forEach(vectors);
  }
  checkShapes(tensors, shapes);
}

// -> the ids as an array of our own
export function checkIds(ids, { vocab_size: V, max_len: max }) {
  ids = Array.from(ids);
  if (!ids.length) throw new Error('there is no token to run: give at least one');
  if (ids.length > max) throw new Error(`${ids.length} tokens are too many: this model reads at most ${max}`);
  for (const id of ids) {
    if (!(Number.isInteger(id) && id >= 0 && id < V)) throw new Error(`${id} is not the id of a token: ids are whole numbers from 0 to ${V - 1}`);
  }
  return ids;
}

// -> {causal, positions, temperature, headsOff, edgesOff, key}; equal keys mean equal options
export function checkOptions(options, { n_layers: L, n_heads: H }, tokens) {
  const known = { causal: true, positions: true, temperature: 1, headsOff: [], edgesOff: [] };
  for (const name of Object.keys(options)) {
    if (!(name in known)) throw new Error(`unknown option ${JSON.stringify(name)}; the options are ${Object.keys(known).join(', ')}, residual`);
  }
  const { causal, positions, temperature, headsOff, edgesOff } = { ...known, ...options };
  for (const [name, value] of Object.entries({ causal, positions })) {
    if (typeof value !== 'boolean') throw new Error(`${name} is ${JSON.stringify(value)}; it must be true or false`);
  }
  if (!(Number.isFinite(temperature) && temperature > 0)) throw new Error(`temperature is ${temperature}; it must be a number above 0`);
  checkIndices('headsOff', headsOff, { layer: L, head: H });
  checkIndices('edgesOff', edgesOff, { layer: L, head: H, query: tokens, key: tokens });
  checkRowsLeft(edgesOff, causal, tokens);
  return { causal, positions, temperature, headsOff, edgesOff, key: JSON.stringify([causal, positions, temperature, headsOff, edgesOff]) };
}

function checkIndices(option, list, sizes) {
  const names = Object.keys(sizes), form = `[${names.join(', ')}]`;
  if (!Array.isArray(list)) throw new Error(`${option} must be a list of ${form}`);
  for (const entry of list) {
    if (!Array.isArray(entry) || entry.length !== names.length) throw new Error(`${option} holds ${JSON.stringify(entry)}; it must be a list of ${form}`);
    names.forEach((name, i) => {
      if (!(Number.isInteger(entry[i]) && entry[i] >= 0 && entry[i] < sizes[name])) {
        throw new Error(`${option} holds ${JSON.stringify(entry)}: there is no ${name} ${entry[i]}, they are 0 to ${sizes[name] - 1}`);
      }
    });
  }
}

// A softmax needs something to share among: one key at least must stay in every row.
function checkRowsLeft(edges, causal, tokens) {
  const cut = new Map();
  for (const [layer, head, query, key] of edges) {
    if (causal && key > query) continue;
    const row = `layer ${layer}, head ${head}, query ${query}`;
    cut.set(row, (cut.get(row) ?? new Set()).add(key));
    if (cut.get(row).size === (causal ? query + 1 : tokens)) {
      throw new Error(`edgesOff takes every key away from ${row}; leave at least one`);
    }
  }
}
