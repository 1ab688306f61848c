/**
 * Shows beside a file field what was chosen, in the words of the page. Without script the page says
 * what is true before and after the choice, because nothing could tell the two apart.
 */

export function wireFileChoosers() {
  for (const chooser of document.querySelectorAll(".file-chooser")) {
    const input = chooser.querySelector("input");
    const name = /** @type {HTMLElement | null} */ (chooser.querySelector("[data-file-name]"));
    if (!input || !name) continue;
    const draw = () => {
      const names = [...(input.files ?? [])].map((file) => file.name);
      name.textContent = names.join(", ") || (name.dataset.nothing ?? "");
    };
    input.addEventListener("change", draw);
    draw(); // after a reload some browsers keep the choice
  }
}
