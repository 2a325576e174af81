// What a page needs of script beyond htmx. Every page works without it.
"use strict";
// One open menu at a time, and Escape closes it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll(".rooms details[open], details.person[open]")) {
    open.removeAttribute("open");
    open.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".rooms li > details[open], details.person[open]")) {
    if (!open.contains(event.target)) open.removeAttribute("open");
  }
});
// A filter takes effect when it is changed; the button is for those without script.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submit-on-change]");
  if (form) form.requestSubmit();
});
// A page may give its buttons and links a key of their own; never while something is typed, and never with a modifier.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, textarea, select")) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key.toLowerCase());
  if (wanted) wanted.click();
});
// Buttons that cannot be taken back ask first.
document.addEventListener("submit", (event) => {
  const asked = event.submitter && event.submitter.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
});
