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

  const NS = "http://www.w3.org/2000/svg";
  const made = (name, attributes, text) => {
    const found = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    if (text) found.textContent = text;
    return found;
  };
  const lines = (text, letters) => text.split(/\s+/).reduce((found, word) => {
    const last = found[found.length - 1];
    if (last !== undefined && `${last} ${word}`.length <= letters) found[found.length - 1] = `${last} ${word}`;
    else found.push(word.slice(0, letters));
    return found;
  }, []);
  /* A drawing by itself: its title above, legend and notes below, in the light colours of the page. */
  const drawing = (id) => {
    const figure = document.getElementById(id);
    const before = root.dataset.theme;
    root.dataset.theme = "light";
    const css = getComputedStyle(root);
    const colours = ["paper", "ink", "grey", "line", "land", "water", "wash", "accent"]
      .map((name) => `--${name}:${css.getPropertyValue(`--${name}`).trim()}`).join(";");
    const found = figure.querySelector("svg.map, svg[role=img]");
    const keys = [...figure.querySelectorAll(".map-legend label")].filter((label) => label.querySelector(".map-key"))
      .map((label) => [label.textContent.trim(), getComputedStyle(label.querySelector(".map-key"))])
      .map(([text, style]) => [text, [style.borderTopColor, style.backgroundColor].find((c) => !/^rgba\(.*, 0\)$|transparent/.test(c))]);
    if (before) root.dataset.theme = before; else delete root.dataset.theme;
    const box = found.viewBox.baseVal;
    const wide = Math.max(found.classList.contains("map") ? 1200 : box.width, 480);
    const high = box.height * wide / box.width;
    const letters = Math.floor(wide / 6);
    const heads = lines(figure.querySelector(".cap").textContent, Math.floor(wide / 8));
    const notes = [...figure.querySelectorAll(".note:not(.paper), .map-fine")].flatMap((p) => lines(p.textContent, letters));
    const top = 14 + 18 * heads.length;
    const legend = keys.length ? 22 * Math.ceil(keys.length / 4) : 0;
    const whole = made("svg", { xmlns: NS, "xmlns:xlink": "http://www.w3.org/1999/xlink", width: wide,
      height: Math.ceil(top + high + legend + 14 * notes.length + 12), style: `${colours};background:var(--paper)`,
      "font-family": "sans-serif" });
    const rules = [...document.styleSheets[0].cssRules]
      .filter((rule) => rule.selectorText && rule.selectorText.includes("svg.map")).map((rule) => rule.cssText).join("\n");
    if (found.classList.contains("map")) whole.append(made("style", {}, rules));
    heads.forEach((text, at) => whole.append(made("text", { x: 8, y: 20 + 18 * at, "font-size": 15, "font-weight": 600, fill: "var(--ink)" }, text)));
    if (found.classList.contains("map")) {
      whole.append(made("rect", { y: top, width: wide, height: high, fill: "var(--water)" }));
    }
    const copy = found.cloneNode(true);
    copy.setAttribute("y", top);
    copy.setAttribute("width", wide);
    copy.setAttribute("height", high);
    whole.append(copy);
    keys.forEach(([text, colour], at) => {
      const x = 8 + (at % 4) * wide / 4;
      const y = top + high + 16 + 22 * Math.floor(at / 4);
      whole.append(made("rect", { x, y: y - 6, width: 22, height: 4, fill: colour || "var(--grey)" }));
      whole.append(made("text", { x: x + 28, y, "font-size": 12, fill: "var(--ink)" }, text.slice(0, Math.floor(wide / 32))));
    });
    notes.forEach((text, at) => whole.append(made("text", { x: 8, y: top + high + legend + 16 + 14 * at, "font-size": 11, fill: "var(--grey)" }, text)));
    return new XMLSerializer().serializeToString(whole);
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
      const told = document.createElement("p");
      told.className = "note paper";
      told.textContent = `The first ${table.dataset.most} of ${count} rows; all of them are in the file.`;
      table.closest(".scroll").after(more, told);
    }
  }
})();
