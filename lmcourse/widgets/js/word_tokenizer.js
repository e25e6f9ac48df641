// One token a word: lmcourse's WordTokenizer in the page. Words stand between spaces; ., ? and : are words of their own.

const WORDS = '[.?:]|[^\\s.?:]+';                                // what the tokenizer.json must say

export class WordTokenizer {
  // json: the content of a tokenizer.json with a WordLevel model in it
  constructor({ model, pre_tokenizer: cut }) {
    if (model?.type !== 'WordLevel' || cut?.pattern?.Regex !== WORDS) {
      throw new Error(`this tokenizer is of type ${JSON.stringify(model?.type)} and cuts at ${JSON.stringify(cut?.pattern?.Regex)}; ` +
        `the page runs "WordLevel" with ${JSON.stringify(WORDS)}`);
    }
    this.ids = new Map(Object.entries(model.vocab));
    this.tokens = new Map(Object.entries(model.vocab).map(([token, id]) => [id, token]));
    this.size = this.tokens.size;
    this.endId = this.ids.get('<|endoftext|>');
  }

  // text -> [{text, start, end, id}], id undefined for a word that is not known; start and end as in text.slice(start, end).
  words(text) {
    if (typeof text !== 'string') throw new Error(`text must be a string, not ${text === null ? 'null' : typeof text}`);
    return Array.from(text.matchAll(/[.?:]|[^\p{White_Space}.?:]+/gu), ({ 0: word, index }) =>
      ({ text: word, start: index, end: index + word.length, id: this.ids.get(word) }));
  }

  // ids -> words with single spaces between them, none before . ? and :
  decode(ids) {
    return ids.map(id => this.text(id)).map(word => '.?:'.includes(word) ? word : ` ${word}`).join('').replace(/^ /, '');
  }

  // A token as it is written in the vocabulary.
  text(id) {
    if (!this.tokens.has(id)) throw new Error(`no token has the id ${id}; ids are whole numbers from 0 to ${this.size - 1}`);
    return this.tokens.get(id);
  }
}
