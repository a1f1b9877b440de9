// What was done on which day, and what a mask took.

import { el } from "../../models/parts/bits.js";
import { count, counted, day as dayWords } from "../../models/words.js";
import { daysOf, everyDay, isoDay } from "../place.js";
import { medianWords, quartileWords } from "../told.js";
import { panel, tableOf } from "./panel.js";
import { bars, medians } from "./time_chart.js";

const DEEDS = [
  { key: "verdicts", label: "Verdicts", one: "verdict", tone: "tone-1" },
  { key: "second_looks", label: "Second looks", one: "second look", tone: "tone-3" },
  { key: "votes", label: "Votes", one: "vote", tone: "tone-4" },
  { key: "drawn", label: "Masks without a proposal", one: "mask without a proposal", many: "masks without a proposal", tone: "tone-2" },
];

export const overTime = (state) => [throughput(state), ...effort(state)];

/** The days of the axis: the chosen ones, where a side is open up to what there is. */
function axisDays({ place, now }, rows) {
  const { first, last } = daysOf(place, now);
  const from = first ?? rows[0] ?? isoDay(now);
  return everyDay(from, last ?? [...rows, from, isoDay(now)].sort().at(-1));
}

function throughput(state) {
  const rows = state.figures.data.throughput;
  const options = { id: "throughput", title: "Done per day", about: "What people decided and drew. Verdicts that were taken back, and what was accepted without a look, are left out.", csv: state.csv("throughput"), wide: true };
  if (rows.length === 0) return panel({ ...options, empty: "Nobody has judged or drawn anything in these days." });
  const days = axisDays(state, rows.map(({ day }) => day));
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const used = DEEDS.filter(({ key }) => key === "verdicts" || rows.some((row) => row[key] > 0));
  const values = (key) => days.map((day) => byDay.get(day)?.[key] ?? 0);
  const series = used.map((deed) => ({ ...deed, values: values(deed.key) }));
  const readOut = (at) => series.map(({ label, tone, values: of }) => el("span.legend-one", {}, el("i.side-mark", { class: tone }), `${label} `, el("b.number", {}, count(of[at]))));
  const words = (at) => series.map(({ one, many, values: of }) => counted(of[at], one, many)).join(", ");
  return panel(options, bars({ id: "throughput", label: "Done per day", days, hover: state.hover, now: state.now, readOut, words }, series),
    tableOf("Done per day", ["Day", ...used.map(({ label }) => label)], rows.map((row) => [row.day, ...used.map(({ key }) => row[key])])));
}

const EFFORTS = [
  { key: "seconds", title: "Seconds per mask", unit: "s", tone: "tone-1", about: "Of a person's work on the first revision of a mask: the median of each day, in the band of the middle half." },
  { key: "clicks", title: "Clicks per mask", unit: "", tone: "tone-3", about: "Points and boxes; what was accepted as proposed took none. Masks drawn by hand are left out." },
];

function effort(state) {
  const rows = state.figures.data.effort_by_day;
  const byDay = new Map(rows.map((row) => [row.of.name, row]));
  return EFFORTS.map(({ key, title, unit, tone, about }) => {
    const options = { id: `${key}-by-day`, title, about, csv: state.csv("effort-by-day") };
    const measured = rows.filter((row) => row[key] !== null);
    if (measured.length === 0) return panel({ ...options, empty: `No ${key} were measured in these days.` });
    const days = axisDays(state, rows.map(({ of }) => of.name));
    const spreads = days.map((day) => byDay.get(day)?.[key] ?? null);
    const told = (at) => (spreads[at] === null ? "nothing measured" : `${medianWords(spreads[at], unit)}, middle half ${quartileWords(spreads[at])}, of ${counted(spreads[at].count, "mask")}`);
    const readOut = (at) => [el("span.legend-one", {}, el("i.line-mark", { class: tone }), spreads[at] === null ? el("span.soft", {}, "nothing measured") : [
      el("b.number", {}, medianWords(spreads[at], unit)), el("span.soft", {}, `middle half ${quartileWords(spreads[at])} · ${counted(spreads[at].count, "mask")}`)])];
    return panel(options, medians({ id: options.id, label: title, days, hover: state.hover, now: state.now, readOut, words: told }, spreads, tone),
      tableOf(title, ["Day", "Median", "Lower quartile", "Upper quartile", "Masks"], measured.map((row) => {
        const { low, median, high, count: of } = row[key];
        return [dayWords(row.of.name, state.now), median.toFixed(1), low.toFixed(1), high.toFixed(1), of];
      })));
  });
}
