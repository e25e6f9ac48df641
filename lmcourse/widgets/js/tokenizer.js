// Byte-level byte-pair encoding (Radford et al. 2019): any text, in any script, becomes tokens and comes back unchanged.
// Equal to lmcourse's BPETokenizer and to Hugging Face's tokenizers, for every text without a special token's name in it.

// GPT-2's pattern cuts a text into pieces; tokens never reach across a cut. \s is written out as \p{White_Space}, because
// JavaScript's \s takes U+FEFF for white space and U+0085 not, where Unicode says the reverse.
const PIECES = new RegExp("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+"
  + '|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+', 'gu');

// A letter that can be printed for each of the 256 bytes, as GPT-2's vocabulary has them: "!" is "!", a space is "Ġ".
const LETTERS = Array.from({ length: 256 }, (_, byte) => byte).map((byte, _, all) => {
  const printable = b => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  return String.fromCharCode(printable(byte) ? byte : 256 + all.slice(0, byte).filter(b => !printable(b)).length);
});
const BYTES = new Map(LETTERS.map((letter, byte) => [letter, byte]));

export class Tokenizer {
  // json: the content of a tokenizer.json with a byte-level BPE in it
  constructor(json) {
    const { model, added_tokens: added = [], normalizer } = json;
    if (model?.type !== 'BPE') throw new Error(`this tokenizer is of type ${JSON.stringify(model?.type)}; the page runs byte-level "BPE"`);
    this.prefix = normalizer?.type === 'Prepend' ? normalizer.prepend : '';         // one space, see encode
    this.ids = new Map(Object.entries(model.vocab));                                // token -> id
    this.tokens = new Map(Object.entries(model.vocab).map(([token, id]) => [id, token]));
    this.special = new Map(added.map(({ id, content }) => [id, content]));          // written, never read from a text
    for (const [id, content] of this.special) this.tokens.set(id, content);
    this.size = this.tokens.size;
    this.known = new Map();                                                         // see cut
    this.endId = added.find(({ content }) => content === '<|endoftext|>')?.id;
    this.ranks = new Map(model.merges.map((pair, rank) => [Array.isArray(pair) ? pair.join(' ') : pair, rank]));
    for (const letter of LETTERS) {
      if (!this.ids.has(letter)) throw new Error(`this tokenizer has no token for byte ${BYTES.get(letter)}; a byte-level BPE has all 256`);
    }
  }

  // text -> [{id, text, start, end}]: the token's own characters, and the part of the text that it covers (as in
  // text.slice(start, end)). A token that is not whole characters shows its bytes, such as <0xE4>, and covers the
  // characters it belongs to. A space is put before the text, so that its first word is the same token as anywhere else;
  // the first token's `text` begins with it, its span does not. Half a surrogate pair counts as U+FFFD.
  encode(text) {
    if (typeof text !== 'string') throw new Error(`text must be a string, not ${text === null ? 'null' : typeof text}`);
    if (!text) return [];
    const found = [];
    let at = -this.prefix.length;                                                   // where a piece begins in the text
    for (const [piece] of (this.prefix + text.replace(/\p{Cs}/gu, '\ufffd')).matchAll(PIECES)) {
      for (const { id, text, start, end } of this.cut(piece)) {
        found.push({ id, text, start: Math.max(0, at + start), end: Math.max(0, at + end) });
      }
      at += piece.length;
    }
    return found;
  }

  // The tokens of one piece, start and end counted from its beginning; short pieces, the words, are remembered.
  cut(piece) {
    if (this.known.has(piece)) return this.known.get(piece);
    const { letters, starts, ends } = spell(piece), tokens = [];
    let first = 0;
    for (const part of this.merge(letters)) {
      const last = first + part.length - 1;
      tokens.push({ id: this.ids.get(part), text: readable(part), start: starts[first], end: ends[last] });
      first = last + 1;
    }
    if (piece.length <= 24 && this.known.size < 20000) this.known.set(piece, tokens);
    return tokens;
  }

  // ids -> text. Bytes that are no character come out as U+FFFD, as when a model stops in the middle of one.
  decode(ids) {
    let text = '', bytes = [];
    const flush = () => {
      text += new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const id of ids) {
      if (!this.tokens.has(id)) throw new Error(`no token has the id ${id}; ids are whole numbers from 0 to ${this.size - 1}`);
      if (this.special.has(id)) {
        flush();
        text += this.special.get(id);
      } else {
        for (const letter of this.tokens.get(id)) bytes.push(BYTES.get(letter));
      }
    }
    flush();
    return this.prefix && text.startsWith(this.prefix) ? text.slice(this.prefix.length) : text;
  }

  // One token's own characters: " red", "<0xE4>", "<|endoftext|>".
  text(id) {
    if (!this.tokens.has(id)) throw new Error(`no token has the id ${id}; ids are whole numbers from 0 to ${this.size - 1}`);
    return this.special.get(id) ?? readable(this.tokens.get(id));
  }

  // Letters of one piece, merged as far as the merges go: always the pair that was learnt first, everywhere it occurs.
  merge(letters) {
    let parts = letters;
    for (;;) {
      let best = Infinity, pair = '';
      for (let i = 1; i < parts.length; i++) {
        const candidate = parts[i - 1] + ' ' + parts[i], rank = this.ranks.get(candidate);
        if (rank < best) [best, pair] = [rank, candidate];
      }
      if (best === Infinity) return parts;
      const merged = [];
      for (let i = 0; i < parts.length; i++) {
        const both = i + 1 < parts.length && parts[i] + ' ' + parts[i + 1] === pair;
        merged.push(both ? parts[i] + parts[++i] : parts[i]);
      }
      parts = merged;
    }
  }
}

// A piece as GPT-2's letters, one for each byte of its UTF-8, and where the character of each begins and ends.
function spell(piece) {
  const letters = [], starts = [], ends = [];
  let at = 0;
  for (const character of piece) {
    for (const byte of new TextEncoder().encode(character)) {
      letters.push(LETTERS[byte]);
      starts.push(at);
      ends.push(at + character.length);
    }
    at += character.length;
  }
  return { letters, starts, ends };
}

function readable(part) {
  const bytes = Uint8Array.from(part, letter => BYTES.get(letter));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, byte => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`).join('');
  }
}
