// Sends the request again that was answered with this page; the browser keeps what was typed.
for (const button of document.querySelectorAll("[data-load-again]")) {
  button.hidden = false;
  button.addEventListener("click", () => location.reload());
}
