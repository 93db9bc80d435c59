// Draws the map that folium wrote as a script; a click on a dot answers which one, counted from 0.
export default async function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".hospital-map");
  await import(new URL("app/static/leaflet/leaflet.js", document.baseURI).href);
  const seen = box.map && [box.map.getCenter(), box.map.getZoom()];
  box.map?.remove();
  box.style.setProperty("--sea", data.sea);
  box.id = data.name; // folium finds its box by this; taken off again, for a page may hold an older map for a moment
  box.map = new Function(`${data.script}; return ${data.name};`)();
  box.removeAttribute("id");
  if (seen) box.map.setView(...seen, { animate: false });

  let number = 0;
  box.map.eachLayer((layer) => {
    if (!(layer instanceof L.CircleMarker)) return;
    const dot = number++;
    layer.on("click", () => setTriggerValue("chosen", dot));
  });
  return () => box.map.remove();
}
