// What the tables of words share. Each widget has one, words_<widget>.js: WORDS = {en: {name: "text", or (number) => "text"}, ...}.

export const percent = (x) => x > 0 && x < 0.005 ? "less than 1 %" : `${Math.round(100 * x)} %`;

// The table for the page's language, such as "en" or "zh-CN"; English where there is none yet.
export function wordsIn(table, language = document.documentElement.lang) {
  return table[language] || table[(language || "en").split("-")[0]] || table.en;
}
