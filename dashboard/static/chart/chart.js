// Below a chart: its figures as a table, and the chart under its title as a file. Nothing leaves this computer.
const NS = "http://www.w3.org/2000/svg";
const HEAD = 20; // pixels of each line of the title

export default function ({ data, parentElement, setStateValue }) {
  const bar = parentElement.querySelector(".chart-tools");
  const [table, svg, png] = bar.querySelectorAll("button");
  for (const [button, what] of [[table, "Show as table"], [svg, "Save as SVG"], [png, "Save as PNG"]]) {
    button.setAttribute("aria-label", `${what}: ${data.title}`);
  }
  table.setAttribute("aria-expanded", data.open);
  table.onclick = () => setStateValue("open", !data.open);
  svg.onclick = () => save(new Blob([drawn(bar, data.title).text], { type: "image/svg+xml" }), `${data.file}.svg`);
  png.onclick = async () => save(await painted(drawn(bar, data.title)), `${data.file}.png`);
}

function drawn(bar, title) {
  const style = getComputedStyle(bar);
  const chart = bar.closest("[data-testid=stElementContainer]").previousElementSibling.querySelector(".js-plotly-plot");
  const lines = folded(title, Math.floor((chart.clientWidth - 24) / 8));
  const [width, top] = [chart.clientWidth, 14 + HEAD * lines.length];
  const height = chart.clientHeight + top;
  const picture = made("svg", { xmlns: NS, width, height, viewBox: `0 0 ${width} ${height}` });
  picture.append(made("title", {}, title));
  picture.append(made("rect", { width, height, fill: style.getPropertyValue("--st-background-color") }));
  const font = { "font-family": style.fontFamily, "font-size": 16, "font-weight": 600, fill: style.color };
  lines.forEach((line, at) => picture.append(made("text", { x: 12, y: 24 + HEAD * at, ...font }, line)));
  for (const layer of chart.querySelectorAll(".main-svg")) {
    const copy = layer.cloneNode(true);
    copy.querySelectorAll(".hoverlayer, .zoomlayer, .draglayer").forEach((part) => part.remove());
    for (const part of copy.querySelectorAll(".legend [clip-path]")) part.removeAttribute("clip-path"); // another font
    copy.setAttribute("y", top);
    picture.append(copy);
  }
  return { text: new XMLSerializer().serializeToString(picture), width, height };
}

async function painted({ text, width, height }) {
  const [image, canvas] = [new Image(), document.createElement("canvas")];
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function folded(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && `${lines.at(-1)} ${word}`.length > most) lines.push(word);
    else lines.push(`${lines.pop()} ${word}`.trim());
  }
  return lines;
}

function made(kind, attributes, text = "") {
  const node = document.createElementNS(NS, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
