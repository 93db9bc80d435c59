// A grid of small pictures, of which one is chosen: by a click, or with the arrow keys and Enter.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".desk-grid");
  grid.setAttribute("aria-label", data.alt);
  const known = new Map([...grid.children].map((tile) => [Number(tile.dataset.number), tile]));
  const tiles = data.slices.map((slice) => drawn(known.get(slice.number) ?? made(slice.number), slice, data.chosen));
  if (tiles.some((tile, i) => grid.children[i] !== tile) || grid.children.length !== tiles.length) {
    grid.replaceChildren(...tiles);
    grid.scrollTop = 0;
  }
  const current = tiles.find((tile) => tile.dataset.number === String(data.chosen)) ?? tiles[0];
  for (const tile of tiles) tile.tabIndex = tile === current ? 0 : -1; // one stop for the Tab key

  grid.onclick = ({ target }) => {
    const tile = target.closest(".desk-tile");
    if (tile) setTriggerValue("chosen", Number(tile.dataset.number));
  };
  grid.onkeydown = (event) => {
    const all = [...grid.children];
    const here = all.indexOf(document.activeElement);
    const across = all.filter((tile) => tile.offsetTop === all[0].offsetTop).length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
    const next = { Home: 0, End: all.length - 1 }[event.key] ?? (event.key in steps ? here + steps[event.key] : -1);
    if (here < 0 || !all[next]) return;
    event.preventDefault();
    all[next].focus();
  };
}

function made(number) {
  const tile = document.createElement("button");
  tile.type = "button";
  tile.className = "desk-tile";
  tile.dataset.number = number;
  const picture = document.createElement("img");
  picture.alt = "";
  tile.append(picture, ...["desk-title", "desk-note"].map(span));
  return tile;
}

function span(name) {
  const part = document.createElement("span");
  part.className = name;
  return part;
}

function drawn(tile, slice, chosen) {
  const [picture, title, note] = tile.children;
  const source = `data:image/jpeg;base64,${slice.thumb}`;
  if (picture.src !== source) picture.src = source;
  title.textContent = slice.title;
  note.textContent = slice.note;
  tile.dataset.kind = slice.kind;
  tile.setAttribute("aria-pressed", String(slice.number === chosen));
  return tile;
}
