// Takes out of a style sheet the rules that no page of the built site can use, for theme/prune.py: purge.mjs SITE SHEET writes SHEET anew.
import {writeFileSync} from "node:fs";
import {PurgeCSS} from "purgecss";

const [site, sheet] = process.argv.slice(2);
const [purged] = await new PurgeCSS().purge({
  content: [`${site}/**/*.html`, `${site}/_static/scripts/*.js`, `${site}/_static/*.js`],      // whatever word stands there may name a class
  css: [sheet],
  safelist: {greedy: [/tooltip/]},                                                              // bootstrap.js puts these names together
  dynamicAttributes: ["data-popper-placement", "data-theme", "data-mode", "aria-expanded", "open"],
});
writeFileSync(sheet, purged.css);
