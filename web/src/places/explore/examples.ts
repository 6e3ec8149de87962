// Questions to begin with: those whose metrics there are.
import { h } from "../../ui/dom.ts";

interface Example {
  needs: string;
  title: string;
  exprs: string[];
}

const EXAMPLES: Example[] = [
  {
    needs: "all_smi_gpu_utilization",
    title: "How busy is every machine?",
    exprs: ["avg by (hostname) (all_smi_gpu_utilization)"],
  },
  {
    needs: "all_smi_gpu_utilization",
    title: "Which five GPUs do the least?",
    exprs: ["bottomk(5, avg_over_time(all_smi_gpu_utilization[15m]))"],
  },
  {
    needs: "all_smi_gpu_memory_total_bytes",
    title: "How full is the memory of every GPU?",
    exprs: ["100 * all_smi_gpu_memory_used_bytes / all_smi_gpu_memory_total_bytes"],
  },
  {
    needs: "all_smi_gpu_power_consumption_watts",
    title: "What do all GPUs draw together?",
    exprs: ["sum(all_smi_gpu_power_consumption_watts)"],
  },
  {
    needs: "all_smi_gpu_temperature_celsius",
    title: "Which GPUs are the hottest?",
    exprs: ["topk(5, all_smi_gpu_temperature_celsius)"],
  },
  {
    needs: "DCGM_FI_DEV_GPU_UTIL",
    title: "How busy is every GPU?",
    exprs: ["avg by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL)"],
  },
  { needs: "up", title: "Which targets answer?", exprs: ["up"] },
  {
    needs: "algalon_query_requests_total",
    title: "How many queries are asked a second?",
    exprs: ["rate(algalon_query_requests_total[$__rate_interval])"],
  },
];

const SHOWN = 6;

export function examples(names: Set<string>, take: (exprs: string[]) => void): HTMLElement[] {
  const found = EXAMPLES.filter((e) => names.has(e.needs)).slice(0, SHOWN);
  const about = found.length
    ? "Write a metric's name or an expression, or begin with one of these:"
    : "There are no metrics in this range yet. Write an expression, or look at the targets: is anything scraped?";
  return [
    h("p", { class: "dim", text: about }),
    h(
      "ul",
      { class: "examples" },
      ...found.map((e) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "example", onclick: () => take(e.exprs) },
            h("span", { text: e.title }),
            h("code", { class: "dim", text: e.exprs.join("\n") }),
          ),
        ),
      ),
    ),
  ];
}
