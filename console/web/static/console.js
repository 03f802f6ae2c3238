"use strict";
// Charts take their colours from the page, so that they follow light, dark and print. Without this file every
// page still works: each chart has its figures in a table, and every range can be typed.

const colour = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();

// Letters, margins and lines grow with the page's own letters: on a wall of 4K and on paper, too.
const unit = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

function traces(chart) {
  return chart.traces.map((each) => ({
    ...each, type: "scatter", mode: each.role === "band" ? "lines" : "lines",
    line: { color: colour(each.role), width: each.role === "band" ? 0 : 0.1 * unit(), dash: each.role === "promise" ? "dash" : "solid", shape: each.step ? "hv" : "linear" },
    fillcolor: each.fill ? colour("band") : undefined,
    ...(each.hoverinfo === "skip" ? {} : { hovertemplate: chart.share ? "%{y:.2~%}" : `%{y} ${chart.unit}` }),
  })).concat(stretches(chart));
}

// Stretches are areas of a second axis, as high as the chart: only areas say on hover what they are.
const PATTERNS = { refused: "x", suspect: ".", excluded: "/", unscored: "." };
const LEGEND = { unscored: "cannot be scored", degraded: "worse than promised" };

const MOST_NAMED = 6; // versions of a legend; the notes below the chart name them all

function stretches(chart) {
  const versions = new Set(chart.shapes.filter((each) => each.low).map((each) => each.label));
  const alike = new Map();
  for (const each of chart.shapes.filter((each) => each.x0 !== each.x1)) {
    const [key, top] = [`${each.role} ${each.label}`, each.low ? 0.05 : 1];
    if (!alike.has(key)) alike.set(key, { role: each.role, label: each.label, x: [], y: [] });
    const area = alike.get(key);
    area.x.push(each.x0, each.x0, each.x1, each.x1, each.x0, null);
    area.y.push(0, top, top, 0, 0, null);
  }
  const named = new Set();
  const inLegend = (area) => (area.role.startsWith("version-") ? (versions.size > MOST_NAMED ? "version" : area.label) : LEGEND[area.role] || area.role);
  return [...alike.values()].map((area) => {
    const name = inLegend(area);
    const first = !named.has(name);
    named.add(name);
    return {
      x: area.x, y: area.y, yaxis: "y2", type: "scatter", mode: "lines", fill: "toself", hoveron: "fills", hoverinfo: "text",
      text: area.label, name, legendgroup: name, showlegend: first, line: { width: 1, color: colour(`${area.role}-edge`) },
      fillcolor: colour(area.role), fillpattern: { shape: PATTERNS[area.role] || "", fgcolor: colour(`${area.role}-edge`), bgcolor: colour(area.role), size: 7, solidity: 0.15 },
    };
  });
}

function shapes(chart) {
  return chart.shapes.filter((each) => each.x0 === each.x1).map((each) => ({
    type: "line", yref: "paper", y0: 0, y1: 1, x0: each.x0, x1: each.x1, line: { color: colour(each.role), width: 1, dash: "dot" },
  }));
}

function layout(chart, mode) {
  const axis = { gridcolor: colour("rule"), zerolinecolor: colour("rule"), linecolor: colour("soft"), automargin: !chart.span };
  const named = chart.traces.filter((each) => each.name).length > 1 || chart.shapes.some((each) => each.x0 !== each.x1);
  return {
    margin: { l: (chart.span ? 3.5 : 3) * unit(), r: 0.5 * unit(), t: 0.5 * unit(), b: 2.25 * unit() }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("ink"), family: "system-ui, sans-serif", size: 0.8 * unit() }, hovermode: "x",
    hoverlabel: { bgcolor: colour("card"), font: { color: colour("ink") } },
    legend: { orientation: "h", x: 0, y: -0.16 }, showlegend: named,
    dragmode: mode === "exclude" ? "select" : "zoom", selectdirection: "h",
    xaxis: { ...axis, type: "date", ...(chart.span ? { range: chart.span } : {}) },
    yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true }, yaxis: { ...axis, fixedrange: true, tickformat: chart.share ? ".2~%" : "" },
    shapes: shapes(chart),
  };
}

// Paper waits for nobody: a chart that is to be printed is drawn at once, as wide as the paper.
const paper = (box) => (matchMedia("print").matches ? { width: box.clientWidth, height: box.clientHeight } : { autosize: true });

// Plotly writes moments without a zone; ours are UTC.
const moment = (text) => new Date(`${String(text).replace(" ", "T").slice(0, 19)}${String(text).length < 11 ? "T00:00:00" : ""}Z`);
const written = (text) => moment(text).toISOString().slice(0, 16) + "Z";

// A hand hits no minute: what it drags begins and ends with a row of data, and holds at least one.
const ROW = 15 * 60 * 1000;
function inRows([from, to]) {
  const begin = Math.round(moment(from) / ROW);
  const end = Math.max(Math.round(moment(to) / ROW), begin + 1);
  return [begin, end].map((row) => new Date(row * ROW).toISOString().slice(0, 16) + "Z");
}

function draw(box) {
  const chart = JSON.parse(box.dataset.chart);
  let mode = "zoom";
  const settings = { displayModeBar: false, responsive: true, doubleClick: false };
  const paint = () => Plotly.react(box, traces(chart), { ...layout(chart, mode), ...paper(box) }, settings);
  paint();
  if (chart.zooms) {
    box.on("plotly_relayout", (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (mode === "zoom" && from && to) {
        const link = new URL(location.href);
        link.searchParams.set("from", written(from));
        link.searchParams.set("to", written(to));
        location.assign(link);
      }
    });
  }
  if (chart.excludes) {
    box.on("plotly_selected", (chosen) => {
      if (mode !== "exclude" || !chosen || !chosen.range) return;
      const link = new URL("/do/exclude", location.origin);
      link.searchParams.set("site", chart.excludes);
      const [start, end] = inRows(chosen.range.x);
      link.searchParams.set("start", start);
      link.searchParams.set("end", end);
      for (const name of ["from", "to"]) {
        const shown = new URL(location.href).searchParams.get(name);
        if (shown) link.searchParams.set(name, shown);
      }
      location.assign(link);
    });
    const modes = box.parentElement.querySelector(".modes");
    modes.hidden = false;
    modes.addEventListener("click", (event) => {
      if (!event.target.dataset.mode) return;
      mode = event.target.dataset.mode;
      for (const each of modes.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each.dataset.mode === mode));
      paint();
    });
  }
  for (const kind of ["(prefers-color-scheme: dark)", "print"]) matchMedia(kind).addEventListener("change", paint);
}

document.querySelectorAll("[data-chart]").forEach(draw);

// What changed is shown by the page itself, asked for anew; whoever types or reads a text is not disturbed.
const news = document.querySelector("[data-news]");
if (news) {
  const source = new EventSource(news.dataset.news);
  source.addEventListener("changed", () => {
    if (document.activeElement.matches("input, select") || document.querySelector("details[open]")) return;
    location.reload();
  });
  addEventListener("pagehide", () => source.close());
}

// A part of a page that goes on is asked for anew, as long as what comes says so; when it ends, the page is.
// Whoever marks text in it, or has another window in front, is not disturbed.
const EVERY = 3000;

function keep(log) {
  return log ? { top: log.scrollTop, atEnd: log.scrollHeight - log.scrollTop - log.clientHeight < 8 } : { atEnd: true };
}

function show(log, was) {
  if (log) log.scrollTop = was.atEnd ? log.scrollHeight : was.top;
}

async function renew(part) {
  const log = () => document.querySelector("#live .log");
  if (!document.hidden && getSelection().isCollapsed) {
    const answer = await fetch(part.dataset.renew).catch(() => null);
    if (answer && answer.ok) {
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#live");
      if (!made.dataset.renew) return location.reload();
      const was = keep(log());
      part.replaceWith(made);
      part = made;
      show(log(), was);
    }
  }
  setTimeout(renew, EVERY, part);
}

show(document.querySelector("#live .log"), { atEnd: true });
document.querySelectorAll("[data-renew]").forEach((part) => setTimeout(renew, EVERY, part));
