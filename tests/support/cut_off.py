"""What a page hides by mistake: text that runs out of a box which neither scrolls nor shows it."""
SCAN = """(root) => {
  const probe = Object.assign(document.createElement('p'), {textContent: 'a text of several words', style: 'width: 20px; height: 20px; overflow: hidden'});
  document.querySelector(root).append(probe);
  const cut = [...document.querySelectorAll(root + ' *')].filter((node) => {
    const style = getComputedStyle(node), shut = (way) => ['hidden', 'clip'].includes(style[way]);
    return !node.matches('input, textarea, .toggle-hidden') && node.clientHeight > 4 && style.clipPath === 'none'         // not: closed boxes, what only a screen reader sees
      && (shut('overflowY') && node.scrollHeight > node.clientHeight + 2
        || shut('overflowX') && style.textOverflow !== 'ellipsis' && node.scrollWidth > node.clientWidth + 2);
  });
  probe.remove();
  if (!cut.includes(probe)) throw new Error('the scan did not find what is cut off for certain');
  return cut.filter((node) => node !== probe)
    .map((node) => [node.closest('.lm-widget')?.dataset.code?.split('@')[0] || '', node.className.toString(), node.textContent.trim().slice(0, 60)]);
}"""


def cut_off(page, root):
    """[widget's name or "", class, text] of each box under `root`, a selector, that cuts off what it holds; boxes that scroll and three
    dots are another thing. Each scan has to find a box put there for it."""
    return page.evaluate(SCAN, root)
