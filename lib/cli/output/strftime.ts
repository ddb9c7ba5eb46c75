/**
 * Local time by strftime's letters, for `-F '%@H:%@M:%@S'`.
 *
 * @module
 */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

type Write = (date: Date) => string;

/** What each letter writes. */
export const STRFTIME: ReadonlyMap<string, Write> = new Map<string, Write>([
  ["a", (date) => (DAYS[date.getDay()] ?? "").slice(0, 3)],
  ["A", (date) => DAYS[date.getDay()] ?? ""],
  ["b", (date) => (MONTHS[date.getMonth()] ?? "").slice(0, 3)],
  ["B", (date) => MONTHS[date.getMonth()] ?? ""],
  ["C", (date) => two(Math.floor(date.getFullYear() / 100))],
  ["d", (date) => two(date.getDate())],
  ["D", (date) => `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`],
  ["e", (date) => `${date.getDate()}`.padStart(2)],
  ["F", (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`],
  ["H", (date) => two(date.getHours())],
  ["I", (date) => two(date.getHours() % 12 || 12)],
  ["j", (date) => `${dayOfYear(date)}`.padStart(3, "0")],
  ["k", (date) => `${date.getHours()}`.padStart(2)],
  ["l", (date) => `${date.getHours() % 12 || 12}`.padStart(2)],
  ["m", (date) => two(date.getMonth() + 1)],
  ["M", (date) => two(date.getMinutes())],
  ["n", () => "\n"],
  ["N", (date) => `${date.getMilliseconds()}`.padStart(3, "0").padEnd(9, "0")],
  ["p", (date) => date.getHours() < 12 ? "AM" : "PM"],
  ["R", (date) => `${two(date.getHours())}:${two(date.getMinutes())}`],
  ["s", (date) => `${Math.floor(date.getTime() / 1000)}`],
  ["S", (date) => two(date.getSeconds())],
  ["t", () => "\t"],
  ["T", (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`],
  ["u", (date) => `${date.getDay() || 7}`],
  ["w", (date) => `${date.getDay()}`],
  ["y", (date) => two(date.getFullYear() % 100)],
  ["Y", (date) => `${date.getFullYear()}`],
  ["z", zone],
  ["%", () => "%"],
]);

function two(value: number): string {
  return `${value}`.padStart(2, "0");
}

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (day - Date.UTC(date.getFullYear(), 0, 0)) / 86_400_000;
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const apart = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(apart / 60))}${two(apart % 60)}`;
}
