// The table of runs: ticks, pins, sorting and pages are told to the page; every name is written as text, never as HTML.
const COLUMNS = [
  ["run", "Run"],
  ["best", "Best validation"],
  ["test", "Test accuracy (95 %)"],
  ["seed", "Seed"],
  ["strategy", "Strategy"],
  ["rounds", "Rounds"],
  ["state", "State"],
];
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".runs-table");
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.name : null;
  const wanted = { ticked: [...data.ticked], pinned: [...data.pinned] };
  const tell = (change) => setTriggerValue("did", { ...wanted, ...change });
  const toggle = (list, keys, on) => {
    wanted[list] = [...wanted[list].filter((key) => !keys.includes(key)), ...(on ? keys : [])];
    tell({});
  };

  const table = make("table", { "aria-label": "All runs; ticked ones are compared" });
  const head = table.createTHead().insertRow();
  head.append(make("th", { scope: "col" }, make("span", { class: "unseen" }, "Compared")));
  for (const [name, title] of COLUMNS) head.append(heading(name, title, data.sort, tell));
  const body = table.createTBody();
  const all = data.rows.flatMap((row) => row.spark);
  const scale = [Math.min(...all), Math.max(...all)]; // one for all rows: the curves can be compared
  let group = "";
  for (const row of data.rows) {
    if (row.group !== group) {
      group = row.group;
      const members = data.rows.filter((each) => each.group === group);
      body.append(groupRow(members, data.groups[group], wanted, toggle));
    }
    body.append(runRow(row, scale, wanted, toggle, tell));
  }
  const seen = [box.scrollLeft, box.querySelector(".rows")?.scrollTop ?? 0];
  const rows = make("div", { class: "rows", tabindex: "0" }, table);
  box.replaceChildren(rows, footer(data, wanted, tell));
  [rows.scrollLeft, rows.scrollTop] = seen;
  if (focused) [...box.querySelectorAll("[data-name]")].find((each) => each.dataset.name === focused)?.focus();
}

function heading(name, title, sort, tell) {
  const chosen = sort.replace("-", "") === name;
  const numbers = ["run", "best", "test", "rounds"].includes(name);
  const down = sort.startsWith("-") !== numbers;
  const cell = make("th", { scope: "col" });
  if (chosen) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
  const arrow = chosen ? (down ? " ↓" : " ↑") : "";
  const button = make("button", { "data-name": `sort ${name}` }, title);
  button.append(make("span", { "aria-hidden": true }, arrow));
  button.onclick = () => tell({ sort: chosen && !sort.startsWith("-") ? `-${name}` : name, page: 0 });
  cell.append(button);
  return cell;
}

function groupRow(members, said, wanted, toggle) {
  const keys = members.map((each) => each.key);
  const all = keys.every((key) => wanted.ticked.includes(key));
  const tick = make("input", { type: "checkbox", "aria-label": `Compare ${said}`, "data-name": `group ${said}` });
  tick.checked = all;
  tick.onchange = () => toggle("ticked", keys, tick.checked);
  const title = make("th", { scope: "rowgroup", colspan: COLUMNS.length }, said);
  return make("tr", { class: "group" }, make("td", {}, tick), title);
}

function runRow(row, scale, wanted, toggle, tell) {
  const ticked = wanted.ticked.includes(row.key);
  const tick = make("input", { type: "checkbox", "aria-label": `Compare ${row.key}`, "data-name": `tick ${row.key}` });
  tick.checked = ticked;
  tick.onchange = () => toggle("ticked", [row.key], tick.checked);
  const line = make("tr", { class: [ticked && "ticked", row.archived && "archived"].filter(Boolean).join(" ") });
  const best = make("td", {}, row.best, " ");
  if (row.spark.length > 1) best.append(spark(row.spark, scale));
  const others = [row.test, row.seed, row.strategy, row.rounds, row.state].map((text) => make("td", {}, text));
  line.append(make("td", {}, tick), nameCell(row, wanted, toggle, tell), best, ...others);
  return line;
}

function nameCell(row, wanted, toggle, tell) {
  const cell = make("th", { scope: "row" });
  const number = row.open ? make("a", { href: new URL(row.open, document.baseURI).href, target: "_self" }, row.key) : row.key;
  cell.append(number);
  if (row.star) cell.append(make("span", { title: "Baseline", role: "img", "aria-label": "baseline" }, " ★"));
  if (row.name) cell.append(make("span", { class: "name" }, ` ${row.name}`));
  for (const tag of row.tags) cell.append(" ", make("span", { class: "tag" }, tag));
  if (row.archived) cell.append(" ", make("span", { class: "tag" }, "archived"));
  const pinned = wanted.pinned.includes(row.key);
  const said = { class: "act", title: "Stays on top", "aria-pressed": pinned, "data-name": `pin ${row.key}` };
  const pin = make("button", { ...said, "aria-label": `Pin ${row.key}` }, pinned ? "pinned" : "pin");
  pin.onclick = () => toggle("pinned", [row.key], !pinned);
  const title = row.notes || "Name, tags and notes";
  const about = make("button", { class: "act", title, "aria-label": `About ${row.key}`, "data-name": `about ${row.key}` });
  about.textContent = row.notes ? "notes" : "about";
  about.onclick = () => tell({ about: row.key });
  cell.append(" ", pin, " ", about);
  return cell;
}

function spark(values, [low, high]) {
  const at = (value, i) => `${(2 + (76 * i) / (values.length - 1)).toFixed(1)},${(18 - (16 * (value - low)) / (high - low || 1)).toFixed(1)}`;
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", values.map(at).join(" "));
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 80 20", width: 80, height: 20, "aria-hidden": true }))
    drawing.setAttribute(name, value);
  drawing.append(line);
  return drawing;
}

function footer(data, wanted, tell) {
  const line = make("div", { class: "foot" });
  const [first, last] = [data.page * data.size, Math.min((data.page + 1) * data.size, data.found)];
  const many = data.found > data.size ? `${first + 1} to ${last} of ` : "";
  const hidden = data.found < data.all ? `, ${(data.all - data.found).toLocaleString("en")} not shown` : "";
  line.append(make("span", {}, `${many}${data.found.toLocaleString("en")} rows${hidden} · ${wanted.ticked.length} compared`));
  if (data.found > data.size) {
    const turn = (title, page, possible) => {
      const button = make("button", { "data-name": title }, title);
      button.disabled = !possible;
      button.onclick = () => tell({ page });
      line.append(button);
    };
    turn("Previous", data.page - 1, data.page > 0);
    turn("Next", data.page + 1, last < data.found);
  }
  if (wanted.ticked.length) {
    const none = make("button", { "data-name": "none" }, "Untick all");
    none.onclick = () => tell({ ticked: [] });
    line.append(none);
  }
  const link = make("button", { "data-name": "link" }, "Copy link");
  link.title = "The address of this comparison, with the runs, filters and figures chosen";
  link.onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      link.textContent = "Copied";
    } catch {
      link.replaceWith(make("input", { readonly: "", value: location.href, "aria-label": "Link to this comparison" }));
    }
  };
  line.append(link);
  return line;
}

function make(kind, attributes, ...content) {
  const made = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (kind === "button") made.type = "button";
  made.append(...content);
  return made;
}
