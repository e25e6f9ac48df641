// Takes out of a style sheet the rules that no page of a built site can use, for theme/prune.py. Run in the site's folder, whose own path may hold
// anything (the patterns below would read a bracket in it as theirs): purge.mjs SHEET writes SHEET anew.
import {writeFileSync} from "node:fs";
import {PurgeCSS} from "purgecss";

const [sheet] = process.argv.slice(2);
const [purged] = await new PurgeCSS().purge({
  content: ["**/*.html", "_static/scripts/*.js", "_static/*.js"],       // whatever word stands there may name a class
  css: [sheet],
  safelist: {greedy: [/tooltip/]},                                     // bootstrap.js puts these names together
  dynamicAttributes: ["data-popper-placement", "data-theme", "data-mode", "aria-expanded", "open"],
});
writeFileSync(sheet, purged.css);
