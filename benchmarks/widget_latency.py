"""AttentionExplorer: from an input event to the frame that shows its answer, in Chromium: the course's model at T=64, MiniLM at T=16. Reads the built pages (`make book`)."""
import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]
from conftest import CHROMIUM, SITE  # noqa: E402
from explorer import Explorer, find_page  # noqa: E402

BUDGET, ROUNDS, T = 33.0, 60, 64                                     # milliseconds, events of each kind, tokens
TEXT = " ".join(["One morning Anna Bell was in the garden. She had a red key. Ned Wood was her friend."] * 4)

# Each kind of input changes something and asks for the whole way: tokens, model, all heads, map, bars.
# A frame is over when a message posted from its animation callback arrives: the picture is then with the compositor.
MEASURE = """async ([kind, rounds]) => {
  const root = document.querySelector('.lm-explorer'), input = root.querySelector('.lm-input'), slider = root.querySelector('input[type=range]');
  const [off, mask] = [...root.querySelectorAll('input[type=checkbox]')], text = input.value, times = [];
  const painted = () => new Promise(done => requestAnimationFrame(() => {
    const {port1, port2} = new MessageChannel(); port1.onmessage = () => done(performance.now()); port2.postMessage(0); }));
  const fire = (node, event) => node.dispatchEvent(new Event(event, {bubbles: true}));
  const act = {
    'last word': i => { input.value = text.replace(/\\S+$/, i % 2 ? 'garden' : 'tower'); fire(input, 'input'); },
    'first word': i => { input.value = text.replace(/^\\S+/, i % 2 ? 'Two' : 'One'); fire(input, 'input'); },
    'temperature': i => { slider.value = i % 2 ? 0.2 : -0.2; fire(slider, 'input'); },
    'head off': i => { off.checked = i % 2 === 0; fire(off, 'change'); },
    'mask': i => { mask.checked = i % 2 === 1; fire(mask, 'change'); },
  }[kind];
  for (let i = 0; i < rounds; i++) {
    await new Promise(done => setTimeout(done, 20 + 17 * Math.random()));           // events fall anywhere between two frames
    const before = performance.now(), count = root.dataset.painted;
    act(i);
    const after = await painted();
    if (root.dataset.painted === count) throw new Error('nothing was drawn');
    times.push(after - before);
  }
  return times;
}"""
# The encoder answers from its worker: a frame counts when it was drawn anew and nothing is pending any more.
MEASURE_ENCODER = """async (rounds) => {
  const root = document.querySelector('.lm-explorer'), input = root.querySelector('.lm-input'), text = input.value, times = [];
  const painted = () => new Promise(done => requestAnimationFrame(() => {
    const {port1, port2} = new MessageChannel(); port1.onmessage = () => done(performance.now()); port2.postMessage(0); }));
  for (let i = 0; i < rounds; i++) {
    await new Promise(done => setTimeout(done, 20 + 17 * Math.random()));
    const before = performance.now();
    const count = root.dataset.painted;
    input.value = text.replace(/\\S+$/, i % 2 ? 'garden' : 'tower');
    input.dispatchEvent(new Event('input', {bubbles: true}));
    let after = await painted();
    while (root.dataset.pending || root.dataset.painted === count) after = await painted();
    times.push(after - before);
  }
  return times;
}"""
ENCODER_BUDGET, ENCODER_TEXT = 60.0, "The old doctor painted a green boat near the river and sold it in the garden"       # 16 tokens, [CLS] and [SEP] too
KINDS = ["last word", "first word", "temperature", "head off", "mask"]


def measure(page, throttle):
    """{kind: times in ms} with the CPU made `throttle` times slower; the first five of each kind warm up."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    return {kind: page.evaluate(MEASURE, [kind, ROUNDS + 5])[5:] for kind in KINDS}


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto((SITE / find_page()).as_uri())
        explorer = Explorer(page)
        explorer.type(TEXT)
        words = TEXT.split()
        while explorer.tokens() > T:
            words.pop()
            explorer.type(" ".join(words))
        assert explorer.tokens() == T, explorer.tokens()
        holds = True
        for view, throttle in (("arcs", 1), ("heatmap", 1), ("arcs", 4), ("heatmap", 4)):
            explorer.view(view)
            seen = measure(page, throttle)
            every = sorted(time for times in seen.values() for time in times)
            p95 = every[int(0.95 * len(every))]
            parts = ", ".join(f"{kind} {statistics.median(times):.0f}/{sorted(times)[int(0.95 * len(times))]:.0f}" for kind, times in seen.items())
            verdict = f"(budget p95 <= {BUDGET:.0f} ms) {'holds' if p95 <= BUDGET else 'FALLS SHORT'}" if throttle == 1 else "(reported)"
            print(f"input to repaint, T={T}, {view}, CPU 1/{throttle}: p50 {statistics.median(every):.1f} ms, p95 {p95:.1f} ms {verdict}; by input p50/p95: {parts}")
            holds &= throttle > 1 or p95 <= BUDGET
        holds &= encoder(page, explorer)
        browser.close()
    sys.exit(not holds)


def encoder(page, explorer):
    """MiniLM's line; True if it holds its budget."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 1})
    explorer.view("heatmap")
    explorer.root.locator(".lm-mind[data-mind=minilm]").click()
    page.wait_for_function("document.querySelector('.lm-explorer').dataset.encoder === 'ready'", timeout=60_000)
    explorer.root.locator(".lm-top .lm-input").fill(ENCODER_TEXT)
    page.wait_for_function("document.querySelector('.lm-explorer').dataset.pending === ''", timeout=60_000)
    T, holds = explorer.tokens(), True
    for throttle in (1, 4):
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
        times = sorted(page.evaluate(MEASURE_ENCODER, ROUNDS + 5)[5:])
        p95 = times[int(0.95 * len(times))]
        verdict = f"(budget p95 <= {ENCODER_BUDGET:.0f} ms) {'holds' if p95 <= ENCODER_BUDGET else 'FALLS SHORT'}" if throttle == 1 else "(reported; the worker is not throttled)"
        print(f"input to repaint, MiniLM, T={T}, heatmap, page at CPU 1/{throttle}: p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms {verdict}")
        holds &= throttle > 1 or p95 <= ENCODER_BUDGET
    return holds


def chromium():
    """The machine's browser, else Playwright's own (None)."""
    return next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)


if __name__ == "__main__":
    main()
