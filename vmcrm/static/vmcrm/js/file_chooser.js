/** Shows beside a file field what was chosen, in the words of the page. */

export function wireFileChoosers() {
  for (const chooser of document.querySelectorAll(".file-chooser")) {
    const input = chooser.querySelector("input");
    const name = chooser.querySelector("[data-file-name]");
    if (!input || !name) continue;
    const nothing = name.textContent;
    const draw = () => {
      name.textContent = [...(input.files ?? [])].map((file) => file.name).join(", ") || nothing;
    };
    input.addEventListener("change", draw);
    draw(); // after a reload some browsers keep the choice
  }
}
