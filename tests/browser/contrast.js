// Every text on the page whose colour is too close to what lies behind it (the formula of WCAG 2.2).
(least) => {
  const parts = (colour) => (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const shown = texts.currentNode.data.trim() && element.checkVisibility() && element.getClientRects().length;
    if (!shown || element.closest("script, style, title, noscript")) continue;
    const style = getComputedStyle(element);
    const [one, other] = [parts(element instanceof SVGElement ? style.fill : style.color), behind(element)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < least) found.push({ text: texts.currentNode.data.trim(), ratio: Math.round(ratio * 100) / 100 });
  }
  return found;
}
