"use strict";
// On a phone a table that is wider than the screen becomes blocks: each row a short list, a line for each column.
// Without this file it can be scrolled sideways, as on a wide screen.

const PHONE = matchMedia("(max-width: 520px)");
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

function label(table) {
  const heads = table.tHead ? [...table.tHead.rows[0].cells].map((each) => each.textContent.trim()) : [];
  for (const row of [...table.tBodies].flatMap((each) => [...each.rows])) {
    let place = 0;
    for (const cell of row.cells) {
      if (cell.colSpan === 1 && heads[place]) cell.dataset.label = heads[place];
      place += cell.colSpan;
    }
  }
  // What is drawn as blocks stays a table for those who do not see it.
  for (const each of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
    each.setAttribute("role", ROLES[each.tagName] || (each.scope === "row" ? "rowheader" : "columnheader"));
  }
}

function fit(box) {
  const table = box.querySelector(":scope > table");
  table.classList.remove("blocks");
  table.classList.toggle("blocks", PHONE.matches && box.scrollWidth > box.clientWidth);
}

const sizes = new ResizeObserver((changed) => changed.forEach((each) => fit(each.target)));
document.querySelectorAll(".scroll:has(> table:not(.days))").forEach((box) => {
  label(box.querySelector(":scope > table"));
  sizes.observe(box);
});
