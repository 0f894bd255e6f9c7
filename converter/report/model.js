"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { layers, scopes } = data;
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 46;
  const GAP = 26;
  const HEAD = 52;
  const PAD = 18;
  const BETWEEN = 46;
  const OPEN_AT_FIRST = 300;
  const OPEN_AT_MOST = 4000;
  const SEVERITIES = ["notice", "breaks", "silent", "custom", "refused", "unsafe"];
  const byId = (id) => document.getElementById(id);
  const element = (name, content, kind) => {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (kind) made.className = kind;
    return made;
  };
  const drawn = (name, attributes, ...inside) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const count = (number) => number.toLocaleString("en");
  const size = (bytes) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (bytes >= 1000 && unit < units.length - 1) {
      bytes /= 1000;
      unit += 1;
    }
    return `${unit ? Number(bytes.toPrecision(3)) : bytes} ${units[unit]}`;
  };
  const short = (number) => {
    const much = Math.abs(number);
    return much && (much < 1e-3 || much >= 1e5) ? number.toExponential(2) : String(Number(number.toPrecision(4)));
  };

  for (const layer of layers) layer.findings = [];
  for (const finding of data.findings) if (finding.layer >= 0) layers[finding.layer].findings.push(finding);

  // Weights.

  const histogram = (weight) => {
    const wide = 240;
    const high = 64;
    const most = Math.max(...weight.bins, 1);
    const step = wide / weight.bins.length;
    const said = `histogram from ${short(weight.low)} to ${short(weight.high)}`;
    const svg = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": said, class: "histogram" });
    weight.bins.forEach((bin, index) => {
      const tall = bin ? Math.max(1, (bin / most) * (high - 2)) : 0;
      svg.append(drawn("rect", { x: index * step, y: high - tall, width: Math.max(step - 0.6, 0.5), height: tall }));
    });
    if (weight.low < 0 && weight.high > 0) {
      const x = (-weight.low / (weight.high - weight.low)) * wide;
      svg.append(drawn("line", { x1: x, x2: x, y1: 0, y2: high }));
    }
    return svg;
  };
  const card = (weight, title) => {
    const made = element("div", undefined, "card");
    made.append(element("p", title, "title"));
    made.append(element("p", `${weight.shape} ${weight.dtype}`, "quiet"));
    if (weight.problem) made.append(element("p", weight.problem, "quiet"));
    if (weight.odd) made.append(element("p", `${count(weight.odd)} NaN or infinite`, "error"));
    if (!weight.bins || !weight.bins.length) return made;
    const ends = element("div", undefined, "ends");
    if (weight.low === weight.high) {
      made.append(element("p", `every value is ${short(weight.low)}`));
    } else {
      made.append(histogram(weight));
      ends.append(element("span", short(weight.low)), element("span", `${short(weight.mean)} ± ${short(weight.deviation)}`), element("span", short(weight.high)));
      made.append(ends);
    }
    const remarks = [];
    if (weight.zeros && weight.low !== weight.high) remarks.push(`${Number(((100 * weight.zeros) / weight.seen).toPrecision(2))}% zeros`);
    if (weight.seen < weight.values) remarks.push(`sample: ${count(weight.seen)} of ${count(weight.values)} values`);
    if (remarks.length) made.append(element("p", remarks.join(", "), "quiet"));
    return made;
  };
  const showWeights = () => {
    const all = layers.flatMap((layer) => layer.weights.filter((each) => each.values !== undefined).map((weight) => ({ weight, title: `${layer.path} ${weight.name}` })));
    const orders = {
      values: (each) => -each.weight.values,
      deviation: (each) => -each.weight.deviation,
      odd: (each) => -(each.weight.odd ? 2 : each.weight.bins.length === 1 && each.weight.values > 1 ? 1 : 0),
    };
    let limit = 24;
    const show = () => {
      const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      const found = all.filter((each) => words.every((word) => each.title.toLowerCase().includes(word)));
      const by = orders[byId("order").value];
      if (by) found.sort((a, b) => by(a) - by(b));
      byId("cards").replaceChildren(...found.slice(0, limit).map((each) => card(each.weight, each.title)));
      byId("shown").textContent = `${count(found.length)} of ${count(all.length)}`;
      byId("more").hidden = found.length <= limit;
    };
    byId("filter").addEventListener("input", show);
    byId("order").addEventListener("change", show);
    byId("more").addEventListener("click", () => {
      limit += 96;
      show();
    });
    show();
  };
  if (byId("weights")) showWeights();

  // The graph: which containers are open is known by the places of their nodes in their scopes.

  const open = new Set();
  const openAtFirst = () => {
    let left = OPEN_AT_FIRST - (scopes[0] ? scopes[0].nodes.length : 0);
    const waiting = [[0, ""]];
    while (waiting.length) {
      const [number, base] = waiting.shift();
      scopes[number].nodes.forEach((node, index) => {
        if (node.inside < 0 || node.group || scopes[node.inside].nodes.length > Math.min(left, 60)) return;
        left -= scopes[node.inside].nodes.length;
        open.add(`${base}${index}`);
        waiting.push([node.inside, `${base}${index}.`]);
      });
    }
  };
  const openAll = () => {
    let left = OPEN_AT_MOST;
    const waiting = [[0, ""]];
    open.clear();
    for (let at = 0; at < waiting.length; at += 1) {
      const [number, base] = waiting[at];
      scopes[number].nodes.forEach((node, index) => {
        if (node.inside < 0 || left <= 0) return;
        left -= scopes[node.inside].nodes.length;
        open.add(`${base}${index}`);
        waiting.push([node.inside, `${base}${index}.`]);
      });
    }
  };

  const inner = new Map();
  const findingsOf = (node) => {
    const own = node.layer >= 0 ? layers[node.layer].findings : [];
    if (node.inside < 0) return own;
    if (!inner.has(node.inside)) {
      // A scope that is inside itself can't be; each is asked once.
      inner.set(node.inside, []);
      inner.set(node.inside, [...new Set(scopes[node.inside].nodes.flatMap(findingsOf))]);
    }
    return [...own, ...inner.get(node.inside)];
  };

  const pen = document.createElement("canvas").getContext("2d");
  const measured = new Map();
  const width = (text, font) => {
    const key = font + text;
    if (!measured.has(key)) {
      pen.font = font;
      measured.set(key, pen.measureText(text).width);
    }
    return measured.get(key);
  };
  const NAME = "600 13px system-ui, sans-serif";
  const CLASS = "11.5px system-ui, sans-serif";
  const cut = (text, most) => {
    const signs = Array.from(text);
    return signs.length <= most ? text : `${signs.slice(0, Math.ceil(most / 2)).join("")}…${signs.slice(signs.length - Math.floor(most / 2) + 1).join("")}`;
  };
  const lines = (node) => {
    const layer = node.layer >= 0 ? layers[node.layer] : null;
    const call = node.calls > 1 ? ` (call ${node.call + 1} of ${node.calls})` : "";
    const parts = [cut(node.class, 38)];
    if (node.group) parts.unshift(`${count(node.group)} layers`);
    else if (layer && layer.parameters) parts.push(count(layer.parameters));
    if (node.key) parts.push(cut(node.key, 24));
    return [cut(node.name, node.group ? 40 : 30) + call, parts.filter(Boolean).join(node.group ? ": " : " · ")];
  };

  /** Ordered values as near to what is wanted as their distances allow, the heavy ones nearest. */
  const apart = (wanted, weights, distances) => {
    const blocks = [];
    let sum = 0;
    wanted.forEach((value, index) => {
      sum += index ? distances[index - 1] : 0;
      blocks.push({ at: value - sum, weight: weights[index], length: 1 });
      while (blocks.length > 1 && blocks[blocks.length - 2].at > blocks[blocks.length - 1].at) {
        const last = blocks.pop();
        const before = blocks[blocks.length - 1];
        before.at = (before.at * before.weight + last.at * last.weight) / (before.weight + last.weight);
        before.weight += last.weight;
        before.length += last.length;
      }
    });
    const found = [];
    sum = 0;
    for (const block of blocks) {
      for (let n = 0; n < block.length; n += 1) {
        sum += found.length ? distances[found.length - 1] : 0;
        found.push(block.at + sum);
      }
    }
    return found;
  };

  const ranksOf = (nodes, edges) => {
    const ranks = nodes.map(() => 0);
    for (const [source, target] of [...edges].sort((a, b) => a[0] - b[0])) ranks[target] = Math.max(ranks[target], ranks[source] + 1);
    const first = nodes.map(() => Infinity);
    const hasBefore = nodes.map(() => false);
    for (const [source, target] of edges) {
      first[source] = Math.min(first[source], ranks[target]);
      hasBefore[target] = true;
    }
    // What takes nothing stands right above what takes it.
    return ranks.map((rank, index) => (hasBefore[index] || first[index] === Infinity ? rank : first[index] - 1));
  };

  /** Puts boxes and bends into rows; those of a long edge share the bends of its source. */
  const rowsOf = (boxes, edges, ranks) => {
    const rows = [];
    const links = [];
    const put = (box, rank) => {
      (rows[rank] ??= []).push(box);
      box.rank = rank;
      box.up = [];
      box.down = [];
    };
    boxes.forEach((box, index) => put(box, ranks[index]));
    const chains = new Map();
    for (const [source, target, shape] of edges) {
      const chain = chains.get(source) ?? [];
      chains.set(source, chain);
      const way = [boxes[source]];
      for (let rank = ranks[source] + 1; rank < ranks[target]; rank += 1) {
        let bend = chain[rank];
        if (!bend) {
          bend = { w: 14, h: 0, bend: true };
          chain[rank] = bend;
          put(bend, rank);
        }
        way.push(bend);
      }
      way.push(boxes[target]);
      for (let at = 1; at < way.length; at += 1) {
        if (!way[at].up.includes(way[at - 1])) {
          way[at].up.push(way[at - 1]);
          way[at - 1].down.push(way[at]);
        }
      }
      links.push({ way, shape, source, target });
    }
    return [Array.from(rows, (row) => row ?? []), links, [...chains.values()].map((chain) => chain.filter(Boolean))];
  };

  /** Lines that pass by all boxes of their rows on one side become straight. */
  const straighten = (rows, chains) => {
    for (const side of [1, -1]) {
      const beside = (box, way) => rows[box.rank][box.order + way];
      const isOuter = (box) => {
        const row = rows[box.rank];
        return (side > 0 ? row.slice(box.order) : row.slice(0, box.order + 1)).every((each) => each.bend);
      };
      const outer = chains.filter((chain) => chain.length && chain.every(isOuter));
      for (let turn = 0; turn < 4; turn += 1) {
        for (const chain of outer) {
          const least = chain.map((box) => {
            const inside = beside(box, -side);
            return inside ? side * inside.x + (inside.w + box.w) / 2 + GAP : -Infinity;
          });
          const own = chain.map((box) => side * box.x);
          const x = Math.max(...least, ...(turn ? [] : own)) * side;
          if (Number.isFinite(x)) for (const box of chain) box.x = x;
        }
      }
    }
  };

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const crossings = (rows) => {
    let sum = 0;
    for (const row of rows) {
      const ends = row.flatMap((box) => box.up.map((each) => each.order).sort((a, b) => a - b));
      if (ends.length > 400) return 0;
      for (let i = 0; i < ends.length; i += 1) for (let j = i + 1; j < ends.length; j += 1) if (ends[i] > ends[j]) sum += 1;
    }
    return sum;
  };
  const numbered = (row) => row.forEach((box, index) => (box.order = index));
  const sortRows = (rows) => {
    rows.forEach(numbered);
    let best = rows.map((row) => [...row]);
    let least = crossings(rows);
    for (let turn = 0; turn < 12 && least; turn += 1) {
      const down = turn % 2 === 0;
      for (const row of down ? rows : [...rows].reverse()) {
        for (const box of row) {
          const near = down ? box.up : box.down;
          box.key = near.length ? mean(near.map((each) => each.order)) : box.order;
        }
        row.sort((a, b) => a.key - b.key || a.order - b.order);
        numbered(row);
      }
      const now = crossings(rows);
      if (now < least) {
        least = now;
        best = rows.map((row) => [...row]);
      }
    }
    best.forEach(numbered);
    return best;
  };

  const placeRows = (rows) => {
    for (const row of rows) {
      const whole = row.reduce((sum, box) => sum + box.w + GAP, -GAP);
      let x = -whole / 2;
      for (const box of row) {
        box.x = x + box.w / 2;
        x += box.w + GAP;
      }
    }
    for (let turn = 0; turn < 21; turn += 1) {
      for (const row of turn % 2 ? [...rows].reverse() : rows) {
        const wanted = row.map((box) => {
          const near = turn % 2 ? box.down : box.up;
          if (!near.length) return box.x;
          let sum = 0;
          let weight = 0;
          // The main line is straight, what goes around it bends; branches are alike.
          const branches = near.filter((each) => !each.bend).length > 1;
          for (const each of near) {
            const heavy = box.bend && each.bend ? 8 : (box.bend || each.bend) && !branches ? 0.1 : 2;
            sum += each.x * heavy;
            weight += heavy;
          }
          return sum / weight;
        });
        const weights = row.map((box) => (box.bend ? 0.05 : 2 + Math.min(box.up.length + box.down.length, 6)));
        const distances = row.slice(1).map((box, index) => (row[index].w + box.w) / 2 + GAP);
        apart(wanted, weights, distances).forEach((x, index) => (row[index].x = x));
      }
    }
  };

  const layout = (number, base) => {
    const scope = scopes[number];
    const boxes = scope.nodes.map((node, index) => {
      const key = `${base}${index}`;
      const [name, kind] = lines(node);
      const findings = findingsOf(node);
      const more = (node.inside >= 0 ? 30 : 0) + 34;
      const box = { node, key, name, kind, findings, w: Math.max(96, width(name, NAME) + more, width(kind, CLASS) + more), h: HEIGHT };
      if (node.inside >= 0 && open.has(key)) {
        box.inside = layout(node.inside, `${key}.`);
        box.w = Math.max(box.w, box.inside.w + 2 * PAD);
        box.h = HEAD + box.inside.h + PAD;
      }
      return box;
    });
    const edges = [...scope.edges];
    scope.nodes.forEach((node, index) => {
      if (!node.output || base) return;
      boxes.push({ end: true, w: 12, h: 12 });
      edges.push([index, boxes.length - 1, node.shape]);
    });
    const ranks = ranksOf(boxes, edges);
    const [unsorted, links, chains] = rowsOf(boxes, edges, ranks);
    const rows = sortRows(unsorted);
    placeRows(rows);
    straighten(rows, chains);
    let y = 0;
    const tops = [];
    rows.forEach((row, rank) => {
      const high = Math.max(0, ...row.map((box) => box.h));
      for (const box of row) {
        box.y = y + (high - box.h) / 2;
        if (box.bend) {
          box.y = y;
          box.h = high;
        }
      }
      tops[rank] = y;
      const far = Math.max(0, ...row.flatMap((box) => box.down.map((each) => Math.abs(each.x - box.x))));
      y += high + BETWEEN + Math.min(60, far / 8);
      if (rank === rows.length - 1) y -= BETWEEN + Math.min(60, far / 8);
    });
    const left = boxes.length ? Math.min(...rows.flat().map((box) => box.x - box.w / 2)) : 0;
    const right = boxes.length ? Math.max(...rows.flat().map((box) => box.x + box.w / 2)) : 0;
    for (const box of rows.flat()) box.x -= left;
    return { boxes, links, w: right - left, h: y };
  };

  const route = (link) => {
    const { way } = link;
    const parts = [];
    for (let at = 1; at < way.length; at += 1) {
      const [from, to] = [way[at - 1], way[at]];
      const [x1, y1, y2] = [from.x, from.y + from.h, to.y];
      let x2 = to.x;
      if (!to.bend && to.up.length > 1) {
        const place = [...to.up].sort((a, b) => a.x - b.x).indexOf(from) - (to.up.length - 1) / 2;
        x2 += place * Math.min(14, (to.w * 0.6) / to.up.length);
      }
      if (at === 1) parts.push(`M${x1.toFixed(1)},${y1.toFixed(1)}`);
      if (from.bend) parts.push(`L${x1.toFixed(1)},${y1.toFixed(1)}`);
      const middle = ((y1 + y2) / 2).toFixed(1);
      parts.push(Math.abs(x1 - x2) < 0.5 ? `L${x2.toFixed(1)},${y2.toFixed(1)}` : `C${x1.toFixed(1)},${middle} ${x2.toFixed(1)},${middle} ${x2.toFixed(1)},${y2.toFixed(1)}`);
    }
    return parts.join("");
  };

  const view = byId("view");
  const detail = byId("detail");
  let shown = new Map();
  let chosen = "";
  let scale = 1;
  let whole = null;

  const drawScope = (placed, x, y, into) => {
    const lines_ = drawn("g", {});
    const labels = drawn("g", {});
    into.append(lines_);
    const said = new Set();
    for (const link of placed.links) {
      const path = drawn("path", { d: route(link), class: "edge", "marker-end": placed.boxes[link.target].end ? "" : "url(#arrow)" });
      lines_.append(path);
      for (const end of [link.source, link.target]) (placed.boxes[end].paths ??= []).push(path);
      const label = `${link.source} ${link.shape}`;
      if (link.shape && !said.has(label)) {
        said.add(label);
        const from = link.way[0];
        const toRight = from.down.some((each) => each.x > from.x + 4) && !from.down.some((each) => each.x < from.x - 4);
        labels.append(drawn("text", { x: from.x + (toRight ? -7 : 7), y: from.y + from.h + 17, class: "shape", "text-anchor": toRight ? "end" : "start" }, cut(link.shape, 40)));
      }
      (placed.boxes[link.source].after ??= []).push(placed.boxes[link.target]);
      (placed.boxes[link.target].before ??= []).push(placed.boxes[link.source]);
    }
    for (const box of placed.boxes) into.append(box.end ? drawn("circle", { cx: box.x, cy: box.y + 6, r: 5, class: "end" }) : drawNode(box, x, y, placed));
    into.append(labels);
  };

  const drawNode = (box, x, y, placed) => {
    const { node } = box;
    const left = box.x - box.w / 2;
    const kind = ["node", box.inside ? "open" : node.inside >= 0 ? "folded" : ""].join(" ");
    const said = [box.name, box.kind, node.shape && `output ${node.shape}`, box.findings.length && `${box.findings.length} findings`, node.inside >= 0 && (box.inside ? "unfolded" : "folded")].filter(Boolean).join(", ");
    const made = drawn("g", { class: kind, transform: `translate(${left.toFixed(1)},${box.y.toFixed(1)})`, tabindex: -1, role: "button", "aria-label": said });
    made.append(drawn("rect", { class: "box", width: box.w.toFixed(1), height: box.h.toFixed(1), rx: 8 }));
    if (!box.inside) made.append(drawn("rect", { class: `f-${node.family}`, width: 5, height: box.h - 12, x: 6, y: 6, rx: 2.5 }));
    if (node.inside >= 0 && !box.inside) made.insertBefore(drawn("rect", { class: "box", width: box.w.toFixed(1), height: box.h.toFixed(1), rx: 8, x: 4, y: 4 }), made.firstChild);
    const title = drawn("text", { x: 19, y: 19, "font-weight": 600 }, box.name);
    title.style.fontWeight = 600;
    made.append(title, drawn("text", { x: 19, y: 35, class: "class" }, box.kind));
    if (node.inside >= 0) {
      const sign = drawn("g", { class: "fold" }, drawn("circle", { class: "sign", cx: box.w - 18, cy: 22, r: 10 }), drawn("text", { class: "turn", x: box.w - 18, y: 26.5 }, box.inside ? "−" : "+"));
      sign.addEventListener("click", (event) => {
        event.stopPropagation();
        turn(box.key);
      });
      made.append(sign);
    }
    if (box.findings.length) {
      const worst = box.findings.map((each) => each.severity).sort((a, b) => SEVERITIES.indexOf(b) - SEVERITIES.indexOf(a))[0];
      const number = box.findings.length > 99 ? "99+" : String(box.findings.length);
      made.append(drawn("g", { class: `badge ${worst}` }, drawn("rect", { x: box.w - 5 - 3.5 * (number.length + 1), y: -7.5, width: 6 + 7 * (number.length + 1), height: 19, rx: 9.5 }), drawn("text", { x: box.w - 2, y: 6 }, number)));
    }
    made.addEventListener("click", (event) => {
      event.stopPropagation();
      choose(box.key);
    });
    made.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      turn(box.key);
    });
    Object.assign(box, { made, absolute: [x + left, y + box.y], placed });
    shown.set(box.key, box);
    if (box.inside) {
      const inside = drawn("g", { transform: `translate(${((box.w - box.inside.w) / 2).toFixed(1)},${HEAD})` });
      drawScope(box.inside, x + left + (box.w - box.inside.w) / 2, y + box.y + HEAD, inside);
      made.append(inside);
    }
    return made;
  };

  const zoom = () => {
    const svg = view.querySelector("svg");
    svg.setAttribute("width", Math.ceil(whole.w * scale));
    svg.setAttribute("height", Math.ceil(whole.h * scale));
  };
  const MARGIN = 40;
  const draw = () => {
    shown = new Map();
    const placed = layout(0, "");
    whole = { w: placed.w + 2 * MARGIN, h: placed.h + 2 * MARGIN };
    const arrow = drawn("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse" }, drawn("path", { d: "M0,0 8,4 0,8z" }));
    const top = drawn("g", { transform: `translate(${MARGIN},${MARGIN})` });
    const svg = drawn("svg", { viewBox: `0 0 ${whole.w} ${whole.h}`, role: "group", "aria-label": "the model's graph" }, drawn("defs", {}, arrow), top);
    drawScope(placed, MARGIN, MARGIN, top);
    view.replaceChildren(svg);
    zoom();
    const first = shown.get(chosen) ?? shown.values().next().value;
    if (first) first.made.setAttribute("tabindex", 0);
    mark();
    find();
  };

  /** Folds or unfolds; what was turned stays where it is on the screen. */
  const turn = (key) => {
    const box = shown.get(key);
    if (!box || box.node.inside < 0) return;
    const at = box.made.getBoundingClientRect();
    if (open.has(key)) open.delete(key);
    else open.add(key);
    chosen = key;
    draw();
    const now = shown.get(key).made.getBoundingClientRect();
    view.scrollBy(now.left + now.width / 2 - at.left - at.width / 2, now.top - at.top);
    shown.get(key).made.focus({ preventScroll: true });
    tell(shown.get(key));
  };

  const mark = () => {
    for (const box of shown.values()) {
      box.made.classList.remove("chosen", "same");
      for (const path of box.paths ?? []) path.classList.remove("near");
    }
    const box = shown.get(chosen);
    if (!box) return;
    box.made.classList.add("chosen");
    for (const path of box.paths ?? []) path.classList.add("near");
    for (const other of shown.values()) if (other !== box && box.node.layer >= 0 && other.node.layer === box.node.layer) other.made.classList.add("same");
  };

  const choose = (key, focus = true) => {
    const box = shown.get(key);
    if (!box) return;
    for (const each of shown.values()) each.made.setAttribute("tabindex", each === box ? 0 : -1);
    chosen = key;
    mark();
    tell(box);
    if (focus) box.made.focus({ preventScroll: true });
    const [x, y] = box.absolute;
    const [top, bottom] = [y * scale, (y + Math.min(box.h, 120)) * scale];
    const covered = getComputedStyle(detail).position === "absolute" ? detail.offsetHeight : 0;
    if (top < view.scrollTop + 20 || bottom > view.scrollTop + view.clientHeight - covered - 20) view.scrollTop = top - (view.clientHeight - covered) / 3;
    const middle = (x + box.w / 2) * scale;
    if (middle < view.scrollLeft + 40 || middle > view.scrollLeft + view.clientWidth - 40) view.scrollLeft = middle - view.clientWidth / 2;
  };

  const told = (finding, of) => {
    const made = element("li");
    const code = element("a", finding.code);
    code.href = `#${finding.code}`;
    const where = finding.layer === of ? "" : ` ${finding.path}`;
    made.append(code, ` ${finding.severity}${where}: ${finding.message}`);
    if (finding.remedy) made.append(element("div", `→ ${finding.remedy}`, "quiet"));
    const rule = byId(finding.code);
    const text = rule && rule.querySelector("pre");
    if (text) {
      const more = element("details");
      more.append(element("summary", "the rule"), element("pre", text.textContent));
      more.lastChild.style.whiteSpace = "pre-wrap";
      made.append(more);
    }
    return made;
  };
  const tell = (box) => {
    const { node } = box;
    const layer = node.layer >= 0 ? layers[node.layer] : null;
    const close = element("button", "close", "close");
    close.addEventListener("click", () => detail.replaceChildren());
    detail.replaceChildren(close, element("h3", layer ? layer.name : node.name), element("p", node.class, "quiet"));
    const put = (title, ...content) => detail.append(element("h4", title), ...content);
    if (layer && layer.path !== layer.name) detail.append(element("p", layer.path, "path quiet"));
    if (node.calls > 1) detail.append(element("p", `call ${node.call + 1} of ${node.calls} of this layer`));
    if (node.shape) detail.append(element("p", `output ${node.shape}`));
    if (layer && layer.parameters) detail.append(element("p", `${count(layer.parameters)} parameters, ${size(layer.bytes)}${layer.frozen ? ", frozen" : ""}`));
    if (box.findings.length) {
      const list = element("ul");
      list.append(...box.findings.slice(0, 40).map((each) => told(each, node.layer)));
      put(`${count(box.findings.length)} finding${box.findings.length > 1 ? "s" : ""}`, list);
    }
    if (!layer) return;
    const places = data.functions.flatMap((of, index) => (of === node.layer ? [index] : []));
    const articles = document.querySelectorAll("#functions article");
    for (const place of places) for (const text of articles[place].querySelectorAll("pre, .error")) put("function", text.cloneNode(true));
    if (layer.weights.length) put("weights", ...layer.weights.slice(0, 40).map((weight) => card(weight, weight.name)));
    if (layer.left) detail.append(element("p", `and ${count(layer.left)} more weights`, "quiet"));
    if (layer.config.length) {
      const table = element("table", undefined, "values");
      for (const [key, value] of layer.config) {
        const row = table.insertRow();
        row.append(element("th", key), element("td", value));
      }
      put("made with", table);
    }
  };

  /** Unfolds what a layer is in; the key of its first node, if it is drawn. */
  const reveal = (number) => {
    const waiting = [[0, "", []]];
    const seen = new Set();
    for (let at = 0; at < waiting.length; at += 1) {
      const [scope, base, above] = waiting[at];
      if (seen.has(scope)) continue;
      seen.add(scope);
      for (const [index, node] of scopes[scope].nodes.entries()) {
        const key = `${base}${index}`;
        if (node.layer === number) {
          const closed = above.filter((each) => !open.has(each));
          for (const each of closed) open.add(each);
          if (closed.length) draw();
          return key;
        }
        if (node.inside >= 0) waiting.push([node.inside, `${key}.`, [...above, key]]);
      }
    }
    return "";
  };

  const search = byId("search");
  const hits = (word) => layers.flatMap((layer, index) => (`${layer.path} ${layer.class}`.toLowerCase().includes(word) ? [index] : []));
  function find() {
    const word = search.value.trim().toLowerCase();
    const found = word ? new Set(hits(word)) : new Set();
    byId("hits").textContent = word ? `${count(found.size)} found` : "";
    for (const box of shown.values()) box.made.classList.toggle("hit", found.has(box.node.layer));
    return [...found];
  }
  let next = 0;
  const step = (box, key) => {
    if (key === "ArrowDown") return (box.inside ? box.inside.boxes[0] : undefined) ?? box.after?.[0];
    if (key === "ArrowUp") return box.before?.[0] ?? shown.get(box.key.slice(0, Math.max(0, box.key.lastIndexOf("."))));
    const row = box.placed.boxes.filter((each) => each.rank === box.rank && !each.end).sort((a, b) => a.x - b.x);
    return row[row.indexOf(box) + (key === "ArrowRight" ? 1 : -1)];
  };
  const startGraph = () => {
    openAtFirst();
    draw();
    const narrow = (view.clientWidth - 4) / whole.w;
    if (narrow < 1) {
      scale = Math.max(narrow, 0.55);
      zoom();
    }
    view.scrollLeft = (whole.w * scale - view.clientWidth) / 2;
    if (getComputedStyle(detail).position !== "absolute") detail.append(element("p", "Click a layer to see its weights, what it was made with and what was found in it.", "quiet"));
    const by = (factor) => {
      const [x, y] = [(view.scrollLeft + view.clientWidth / 2) / scale, (view.scrollTop + view.clientHeight / 2) / scale];
      scale = Math.min(4, Math.max(0.02, scale * factor));
      zoom();
      view.scrollTo(x * scale - view.clientWidth / 2, y * scale - view.clientHeight / 2);
    };
    byId("larger").addEventListener("click", () => by(1.25));
    byId("smaller").addEventListener("click", () => by(0.8));
    byId("fit").addEventListener("click", () => {
      scale = Math.max(0.02, Math.min(1, (view.clientWidth - 4) / whole.w, (view.clientHeight - 4) / whole.h));
      zoom();
    });
    byId("fold").addEventListener("click", () => {
      open.clear();
      draw();
    });
    byId("unfold").addEventListener("click", () => {
      openAll();
      draw();
    });
    byId("fold").hidden = byId("unfold").hidden = !scopes.some((scope) => scope.nodes.some((node) => node.inside >= 0));
    search.addEventListener("input", () => {
      next = 0;
      find();
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const found = find();
      if (!found.length) return;
      choose(reveal(found[next % found.length]), false);
      next += 1;
    });
    view.addEventListener("keydown", (event) => {
      const box = shown.get(chosen) ?? shown.values().next().value;
      if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.startsWith("Arrow")) {
        const to = step(box, event.key);
        if (to && !to.end) choose(to.key);
      } else if (event.key === "Enter" || event.key === " ") {
        if (chosen && box.node.inside >= 0) turn(box.key);
        else choose(box.key);
      } else if (event.key === "+") by(1.25);
      else if (event.key === "-") by(0.8);
      else if (event.key === "Escape") detail.replaceChildren();
      else return;
      event.preventDefault();
    });
  };
  if (scopes.length && scopes[0].nodes.length) startGraph();

  // The table of the layers.

  let limit = 100;
  const showLayers = () => {
    byId("table").tBodies[0].replaceChildren(
      ...layers.slice(0, limit).map((layer, index) => {
        const row = element("tr");
        const name = element("td", layer.class ? layer.name : layer.path);
        name.style.paddingLeft = `${Math.min(layer.depth, 12)}rem`;
        row.append(name, element("td", layer.class), element("td", layer.parameters ? count(layer.parameters) : "", "number"), element("td", layer.bytes ? size(layer.bytes) : "", "number"));
        if (!scopes.length) return row;
        row.tabIndex = 0;
        const go = () => {
          const key = reveal(index);
          if (!key) return;
          byId("graph").scrollIntoView();
          choose(key);
        };
        row.addEventListener("click", go);
        row.addEventListener("keydown", (event) => event.key === "Enter" && go());
        return row;
      }),
    );
    byId("further").hidden = layers.length <= limit;
  };
  byId("further").addEventListener("click", () => {
    limit += 500;
    showLayers();
  });
  showLayers();
  const openRule = () => {
    const rule = byId(decodeURIComponent(location.hash.slice(1)));
    if (rule instanceof HTMLDetailsElement) rule.open = true;
  };
  addEventListener("hashchange", openRule);
  openRule();
})();
