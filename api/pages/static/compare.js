// A slider over two pictures: the part that was found in the asked picture, and the same part of the registered work.

const SIDE = 480;

function cropped(picture, region, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const painter = canvas.getContext("2d");
  painter.fillStyle = "#fff";
  painter.fillRect(0, 0, width, height);
  const [w, h] = [picture.naturalWidth / 1000, picture.naturalHeight / 1000];
  painter.drawImage(picture, region.x * w, region.y * h, region.width * w, region.height * h, 0, 0, width, height);
  return canvas;
}

const regionOf = (box) =>
  Object.fromEntries(["x", "y", "width", "height"].map((name) => [name, Number(box.getAttribute(name))]));

// Adds the slider below a pair of pictures, once both are there.
export async function addSlider(pair) {
  const [asked, work] = pair.querySelectorAll("img");
  const boxes = pair.querySelectorAll("svg rect");
  if (!asked || !work || boxes.length !== 2) return;
  await Promise.all([asked.decode(), work.decode()]);
  const [seen, shown] = [...boxes].map(regionOf);
  const ratio = (shown.height * work.naturalHeight) / (shown.width * work.naturalWidth);
  const [width, height] = ratio > 1 ? [Math.round(SIDE / ratio), SIDE] : [SIDE, Math.round(SIDE * ratio)];
  const [under, over] = [cropped(work, shown, width, height), cropped(asked, seen, width, height)];
  const stage = document.createElement("div");
  stage.className = "stage";
  over.className = "over";
  stage.append(under, over);
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, value: 50 });
  slider.setAttribute("aria-label", "How much of your picture lies over the registered work");
  const sync = () => { over.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`; };
  slider.addEventListener("input", sync);
  sync();
  const figure = document.createElement("figure");
  figure.className = "slide";
  const caption = Object.assign(document.createElement("figcaption"), {
    className: "muted",
    textContent: "Left your picture, right the registered work, laid over each other.",
  });
  figure.append(stage, slider, caption);
  pair.after(figure);
}
