/* Maps: zoom, pan, what is told of a line, scenarios and groups. The markup is that of maps.py and whole without this. */
(() => {
  "use strict";
  const CLOSEST = 16; // times the view at the start
  const NAME_PX = 11;
  const THIN_PX = 1.2;
  const FAINT_PX = 0.02;
  const RIM_PX = 1.6;
  const SIDES = [[6, -4, "start"], [-6, -4, "end"], [6, 12, "start"], [-6, 12, "end"]];
  const numbers = (text) => text.split(" ").map(Number);
  const show = (node, yes) => { if (yes) node.removeAttribute("display"); else node.setAttribute("display", "none"); };
  const maps = [];

  const start = (root) => {
    const svg = root.querySelector("svg.map");
    const stage = root.querySelector(".map-stage");
    const tip = root.querySelector(".map-tip");
    const layer = svg.querySelector(".lines");
    const home = numbers(svg.dataset.start);
    const whole = numbers(svg.dataset.whole);
    const limit = numbers(svg.dataset.limit);
    const scales = numbers(root.dataset.scales);
    const texts = new WeakMap();
    let view = [...home];
    let scenario = 0;
    let signed = root.hasAttribute("data-signed");
    let picked = null;
    let waiting = false;

    for (const title of [...svg.querySelectorAll(".map-t > title")]) {
      texts.set(title.parentNode, title.textContent);
      title.remove();
    }
    const lines = [...layer.children].map((node) => ({
      node,
      id: node.dataset.line,
      at: numbers(node.dataset.at),
      hit: node.querySelector(".hit"),
      edge: node.querySelector(".edge"),
      flows: [...node.querySelectorAll("use[data-w]")].map((use) => ({
        use,
        group: Number(use.getAttribute("class").split(" ")[0].slice(1)),
        widths: numbers(use.dataset.w),
      })),
    }));
    lines.forEach(({ node }) => {
      node.setAttribute("role", "img");
      node.setAttribute("aria-label", texts.get(node));
    });
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${NAME_PX}px sans-serif`;
    const spots = [...svg.querySelectorAll(".spots > g")].map((node) => {
      const text = node.querySelector("text");
      const at = numbers(node.getAttribute("transform").replace(/[^\d. -]/g, ""));
      const dot = node.querySelector(".dot").getAttribute("class").match(/ g(\d+)/);
      const by = node.dataset.lines ? numbers(node.dataset.lines) : [];
      return { node, id: node.dataset.spot, at, by, text, inner: text.parentNode, wide: pen.measureText(text.textContent).width, group: dot && Number(dot[1]) };
    });
    const boxes = [...root.querySelectorAll("input[data-group]")];
    const shown = (group) => group === null || !boxes[group] || boxes[group].checked;

    // ---- the view

    const unit = () => {
      const rect = svg.getBoundingClientRect();
      return rect.width ? Math.max(view[2] / rect.width, view[3] / rect.height) : 1;
    };
    const onMap = (x, y) => {
      const rect = svg.getBoundingClientRect();
      const k = unit();
      return [view[0] + view[2] / 2 + (x - rect.left - rect.width / 2) * k, view[1] + view[3] / 2 + (y - rect.top - rect.height / 2) * k];
    };
    const onScreen = ([x, y]) => {
      const rect = svg.getBoundingClientRect();
      const k = unit();
      return [(x - view[0] - view[2] / 2) / k + rect.width / 2, (y - view[1] - view[3] / 2) / k + rect.height / 2];
    };
    const look = (x, y, wide) => {
      const width = Math.min(Math.max(wide, home[2] / CLOSEST), Math.max(whole[2], home[2]));
      const height = width * home[3] / home[2];
      const middle = [x, y].map((value, n) => Math.min(Math.max(value, limit[n]), limit[n] + limit[n + 2]));
      view = [middle[0] - width / 2, middle[1] - height / 2, width, height];
      svg.setAttribute("viewBox", view.map((value) => value.toFixed(1)).join(" "));
      later();
    };
    const centre = () => [view[0] + view[2] / 2, view[1] + view[3] / 2];
    const fit = (box) => look(box[0] + box[2] / 2, box[1] + box[3] / 2, box[2]);
    const zoom = (times, at) => {
      const [x, y] = at || centre();
      const [mx, my] = centre();
      const before = view[2];
      const width = Math.min(Math.max(before / times, home[2] / CLOSEST), Math.max(whole[2], home[2]));
      look(x + (mx - x) * width / before, y + (my - y) * width / before, width);
    };
    const shift = (dx, dy) => { const [x, y] = centre(); look(x + dx, y + dy, view[2]); };

    const later = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; names(); });
    };
    const overlap = (one, other) => one[0] < other[2] + 2 && other[0] < one[2] + 2 && one[1] < other[3] + 2 && other[1] < one[3] + 2;
    const flowing = (spot) => !spot.by.length || spot.by.some((number) => lines[number].shown);
    const names = () => {
      const k = unit();
      const rect = svg.getBoundingClientRect();
      const taken = [];
      for (const spot of spots) {
        const [x, y] = onScreen(spot.at);
        const there = x >= 0 && y >= 0 && x <= rect.width && y <= rect.height && shown(spot.group) && flowing(spot);
        let side = null;
        for (const [dx, dy, anchor] of there ? SIDES : []) {
          const left = x + dx - (anchor === "end" ? spot.wide : 0);
          const box = [left, y + dy - 10, left + spot.wide, y + dy + 3];
          if (box[0] < 0 || box[1] < 0 || box[2] > rect.width || box[3] > rect.height) continue;
          if (taken.some((other) => overlap(box, other))) continue;
          taken.push(box, [x - 3, y - 3, x + 3, y + 3]);
          side = [dx, dy, anchor];
          break;
        }
        show(spot.node, there && (side || spot.group !== null));
        show(spot.text, side);
        spot.inner.setAttribute("transform", `scale(${k.toFixed(3)})`);
        if (side) ["x", "y", "text-anchor"].forEach((name, n) => spot.text.setAttribute(name, side[n]));
      }
      if (picked) tell(picked);
    };

    // ---- what is drawn

    const stacked = (flows) => {
      let found = flows.map((flow) => ({ flow, width: flow.widths[scenario] }));
      if (signed) {
        found = [...new Set(scales)].map((scale) => {
          const mine = found.filter(({ flow }) => scales[flow.group] === scale);
          mine.sort((a, b) => Math.abs(b.width) - Math.abs(a.width));
          const net = mine.reduce((sum, { width }) => sum + Math.sign(width) * width ** 2, 0);
          return { flow: mine.length ? mine[0].flow : null, width: Math.sign(net) * Math.sqrt(Math.abs(net)) };
        }).filter(({ flow, width }) => flow && Math.abs(width) >= FAINT_PX);
      }
      return found.sort((a, b) => Math.abs(a.width) - Math.abs(b.width));
    };
    const paint = () => {
      const thin = Math.min(Math.max(svg.getBoundingClientRect().width / 1000, 0.6), 1);
      root.style.setProperty("--wide", thin.toFixed(2));
      for (const line of lines) {
        for (const flow of line.flows) show(flow.use, false);
        const strokes = stacked(line.flows.filter((flow) => shown(flow.group) && flow.widths[scenario]));
        let squares = 0;
        let wide = 0;
        for (const { flow, width } of strokes) {
          squares += Math.max(Math.abs(width), THIN_PX) ** 2;
          wide = Math.max(Math.sqrt(squares), wide && wide + RIM_PX);
          flow.use.setAttribute("stroke-width", (wide * thin).toFixed(1));
          flow.use.classList.toggle("more", signed && width > 0);
          flow.use.classList.toggle("less", signed && width < 0);
          show(flow.use, true);
        }
        line.node.append(...strokes.map(({ flow }) => flow.use).reverse());
        const total = wide * thin;
        line.hit.setAttribute("stroke-width", Math.max(11, total + 4).toFixed(1));
        if (line.edge) line.edge.setAttribute("stroke-width", (total + 1.6).toFixed(1));
        line.shown = strokes.length > 0;
        show(line.node, line.shown);
      }
      for (const area of svg.querySelectorAll(".areas > path")) {
        const shade = numbers(area.dataset.a)[scenario];
        area.setAttribute("class", shade < 0 ? "map-t" : `map-t a${shade}`);
      }
      rove(lines.find((line) => line.shown));
      names();
    };
    const rove = (next) => {
      for (const line of lines) line.node.setAttribute("tabindex", line === next ? "0" : "-1");
    };

    // ---- what is told

    const lift = (node) => {
      for (const line of lines) line.node.classList.toggle("lift", line.node === node);
      layer.classList.toggle("lifted", Boolean(node) && node.parentNode === layer);
    };
    const place = (x, y) => {
      const [wide, high] = [stage.clientWidth, stage.clientHeight];
      const left = x + 14 + tip.offsetWidth > wide ? x - 14 - tip.offsetWidth : x + 14;
      const top = y + 14 + tip.offsetHeight > high ? y - 14 - tip.offsetHeight : y + 14;
      tip.style.left = `${Math.max(4, Math.min(left, wide - tip.offsetWidth - 4))}px`;
      tip.style.top = `${Math.max(4, Math.min(top, high - tip.offsetHeight - 4))}px`;
    };
    const tell = (node, x, y) => {
      const known = lines.find((line) => line.node === node) || spots.find((spot) => spot.node === node);
      tip.textContent = texts.get(node) || "";
      tip.hidden = !tip.textContent;
      lift(node);
      if (x === undefined && known) [x, y] = onScreen(known.at);
      place(x, y);
    };
    const hush = () => {
      tip.hidden = true;
      lift(null);
      if (picked) tell(picked);
    };
    const rows = (id) => {
      for (const row of document.querySelectorAll("[data-link]")) row.classList.toggle("map-row", row.dataset.link === id);
    };
    const unpick = () => { picked = null; rows(undefined); hush(); };
    const comeTo = ({ at }) => {
      const [x, y] = onScreen(at);
      const rect = svg.getBoundingClientRect();
      const rim = 20;
      if (x < rim || y < rim || x > rect.width - rim || y > rect.height - rim) look(at[0], at[1], view[2]);
    };
    const pick = (id) => {
      const found = lines.find((line) => line.id === id) || spots.find((spot) => spot.id === id);
      if (!found) return false;
      picked = found.node;
      rows(id);
      comeTo(found);
      tell(picked);
      return true;
    };
    const told = (event) => event.target.closest && event.target.closest(".map-t");

    // ---- pointers

    const held = new Map();
    let moved = false;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      held.set(event.pointerId, [event.clientX, event.clientY]);
      moved = false;
    });
    svg.addEventListener("pointermove", (event) => {
      const before = held.get(event.pointerId);
      if (!before) {
        const node = told(event);
        const rect = stage.getBoundingClientRect();
        if (event.pointerType === "touch") return;
        if (node) tell(node, event.clientX - rect.left, event.clientY - rect.top); else hush();
        return;
      }
      const now = [event.clientX, event.clientY];
      if (!moved && held.size === 1 && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
      if (!moved) {
        moved = true;
        for (const id of held.keys()) svg.setPointerCapture(id);
        svg.classList.add("moving");
        unpick();
      }
      const k = unit();
      if (held.size === 1) {
        shift((before[0] - now[0]) * k, event.pointerType === "touch" ? 0 : (before[1] - now[1]) * k); // the page moves up
      } else {
        const other = [...held].find(([id]) => id !== event.pointerId)[1];
        const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
        zoom(apart(now) / apart(before), onMap((now[0] + other[0]) / 2, (now[1] + other[1]) / 2));
        shift((before[0] - now[0]) * k / 2, (before[1] - now[1]) * k / 2);
      }
      held.set(event.pointerId, now);
    });
    const release = (event) => {
      held.delete(event.pointerId);
      if (!held.size) svg.classList.remove("moving");
    };
    svg.addEventListener("pointerup", release);
    svg.addEventListener("pointercancel", release);
    svg.addEventListener("pointerleave", (event) => { if (!held.has(event.pointerId)) hush(); });
    svg.addEventListener("click", (event) => {
      if (moved) { moved = false; return; }
      const node = told(event);
      if (!node) { unpick(); return; }
      const rect = stage.getBoundingClientRect();
      picked = null;
      if (!node.dataset.a) { picked = node; rows(node.dataset.line || node.dataset.spot); }
      tell(node, event.clientX - rect.left, event.clientY - rect.top);
    });
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !svg.contains(document.activeElement)) return;
      event.preventDefault();
      const step = event.deltaY * (event.deltaMode ? 16 : 1) * (event.ctrlKey ? 3 : 1);
      zoom(Math.exp(-Math.max(-200, Math.min(200, step)) * 0.002), onMap(event.clientX, event.clientY));
    }, { passive: false });

    // ---- keys and controls

    const next = (step) => {
      const all = lines.filter((line) => line.shown);
      const at = all.findIndex((line) => line.node === document.activeElement);
      const line = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length];
      if (line) { rove(line); line.node.focus({ preventScroll: true }); }
    };
    const acts = { in: () => zoom(1.5), out: () => zoom(1 / 1.5), start: () => fit(home), all: () => fit(whole) };
    const keys = {
      ArrowLeft: () => shift(-view[2] / 8, 0),
      ArrowRight: () => shift(view[2] / 8, 0),
      ArrowUp: () => shift(0, -view[3] / 8),
      ArrowDown: () => shift(0, view[3] / 8),
      "+": acts.in,
      "=": acts.in,
      "-": acts.out,
      0: acts.start,
      PageDown: () => next(1),
      PageUp: () => next(-1),
      Escape: unpick,
    };
    svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
      event.preventDefault();
      keys[event.key]();
    });
    svg.addEventListener("focusin", (event) => {
      const line = lines.find((other) => other.node === event.target);
      if (!line || !line.node.matches(":focus-visible")) return;
      comeTo(line);
      picked = line.node;
      rows(line.id);
      tell(line.node);
    });
    svg.addEventListener("focusout", (event) => { if (event.target !== svg && picked === event.target) unpick(); });
    for (const button of root.querySelectorAll("button[data-act]")) {
      button.addEventListener("click", () => acts[button.dataset.act]());
    }
    for (const radio of root.querySelectorAll(".map-switch input")) {
      const choose = () => {
        scenario = Number(radio.value);
        signed = radio.hasAttribute("data-signed");
        root.toggleAttribute("data-signed", signed);
        paint();
      };
      radio.addEventListener("change", choose);
      if (radio.checked && Number(radio.value)) choose();
    }
    for (const box of boxes) {
      box.hidden = false;
      box.addEventListener("change", paint);
    }
    const borders = root.querySelector("input[id$='-borders']");
    const bordered = () => show(svg.querySelector(".borders"), borders.checked);
    borders.addEventListener("change", bordered);
    bordered();
    root.querySelector(".map-controls").hidden = false;
    root.querySelector(".map-help").hidden = false;
    new ResizeObserver(paint).observe(svg);
    paint();
    return { root, pick };
  };

  const pickAll = (id) => {
    const found = maps.filter((map) => map.pick(id));
    if (found.length) found[0].root.querySelector(".map-stage").scrollIntoView({ block: "nearest" });
  };
  const linked = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    const row = event.target.closest && event.target.closest("[data-link]");
    if (row && !event.target.closest("a, button, input")) pickAll(row.dataset.link);
  };

  for (const root of document.querySelectorAll(".mapbox")) maps.push(start(root));
  if (maps.length) ["click", "keydown"].forEach((name) => document.addEventListener(name, linked));
})();
