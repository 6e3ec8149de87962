// Runs before the first paint: the remembered theme, so that the page does not flash.
try {
  const kept = localStorage.getItem("algalon-theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch {
  // storage may be forbidden; then the system's preference holds
}
