// Fills in the SHA-256 of a file that the visitor chooses or drops. The file is not uploaded.

const place = document.querySelector("[data-digest]");

async function fill(file) {
  if (!file) return;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const field = document.getElementById("sha256");
  field.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  field.form.requestSubmit();
}

if (place && crypto.subtle) {
  place.hidden = false;
  place.querySelector("input").addEventListener("change", (event) => fill(event.target.files[0]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    fill(event.dataTransfer.files[0]);
  });
}
