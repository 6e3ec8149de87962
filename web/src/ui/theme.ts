// Dark or light: the system's preference, or what was chosen here and remembered.
import type { Theme } from "../data/colors.ts";

const KEY = "algalon-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "dark" || chosen === "light") return chosen;
  return system.matches ? "dark" : "light";
}

export function toggleTheme(): void {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // not remembered then
  }
  changed.forEach((f) => f());
}

const changed: (() => void)[] = [];

export function onTheme(f: () => void): void {
  changed.push(f);
}

system.addEventListener("change", () => changed.forEach((f) => f()));
