// Typesets formulas for theme/maths.py: one JSON request a line in, one JSON answer a line out, until the input ends.
import readline from "node:readline";
import katex from "katex";

for await (const line of readline.createInterface({input: process.stdin})) {
  const {latex, display} = JSON.parse(line);
  let answer;
  try {
    answer = {html: katex.renderToString(latex, {displayMode: display, throwOnError: true, strict: "ignore"})};
  } catch (error) {
    answer = {error: error.message};
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
