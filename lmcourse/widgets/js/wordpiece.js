// WordPiece, BERT's tokenizer (Devlin et al. 2019): words, and where one is not known its longest known pieces.
// Equal to lmcourse's WordPieceTokenizer and to Hugging Face's BertTokenizer, cased and uncased. A special token's name inside a
// text is text, but for [MASK], which stands for itself.

const NOISE = /[\0\uFFFD\p{Cs}]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/u;  // control characters are taken out
// What Hugging Face's BERT takes for Chinese: each a word of its own.
const HAN = '\\u4e00-\\u9fff\\u3400-\\u4dbf\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b73f}\\u{2b740}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\uf900-\\ufaff\\u{2f800}-\\u{2fa1f}';
const MARKS = '!-\\/:-@\\[-`\\{-~\\p{P}';
const WORDS = new RegExp(`[${MARKS}${HAN}]|[^\\p{White_Space}${MARKS}${HAN}]+`, 'gu');
const LONGEST = 100;                                             // letters of a word; a longer one is unknown
const MASK = '[MASK]';

export class WordPiece {
  // json: the content of a tokenizer.json with a WordPiece model in it
  constructor({ model, normalizer }) {
    if (model?.type !== 'WordPiece') throw new Error(`this tokenizer is of type ${JSON.stringify(model?.type)}; a BERT has "WordPiece"`);
    this.lowercase = Boolean(normalizer?.lowercase);             // capitals and accents are taken away
    this.ids = new Map(Object.entries(model.vocab));
    this.tokens = new Map(Object.entries(model.vocab).map(([token, id]) => [id, token]));
    this.size = this.tokens.size;
    for (const [name, token] of [['pad', '[PAD]'], ['unknown', '[UNK]'], ['start', '[CLS]'], ['end', '[SEP]'], ['mask', MASK]]) {
      if (!this.ids.has(token)) throw new Error(`this tokenizer has no token ${token}`);
      this[`${name}Id`] = this.ids.get(token);
    }
  }

  // text -> [{text, start, end, ids}], a word or a mark each; start and end as in text.slice(start, end).
  words(text) {
    if (typeof text !== 'string') throw new Error(`text must be a string, not ${text === null ? 'null' : typeof text}`);
    const found = [];
    let start = 0;
    text.split(MASK).forEach((part, i) => {
      if (i) found.push({ text: MASK, start: start - MASK.length, end: start, ids: [this.maskId] });
      found.push(...this.wordsOf(part, start));
      start += part.length + MASK.length;
    });
    return found;
  }

  wordsOf(text, offset) {
    const places = [];                                           // where each letter that stays stood
    let clean = '';
    for (const { 0: letter, index } of text.matchAll(/[\s\S]/gu)) {
      if (NOISE.test(letter)) continue;
      for (let i = 0; i < letter.length; i++) places.push(offset + index + i);
      clean += letter;
    }
    const { plain, from, to } = this.lowercase ? lowered(clean, places) : { plain: clean, from: places, to: places };
    return Array.from(plain.matchAll(WORDS), ({ 0: word, index }) =>
      ({ text: word, start: from[index], end: to[index + word.length - 1] + 1, ids: this.pieces(word) }));
  }

  // The longest piece that fits, again and again.
  pieces(word) {
    const letters = Array.from(word), found = [];
    let at = 0;
    while (at < letters.length && letters.length <= LONGEST) {
      let end = letters.length;
      const piece = () => (at ? '##' : '') + letters.slice(at, end).join('');
      while (end > at && !this.ids.has(piece())) end--;
      if (end === at) return [this.unknownId];
      found.push(this.ids.get(piece()));
      at = end;
    }
    return found.length ? found : [this.unknownId];
  }

  // A token as it is written in the vocabulary: "key", "##ing", "[MASK]".
  text(id) {
    if (!this.tokens.has(id)) throw new Error(`no token has the id ${id}; ids are whole numbers from 0 to ${this.size - 1}`);
    return this.tokens.get(id);
  }
}

// Without accents and capitals, a letter with its marks at a time: {plain, from, to}, where each letter's group began and ended.
function lowered(clean, places) {
  const from = [], to = [];
  let plain = '';
  for (const { 0: group, index } of clean.matchAll(/[\s\S]\p{M}*/gu)) {
    const low = group.normalize('NFD').replace(/\p{Mn}/gu, '').toLowerCase();
    for (let i = 0; i < low.length; i++) {
      from.push(places[index]);
      to.push(places[index + group.length - 1]);
    }
    plain += low;
  }
  return { plain, from, to };
}
