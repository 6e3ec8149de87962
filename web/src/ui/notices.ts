// Messages over the page: the server is away, no GPU here, what a dashboard file lacks.
import { h, icon, put } from "./dom.ts";
import type { Doctor } from "./services.ts";

export class Notices {
  private readonly root = document.getElementById("notices")!;
  private away: HTMLElement | null = null;
  private page: HTMLElement[] = [];

  private draw(): void {
    put(this.root, ...this.page);
  }

  /** The banner that the server cannot be reached; goes away by itself. */
  setReachable(reachable: boolean): void {
    if (reachable === !this.away) return;
    this.away?.remove();
    this.away = null;
    if (reachable) return;
    const words =
      "The server cannot be reached. What is shown is the last that it said; this page tries again by itself.";
    this.away = h(
      "div",
      { class: "notice bad away", role: "alert" },
      icon("warn"),
      h("p", { text: words }),
    );
    document.body.append(this.away); // over the page: nothing moves
  }

  /** Notices that belong to the dashboard on the page. */
  clearPage(): void {
    this.page = [];
    this.draw();
  }

  add(kind: "note" | "bad", title: string, lines: string[] = []): void {
    const list = lines.length ? h("ul", {}, ...lines.map((l) => h("li", { text: l }))) : null;
    this.page.push(
      h(
        "div",
        { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" },
        icon(kind === "bad" ? "warn" : "info"),
        h("div", {}, h("p", { text: title }), list),
      ),
    );
    this.draw();
  }

  noGpu(doctor: Doctor): void {
    const found = doctor.findings.filter((f) => f.what && f.level !== "ok");
    const about = found.filter((f) => /gpu|nvidia|nvml|accel|driver/i.test(f.topic + " " + f.what));
    const lines = (about.length ? about : found)
      .slice(0, 4)
      .map((f) => (f.advice ? `${f.what}: ${f.advice}` : f.what));
    this.add(
      "note",
      "No GPU was found on this machine. What the doctor says:",
      lines.length ? lines : ["nothing more; run: algalon doctor"],
    );
  }
}
