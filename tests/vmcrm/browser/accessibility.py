"""What axe finds on a page, asked only where a page holds something that axe has not seen yet."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

Scheme = Literal["light", "dark"]

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
# Serious or worse. Frames hold mails in a sandbox of their own, which axe cannot enter.
FIND_FAULTS = """
async (runOnly) => {
  const found = await axe.run(document, {resultTypes: ["violations"], iframes: false, runOnly});
  return found.violations
    .filter((fault) => fault.impact === "serious" || fault.impact === "critical")
    .map((fault) => `${fault.id} (${fault.nodes.length}): ${fault.nodes[0].html.slice(0, 160)}`);
}
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES_OF_COLOUR = ["color-contrast"]

# All by which axe judges an element: what it is, what names it, and how its text stands out from
# what lies behind it. Elements of one shape are right or wrong together. Classes matter to texts
# alone, for two that look the same may differ in the other scheme; those that Django derives from
# fields and models do not.
COLLECT_SHAPES = """
() => {
  const NAMED = "a, button, summary, label, legend, th, h1, h2, h3, h4, [role]";
  const READ_BY_AXE =
    /^(aria-.*|alt|autocomplete|for|headers|hidden|href|lang|placeholder|role|scope|tabindex|title)$/;
  const POINTERS = ["aria-controls", "aria-describedby", "aria-labelledby", "for"];
  const backgrounds = new Map();
  const findBackground = (element) => {
    if (element === null) return "";
    if (!backgrounds.has(element)) {
      const {backgroundColor, backgroundImage} = getComputedStyle(element);
      const own = backgroundImage === "none" ? backgroundColor : `image over ${backgroundColor}`;
      const isOpaque = own.startsWith("rgb(");
      const below = isOpaque ? "" : findBackground(element.parentElement);
      backgrounds.set(element, own === "rgba(0, 0, 0, 0)" ? below : `${own} ${below}`);
    }
    return backgrounds.get(element);
  };
  const describeAttribute = (element, name) => {
    const value = element.getAttribute(name);
    if (!POINTERS.includes(name)) return value === "" ? `${name}=""` : name;
    const isLost = value.split(" ").some((id) => document.getElementById(id) === null);
    return isLost ? `${name} leads nowhere` : name;
  };
  const describeLook = (element) => {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText && !element.matches("input, select, textarea")) return [];
    const style = getComputedStyle(element);
    return [
      [...element.classList].filter((name) => !/^(field|column|model|app)-/.test(name)).sort(),
      style.color, findBackground(element), style.fontSize, style.fontWeight, style.opacity,
    ];
  };
  const describe = (element) => [
    element.parentElement?.localName, element.localName, element.getAttribute("type"),
    element.checkVisibility(),
    element.getAttributeNames()
      .filter((name) => READ_BY_AXE.test(name))
      .map((name) => describeAttribute(element, name)).sort(),
    element.getAttribute("role"), element.labels?.length > 0,
    element.matches(NAMED) && element.textContent.trim() === "",
    ...describeLook(element),
  ].join("|");
  return [...new Set([...document.querySelectorAll("*")].map(describe))];
}
"""


@dataclass
class Judge:
    """One for each window: what is right in a wide one may be wrong in a narrow one."""

    schemes: tuple[Scheme, ...]
    """The window's own; colours are judged in a second one too."""
    judged: set[str] = field(default_factory=set)
    """The pages at which axe looked, by the name that `find_faults` was told."""
    _shapes: set[str] = field(default_factory=set)

    def find_faults(self, page: Page, name: str) -> list[str]:
        """What axe finds; nothing where each element is of a shape that it has judged before."""
        new = set(page.evaluate(COLLECT_SHAPES)) - self._shapes
        if not new:
            return []
        self._shapes |= new
        self.judged.add(name)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        faults: list[str] = page.evaluate(FIND_FAULTS, RULES)
        own, *others = self.schemes
        for scheme in others:
            # Without a scheme Playwright leaves it as it is: it has to be told the own one again.
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(FIND_FAULTS, RULES_OF_COLOUR)
            faults += [f"{scheme}: {fault}" for fault in found]
            page.emulate_media(color_scheme=own)
        return faults
