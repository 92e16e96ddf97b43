// Buttons that copy: a text, or the address of a page here.

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const { copy } = button.dataset;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(copy.startsWith("/") ? new URL(copy, location.href).href : copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "This browser does not copy";
  }
  setTimeout(() => { button.textContent = label; }, 2000);
});
