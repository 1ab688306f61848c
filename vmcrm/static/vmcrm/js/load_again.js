// Sends the request again that was answered with this page; the browser keeps what was typed.
(() => {
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = document.querySelectorAll("[data-load-again]");
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => location.reload());
  }
})();
