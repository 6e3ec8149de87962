// metrics_by_platform.test.mjs - docs/metrics-by-platform.md says which family stands on which platform, and which panel of a shipped
// dashboard has data there, as the program gives them over the trees of tests/fixtures and over simulated boards. ALGALON_UPDATE=1
// writes the page's tables anew. With ALGALON_REFERENCE=DIR, a
// folder with all-smi-metrics.tsv, no row of all-smi's may be left without a place in the page; it then prints the numbers.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { familiesByPlatform, platforms } from '../lib/by_platform.mjs';
import { filled, panels } from '../lib/panels_by_platform.mjs';
import { root } from '../lib/program.mjs';

const page = path.join(root, 'docs/metrics-by-platform.md');
const GIVEN = '●';
const BLOCKS = ['all-smi', 'algalon', 'untried'];
const block = (name) => new RegExp(`(<!-- ${name}: made by tests/integration/metrics_by_platform\\.test\\.mjs -->\\n)([^]*?)(<!-- end -->)`);

/** The families of docs/metrics.md in its order, without what is NVIDIA's by definition (dcgm-exporter's) and other names of the same. */
function catalogue() {
  const text = fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8').split("\n## Names of Algalon's first version")[0];
  return [...text.matchAll(/^\| `((?:all_smi|algalon)_\w+)`/gm)].map((m) => m[1]);
}

/** name of platform -> set of families, as the page says. */
function documented(text) {
  const found = new Map(platforms.map(({ name }) => [name, new Set()]));
  for (const name of ['all-smi', 'algalon'])
    for (const [, family, cells] of block(name).exec(text)[2].matchAll(/^\| `(\w+)` \|(.*)\|$/gm))
      cells.split('|').forEach((cell, i) => cell.trim() === GIVEN && found.get(platforms[i].name).add(family));
  return found;
}

/** The text of a block, from what was found. */
function written(name, found, names) {
  const given = (family) => [...found.values()].some((families) => families.has(family));
  if (name === 'untried') return names.filter((family) => !given(family)).map((family) => `- \`${family}\`\n`).join('');
  const rows = names.filter((family) => given(family) && family.startsWith(name === 'all-smi' ? 'all_smi_' : 'algalon_'));
  const line = (family) => `| \`${family}\` | ${platforms.map((p) => (found.get(p.name).has(family) ? GIVEN : ' ')).join(' | ')} |\n`;
  return `| family | ${platforms.map((p) => p.name).join(' | ')} |\n|---|${':-:|'.repeat(platforms.length)}\n${rows.map(line).join('')}`;
}

/** The table of panels: `given` has, by platform, whether each of panels() has data. */
function writtenPanels(given) {
  const title = (text) => text.replaceAll('|', '\\|');
  const line = ({ dashboard, title: name }, i) => `| ${dashboard}: ${title(name)} | ${platforms.map((p) => (given.get(p.name)[i] ? GIVEN : ' ')).join(' | ')} |\n`;
  return `| panel | ${platforms.map((p) => p.name).join(' | ')} |\n|---|${':-:|'.repeat(platforms.length)}\n${panels().map(line).join('')}`;
}

/** The rows of the page's tables of what is not given: families of all-smi's with a reason. */
const refused = (text) => text.slice(text.indexOf('## What all-smi lists and Algalon does not give')).split('\n').filter((l) => l.startsWith('| `'))
  .flatMap((l) => [...l.split('|')[1].matchAll(/`(\w+)`/g)].map((m) => m[1]));

describe('docs/metrics-by-platform.md', () => {
  const names = catalogue();
  let text = fs.readFileSync(page, 'utf8');
  const given = new Map();
  let found;

  before(async () => {
    const update = Boolean(process.env.ALGALON_UPDATE);
    const scrapes = new Map();
    found = await familiesByPlatform(update ? undefined : documented(text), scrapes);
    for (const [name, series] of scrapes) given.set(name, await filled(series));
    if (!update) return;
    for (const name of BLOCKS) text = text.replace(block(name), (_, head, _old, end) => `${head}\n${written(name, found, names)}\n${end}`);
    text = text.replace(block('panels'), (_, head, _old, end) => `${head}\n${writtenPanels(given)}\n${end}`);
    fs.writeFileSync(page, text);
  });

  it('says what each platform gives', () => {
    for (const name of BLOCKS) assert.equal(block(name).exec(text)[2].trim(), written(name, found, names).trim(), `${name}: ALGALON_UPDATE=1 renews it`);
  });

  it('says which panel has data on which platform', () => {
    assert.equal(block('panels').exec(text)[2].trim(), writtenPanels(given).trim(), 'ALGALON_UPDATE=1 renews it');
  });

  it('has no panel that is empty everywhere', () => {
    assert.deepEqual(panels().filter((_, i) => ![...given.values()].some((has) => has[i])).map(({ dashboard, title }) => `${dashboard}: ${title}`), []);
  });

  it('leaves out no family that is given', () => {
    const left = [...new Set([...found.values()].flatMap((families) => [...families]))].filter((family) => !names.includes(family));
    assert.deepEqual(left, []);
  });

  it('refuses nothing that Algalon gives', () => {
    assert.deepEqual(refused(text).filter((family) => names.includes(family)), []);
    assert.ok(refused(text).length > 10);
  });

  it('has a place for each row of all-smi', { skip: process.env.ALGALON_REFERENCE ? false : 'ALGALON_REFERENCE names no folder' }, () => {
    const rows = fs.readFileSync(path.join(process.env.ALGALON_REFERENCE, 'all-smi-metrics.tsv'), 'utf8').trim().split('\n').slice(1).map((l) => l.split('\t')[0]);
    const given = new Set([...found.values()].flatMap((families) => [...families]));
    const untried = new Set([...block('untried').exec(text)[2].matchAll(/`(\w+)`/g)].map((m) => m[1]));
    const count = (set) => rows.filter((row) => set.has(row)).length;
    const no = new Set(refused(text));
    console.log(`all-smi: ${rows.length} rows; ${count(given)} given, ${count(untried)} known but on no recorded machine, ${count(no)} refused with a reason`);
    assert.deepEqual(rows.filter((row) => !given.has(row) && !untried.has(row) && !no.has(row)), []);
  });
});
