// Runs before the first paint: the theme that the address asks for (?theme=dark, as Grafana has it)
// or the remembered one, so that the page does not flash.
try {
  const asked = new URLSearchParams(location.search).get("theme");
  const kept = asked ?? localStorage.getItem("algalon-theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch {
  // storage may be forbidden; then the system's preference holds
}
