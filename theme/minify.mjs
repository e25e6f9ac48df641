// Takes comments and long names out of scripts, for theme/minify.py: {name: script} as JSON in, the same names with shorter scripts out.
import {text} from "node:stream/consumers";
import {minify} from "terser";

const scripts = JSON.parse(await text(process.stdin));
for (const [name, code] of Object.entries(scripts)) scripts[name] = (await minify({[name]: code})).code;
process.stdout.write(JSON.stringify(scripts));
