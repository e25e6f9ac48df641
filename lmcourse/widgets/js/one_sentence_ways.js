// The way from a stage to the widget that explains it, opened on the same sentence, layer, head and place.

// What each widget is told in the address. found: the way as theme/places.py gives it, with what the widget needs to know beforehand.
const TOLD = {
  TokenizerLab: ({text}, stage) => ({text: text.slice(0, 300), step: stage === "bytes" ? 0 : -1, under: stage === "bytes" ? "bytes" : "ids"}),
  EmbeddingMap: ({label}, stage, {words = [], model_name: shown}) => words.includes(label) && shown ? {mode: "neighbours", shown, word: label} : {},
  PositionLab: ({t}) => t < 32 ? {position: t} : {},
  AttentionExplorer: ({text, l, head, t}) => ({text, layer: l, head, position: t, mind: "course-gpt", view: "heatmap"}),
  LogitLab: ({text, t}) => ({text, position: t}),
  SurpriseReader: ({text, t, T}) => ({text, place: t < T - 1 ? t : -1}),
};

// -> {href, chapter}, or null where the book has nothing to lead to.
// ways: {stage: {page, chapter, and of a widget: widget, id, what it needs}}; state: {text, label, t, T, l, head}
export function wayTo(ways, stage, state) {
  const found = ways[stage];
  if (!found) return null;
  if (!found.id) return {href: found.page, chapter: found.chapter};
  const told = (TOLD[found.widget] ?? (() => ({})))(state, stage, found);
  const values = Object.entries(told).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
  return {href: `${found.page}#${found.id}?${new URLSearchParams(values)}`, chapter: found.chapter};
}
