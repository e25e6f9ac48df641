// Where a widget's model comes from: the page (a script that the site wrote) or the kernel (a hidden Weights widget).
import {loadModel} from './engine.js';

const shared = globalThis.lmcourseShared ||= {models: new Map()};   // one for all widgets of the page, in JupyterLab too

// -> {bytes, mind: what `load` makes of them, {config, tokenizer, gpt}}; widgets of the same weights share one.
// weights, carrier: the traits that name the weights and who brings them; a widget of two models has two of each.
export function modelOf(model, load = loadModel, weights = "weights", carrier = "carrier") {
  const name = model.get(weights);
  if (!shared.models.has(name)) {
    const loading = bytesOf(model, name, carrier).then((bytes) => ({bytes, mind: load(bytes)}));
    loading.catch(() => shared.models.delete(name));                // so that the next widget may try again
    shared.models.set(name, loading);
  }
  return shared.models.get(name);
}

async function bytesOf(model, name, carrierTrait) {
  if (globalThis.lmcourseWeightsOf) return globalThis.lmcourseWeightsOf(name);       // host.js: no kernel here
  const carrier = await model.widget_manager.get_model(model.get(carrierTrait));
  const data = carrier.get("data");
  if (!data || !data.byteLength) throw new Error(`the weights ${name} did not arrive; run the notebook's cells again`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
