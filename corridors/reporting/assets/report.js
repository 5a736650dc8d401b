"use strict";
/* Sorting, downloads, theme: the page says all without it. */
(() => {
  const root = document.documentElement;
  const say = (text) => { document.getElementById("said").textContent = text; };

  const save = (text, type, name) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    say(`${name} saved`);
  };

  const drawing = (id) => {
    const found = document.getElementById(id).querySelector("svg");
    const copy = found.cloneNode(true);
    const box = found.viewBox.baseVal;
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    const css = getComputedStyle(root);
    const light = ["paper", "ink", "grey", "line", "land", "water", "wash", "accent"]
      .map((name) => `--${name}:${css.getPropertyValue(`--${name}`).trim()}`).join(";");
    const rules = [...document.styleSheets[0].cssRules]
      .filter((rule) => rule.selectorText && rule.selectorText.includes("svg.map")).map((rule) => rule.cssText).join("\n");
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = `svg{${light};background:var(--paper);font-family:sans-serif}\n${rules}`;
    copy.prepend(style);
    return new XMLSerializer().serializeToString(copy);
  };

  for (const button of document.querySelectorAll("button[data-csv]")) {
    button.addEventListener("click", () => {
      const id = button.dataset.csv;
      save("\ufeff" + JSON.parse(document.getElementById(`data-${id}`).textContent), "text/csv;charset=utf-8", `${id.slice(4)}.csv`);
    });
  }
  for (const button of document.querySelectorAll("button[data-svg]")) {
    button.addEventListener("click", () => save(drawing(button.dataset.svg), "image/svg+xml", `${button.dataset.svg.slice(4)}.svg`));
  }

  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const named = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; named(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", named);
  named();
  const print = document.getElementById("print");
  print.hidden = false;
  print.addEventListener("click", () => window.print());

  const cellKey = (row, at) => {
    const cell = row.cells[at];
    const value = cell.dataset.v;
    if (value === undefined) return cell.textContent.toLowerCase();
    return value === "" ? null : Number(value);
  };
  const order = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" ? a - b : a.localeCompare(b);
  };
  const limit = (table, all) => {
    const most = Number(table.dataset.most);
    [...table.tBodies[0].rows].forEach((row, at) => row.classList.toggle("beyond", !all && at >= most));
  };
  const sort = (table, head) => {
    const now = head.getAttribute("aria-sort");
    const first = now ? now === "ascending" : head.classList.contains("n");
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", first ? "descending" : "ascending");
    const at = head.cellIndex;
    const rows = [...table.tBodies[0].rows].map((row) => [cellKey(row, at), row]);
    rows.sort(([a], [b]) => (a === null || b === null ? order(a, b) : first ? order(b, a) : order(a, b)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
    limit(table, table.dataset.all === "yes");
    say(`sorted by ${head.textContent}, ${head.getAttribute("aria-sort")}`);
  };
  for (const table of document.querySelectorAll("table")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, head));
    }
    const count = table.tBodies[0].rows.length;
    if (count > Number(table.dataset.most)) {
      limit(table, false);
      const more = document.createElement("button");
      more.type = "button";
      more.className = "more";
      const name = () => { more.textContent = table.dataset.all === "yes" ? "Fewer rows" : `All ${count} rows`; };
      more.addEventListener("click", () => {
        table.dataset.all = table.dataset.all === "yes" ? "" : "yes";
        limit(table, table.dataset.all === "yes");
        name();
      });
      name();
      table.closest(".scroll").after(more);
    }
  }
})();
