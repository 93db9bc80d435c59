// Writes a table of texts, never as HTML.
export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".text-table");
  const table = document.createElement("table");
  table.setAttribute("aria-label", data.alt);
  const head = table.createTHead().insertRow();
  for (const name of data.columns) head.append(cell("th", name, "col"));
  const body = table.createTBody();
  for (const [first, ...others] of data.rows) {
    body.insertRow().append(cell("th", first, "row"), ...others.map((text) => cell("td", text)));
  }
  for (const [row, column, tone] of data.tones ?? []) {
    const found = body.rows[row].cells[column];
    found.style.color = data.colours[tone] ?? "";
    found.style.fontWeight = tone === "muted" ? "" : "600";
  }
  table.style.minWidth = `${4.5 * data.columns.length}rem`; // on a phone it scrolls before every word is a line
  box.style.maxHeight = data.height ? `${data.height}px` : "";
  box.replaceChildren(table);
}

function cell(kind, text, scope) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (scope) made.scope = scope;
  return made;
}
