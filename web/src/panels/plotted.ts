// What drawings with a legend have in common (bars, slices): the legend hides series, the pointer
// tells of what it is over, and all is drawn anew when data or size change.
import { Hidden, Legend, type LegendColumn } from "./chart/legend.ts";
import { hideTooltip } from "./chart/tooltip.ts";
import type { PanelContext, PanelData, PanelView } from "./kind.ts";
import { drawing } from "./plot.ts";

export abstract class PlottedView implements PanelView {
  protected readonly plot: ReturnType<typeof drawing>;
  protected readonly hidden = new Hidden();
  protected readonly legend: Legend | null;
  protected data: PanelData | null = null;

  /** `word` is the drawing's name where the panel has no title; `columns` are those of the legend. */
  constructor(
    protected readonly host: HTMLElement,
    protected readonly context: PanelContext,
    word: string,
    columns: LegendColumn[],
  ) {
    this.plot = drawing(context.panel.title || word);
    this.legend = Legend.shown(context)
      ? new Legend(context, columns, this.hidden.has, (name, add) => {
          this.hidden.toggle(name, add, this.names());
          this.draw();
        })
      : null;
    host.classList.add("chart-host");
    host.append(this.plot.host);
    if (this.legend) host.append(this.legend.root);
    this.plot.canvas.addEventListener("pointermove", (e) => this.hover(e));
    this.plot.canvas.addEventListener("pointerleave", hideTooltip);
  }

  /** The series that the legend lists. */
  protected abstract names(): string[];
  protected abstract draw(): void;
  protected abstract hover(e: PointerEvent): void;

  update(data: PanelData): void {
    this.data = data;
    this.draw();
  }

  resize(): void {
    this.draw();
  }

  destroy(): void {
    hideTooltip();
  }
}
