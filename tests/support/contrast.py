"""How well the text of a page can be read: WCAG's contrast ratio of every text with what lies behind it."""

from __future__ import annotations

from typing import Any

NEEDED = 4.5  # AA, for text of any size
FAINT = """(needed) => {
  const parse = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    if (text.startsWith('color(srgb')) return [255 * r, 255 * g, 255 * b, a];
    return text === 'none' || text === 'transparent' ? [0, 0, 0, 0] : [r, g, b, a];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = ([r, g, b]) => {
    const part = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const opacity = (element) => {
    let all = 1;
    for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
    return all;
  };
  const found = new Map();
  const look = (element, text, colour, ground) => {
    const [r, g, b, a] = parse(colour);
    const seen = over([r, g, b, a * opacity(element)], ground);
    const value = ratio(seen, ground);
    const place = element.closest('[data-testid]')?.dataset.testid ?? element.tagName;
    if (value < needed) found.set(`${place} ${colour} on ${ground.map(Math.round)}`,
      {ratio: Math.round(value * 100) / 100, place, text: text.slice(0, 60), colour, ground: ground.join()});
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, text = node.textContent.trim();
    if (!text || !element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
    if (element.closest('script, style, noscript, title, :disabled, [aria-disabled=true]')) continue;
    if (element.closest('.hm, .heatmap, .heatmaplayer, .bars, .barlayer')) continue;  // on a mark, see test_theme
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if (element.closest('[data-testid=stIconMaterial], [data-testid=stSliderThumbValue]')) continue;  // 3 : 1
    const style = getComputedStyle(element);
    look(element, text, element.closest('svg') ? style.fill : style.color, behind(element));
  }
  for (const field of document.querySelectorAll('input:not(:disabled), textarea:not(:disabled)')) {
    if (!field.checkVisibility() || ['file', 'range'].includes(field.type)) continue;
    const style = field.value ? getComputedStyle(field) : getComputedStyle(field, '::placeholder');
    if (field.value || field.placeholder) look(field, field.value || field.placeholder, style.color, behind(field));
  }
  return [...found.values()].sort((a, b) => a.ratio - b.ratio);
}"""


def faint_texts(page: Any) -> list[dict[str, Any]]:
    """Return the texts of a page whose contrast is too low, the worst first, one for each pair of colours."""
    return list(page.evaluate(FAINT, NEEDED))
