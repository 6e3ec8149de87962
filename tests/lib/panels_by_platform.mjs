// panels_by_platform.mjs - which panels of the shipped dashboards have data on a platform: its series are put into a store, and every
// query of every panel is asked there as the pages ask it, with each variable at All or at its default.
import fs from 'node:fs';
import path from 'node:path';
import { Algalon, root } from './program.mjs';

const folder = path.join(root, 'dashboards');
/** Dashboards of machines; the others tell of a migration and of Algalon itself, whatever the hardware. */
const FILES = ['overview', 'system', 'gpu', 'processes', 'health', 'energy', 'efficiency'];
const STEP_S = 15;
const STEPS = 40;
const MACROS = { __rate_interval: '1m', __interval: '15s', __range: '10m', __range_s: '600' };

function variables(dashboard) {
  const values = { ...MACROS };
  for (const { name, type, current, query } of dashboard.templating.list) values[name] = type === 'query' ? '.*' : String(current?.value ?? query);
  return values;
}

const filledIn = (expr, values) => expr.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (whole, braced, plain) => {
  const value = values[braced ?? plain];
  if (value === undefined) throw new Error(`variable ${whole} is not known`);
  return value;
});

/** The panels of all dashboards in their order: { dashboard, title, queries }. */
export function panels() {
  return FILES.flatMap((name) => {
    const dashboard = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'));
    const values = variables(dashboard);
    const all = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    return all.map(({ title, targets = [] }) => ({ dashboard: dashboard.title, title, queries: targets.filter((t) => t.expr).map((t) => ({ expr: filledIn(t.expr, values), instant: Boolean(t.instant) })) }))
      .filter(({ queries }) => queries.length > 0);
  });
}

/** For each of panels(), whether one of its queries gives something over these series. */
export async function filled(series) {
  const host = await Algalon.start({ command: 'host', args: ['--retention=0'] });
  try {
    const end = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S - STEP_S;
    const start = end - STEPS * STEP_S;
    let text = '';
    for (let i = 0; i <= STEPS; i++)
      for (const [name, value] of series) text += `${name} ${/_total\{/.test(name) ? Number(value) + i : value} ${(start + i * STEP_S) * 1000}\n`;
    await host.import(text);
    const given = [];
    for (const { queries } of panels()) {
      let any = false;
      for (const { expr, instant } of queries) any ||= (await (instant ? host.query(expr, { time: end }) : host.queryRange(expr, start, end, STEP_S))).result.length > 0;
      given.push(any);
    }
    return given;
  } finally {
    await host.stop();
  }
}
