// Draws the map that folium wrote as a script; a click on a dot answers which one, counted from 0.
// What each hospital does now stands under its name, and changes without another map.
export default async function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".hospital-map");
  await import(new URL("app/static/leaflet/leaflet.js", document.baseURI).href);
  if (!box.map || box.drawn !== data.script) draw(box, data, setTriggerValue);
  box.style.setProperty("--sea", data.sea);
  box.querySelectorAll(".hospital > div").forEach((label, number) => {
    let line = label.querySelector(".now");
    if (!line) line = label.appendChild(Object.assign(document.createElement("div"), { className: "now" }));
    line.textContent = data.now?.[number] ?? "";
  });
  return () => box.map.remove();
}

function draw(box, data, setTriggerValue) {
  const seen = box.map && [box.map.getCenter(), box.map.getZoom()];
  box.map?.remove();
  box.id = data.name; // folium finds its box by this; taken off again, for a page may hold an older map for a moment
  box.map = new Function(`${data.script}; return ${data.name};`)();
  box.removeAttribute("id");
  box.drawn = data.script;
  if (seen) box.map.setView(...seen, { animate: false });

  let number = 0;
  box.map.eachLayer((layer) => {
    if (!(layer instanceof L.CircleMarker)) return;
    const dot = number++;
    layer.on("click", () => setTriggerValue("chosen", dot));
  });
}
