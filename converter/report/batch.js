"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 200;
  const body = document.querySelector("#table tbody");
  const filter = document.getElementById("filter");
  const state = document.getElementById("state");
  const more = document.getElementById("more");
  let key = "relative";
  let direction = 1;
  let limit = PAGE;

  const text = (row) =>
    [row.source, row.writer, row.state, row.message, ...row.findings.map((each) => each.code)]
      .join(" ")
      .toLowerCase();
  for (const row of rows) row.text = text(row);

  const size = (count) => {
    if (count === null) return "";
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (count >= 1000 && unit < units.length - 1) {
      count /= 1000;
      unit += 1;
    }
    return `${unit ? Number(count.toPrecision(3)) : count} ${units[unit]}`;
  };
  const time = (seconds) =>
    seconds >= 60
      ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
      : `${seconds < 0.1 ? seconds.toFixed(3) : seconds.toFixed(1)} s`;
  const number = (value) => (value === null ? "" : value === 0 ? "0" : value.toExponential(1));

  const element = (name, content, kind) => {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (kind) made.className = kind;
    return made;
  };

  const compare = (one, other) => {
    const [a, b] = [one[key], other[key]];
    if (a === b) return one.relative < other.relative ? -1 : 1;
    if (a === null || a === "") return 1;
    if (b === null || b === "") return -1;
    return (a < b ? -1 : 1) * direction;
  };

  const wanted = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    return rows
      .filter((row) => !state.value || row.state === state.value)
      .filter((row) => words.every((word) => row.text.includes(word)))
      .sort(compare);
  };

  const detail = (row) => {
    const cell = element("td");
    cell.colSpan = 7;
    cell.append(element("p", row.source, "path"));
    if (row.output) cell.append(element("p", `\u2192 ${row.output}`, "path"));
    if (row.message) cell.append(element("p", row.message, "error"));
    if (row.hint) cell.append(element("p", row.hint));
    if (row.verified) cell.append(element("p", `verified: ${row.verified}`));
    if (row.findings.length) {
      const list = element("ul");
      for (const each of row.findings) {
        const item = element("li");
        const link = element("a", each.code);
        link.href = `#${each.code}`;
        const where = each.layer ? ` ${each.layer}:` : "";
        item.append(link, ` ${each.severity}${where} ${each.message}`);
        if (each.remedy) item.append(element("div", `\u2192 ${each.remedy}`, "quiet"));
        list.append(item);
      }
      cell.append(list);
    }
    const line = element("tr", undefined, "detail");
    line.append(cell);
    return line;
  };

  const line = (row) => {
    const made = element("tr", undefined, "file");
    made.tabIndex = 0;
    const outcome = element("td");
    outcome.append(element("i", undefined, row.state.replace(" ", "-")), row.state);
    const name = element("td");
    name.append(element("span", row.relative, "path"));
    made.append(
      name,
      outcome,
      element("td", row.writer),
      element("td", size(row.size_before), "number"),
      element("td", size(row.size_after), "number"),
      element("td", number(row.difference), "number"),
      element("td", time(row.seconds), "number"),
    );
    const turn = () => {
      const next = made.nextSibling;
      if (next && next.className === "detail") next.remove();
      else made.after(detail(row));
    };
    made.addEventListener("click", turn);
    made.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        turn();
      }
    });
    return made;
  };

  const show = () => {
    const found = wanted();
    body.replaceChildren(...found.slice(0, limit).map(line));
    more.hidden = found.length <= limit;
    document.getElementById("shown").textContent =
      `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    for (const head of document.querySelectorAll("#table th")) {
      const sorted = head.dataset.key === key;
      if (sorted) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  };

  const again = () => {
    limit = PAGE;
    show();
  };
  filter.addEventListener("input", again);
  state.addEventListener("change", again);
  more.addEventListener("click", () => {
    limit += PAGE * 5;
    show();
  });
  for (const head of document.querySelectorAll("#table th")) {
    head.querySelector("button").addEventListener("click", () => {
      direction = head.dataset.key === key ? -direction : 1;
      key = head.dataset.key;
      again();
    });
  }
  for (const button of document.querySelectorAll("[data-rule], [data-state]")) {
    button.addEventListener("click", () => {
      filter.value = button.dataset.rule || "";
      state.value = button.dataset.state || "";
      again();
      document.getElementById("files").scrollIntoView();
    });
  }
  addEventListener("hashchange", () => {
    const rule = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (rule instanceof HTMLDetailsElement) rule.open = true;
  });
  show();
})();
