// check.test.mjs - `algalon check`: files before they are used, dashboards against what there is, the inventory of names.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, nvmlSimulator, root, run, temporaryFolder, until } from '../lib/program.mjs';

const check = (...args) => run(binary, ['check', ...args]);
const dir = temporaryFolder('algalon-check');

function file(name, text) {
  const where = path.join(dir, name);
  fs.mkdirSync(path.dirname(where), { recursive: true });
  fs.writeFileSync(where, typeof text === 'string' ? text : JSON.stringify(text, null, 2));
  return where;
}

const items = (args) => JSON.parse(check('--json', ...args).out).items;

describe('algalon check', () => {
  it('finds nothing wrong with what is shipped', () => {
    const shipped = ['dashboards', 'dashboards/dcgm', 'rules', 'deploy/scrape', 'deploy/config/algalon.yml'].map((name) => path.join(root, name));
    const { code, out } = check(...shipped);
    assert.equal(code, 0, out);
    assert.match(out, /: 0 errors, 0 warnings\n$/);
    // One shows the host's own metrics, one old names beside new ones: the demo's test finds their panels filled.
    const others = ['itself.json', 'migration.json'];
    const ofGpus = fs.readdirSync(path.join(root, 'dashboards')).filter((name) => name.endsWith('.json') && !others.includes(name)).map((name) => path.join(root, 'dashboards', name));
    const against = check('--against=all-smi', ...ofGpus, path.join(root, 'rules/gpu.yml'));
    assert.equal(against.code, 0, against.out);
  });

  it('tells kind, file, line and what to do', () => {
    const wrong = {
      'algalon.yml': ['interval: 1s\nno-such-option: 1\n', 2, /unknown option 'no-such-option'/],
      'scrape.yml': ['scrape_configs:\n  - job_name: a\n    scrape_interval: 5s\n    scrape_timeout: 10s\n', 2, /scrape_timeout/],
      'targets/gpu.yml': ['- targets: [a:9400]\n- target: [b:9400]\n', 2, /target/],
      'rules.yml': ['groups:\n  - name: g\n    rules:\n      - record: a\n        expr: sum(\n', 5, /expr/],
      'web.yml': ['basic_auth_users:\n  me: plain\n', 2, /./],
      'dashboard.json': ['{"panels": [\n {"id": 1, "title": "T", "targets": [{"refId": "A", "expr": "rate(x[5m"}]}]}', 2, /cannot be read/],
      'torn.json': ['{"panels": [\n', 2, /./],
    };
    for (const [name, [text, line, words]] of Object.entries(wrong)) {
      const where = file(name, text);
      const { code, out } = check(where);
      assert.equal(code, 1, `${name}: ${out}`);
      assert.match(out, words);
      const [found] = items([where]).filter(({ level }) => level === 'error');
      assert.equal(found.file, where);
      assert.equal(found.line, line, `${name}: ${out}`);
    }
    assert.match(check(path.join(dir, 'scrape.yml')).out, /Prometheus refuses such a file, vmagent shortens/);
    assert.equal(check().code, 2);
    assert.equal(check('--kind=nonsense', dir).code, 2);
    assert.equal(check(path.join(dir, 'not-there.yml')).code, 1);
  });

  it('warns of intervals that do not fit each other, of a job label and of an open web configuration', () => {
    const config = file('ok/algalon.yml', 'interval: 30s\n');
    const scrape = file('ok/prometheus.yml', 'global:\n  scrape_interval: 5s\n  scrape_timeout: 5s\nscrape_configs: [{job_name: a, static_configs: [{targets: [a]}]}]\n');
    const { code, out } = check(config, scrape);
    assert.equal(code, 0);
    assert.match(out, /algalon\.yml:1: warning: scraped every 5s although hardware is read every 30s/);
    assert.match(out, /prometheus\.yml:2: warning: scrapes every 5s although the worker of .* reads every 30s/);
    assert.match(check(file('ok/job.yml', '- targets: [a]\n  labels: {job: x}\n')).out, /job\.yml:2: warning: the label `job`/);
    assert.match(check(file('ok/web.yml', 'http_server_config: {http2: true}\n')).out, /warning|error/);
  });

  it('says of a scrape configuration what has no effect, as the log does at start, and refuses what would change what is kept', () => {
    const scrape = file('effect/prometheus.yml', 'global: {query_log_file: q.log}\ntracing:\n  endpoint: a:1\nscrape_config_files: [more.yml]\n');
    const more = file('effect/more.yml', 'scrape_configs:\n  - job_name: a\n    scrape_failure_log_file: f.log\n');
    const { code, out } = check(scrape);
    assert.equal(code, 0, out);
    for (const words of [`${scrape}:1: warning: query_log_file has no effect`, `${scrape}:3: warning: tracing has no effect`, `${more}:3: scrape_failure_log_file has no effect`]) assert.ok(out.includes(words), `${words}\n${out}`);
    const started = run(binary, ['host', '--config=', `--data-dir=${dir}/effect-data`, `--scrape-config=${scrape}`, '--listen-api=', '--listen-web=', '--rules=/nowhere/at/all.yml']);
    for (const words of [`${scrape}:1: query_log_file has no effect`, `${scrape}:3: tracing has no effect`, `${more}:3: scrape_failure_log_file`]) assert.ok(started.err.includes(words), `${words}\n${started.err}`);
    for (const [text, words] of [
      ['remote_read:\n  - url: http://a\n', ':2: error: remote_read is not supported'],
      ['storage:\n  tsdb:\n    out_of_order_time_window: 30m\n', ':3: error: out_of_order_time_window is not supported: start with --out-of-order-window'],
    ]) {
      const refused = check(file('effect/refused.yml', text));
      assert.equal(refused.code, 1, refused.out);
      assert.ok(refused.out.includes(words), refused.out);
    }
  });

  it('names what is damaged in a data directory', { timeout: 60_000 }, async () => {
    const dataDir = path.join(dir, 'data');
    const algalon = await Algalon.start({ command: 'host', dataDir, args: ['--retention=0'] });
    await algalon.import('a_metric 1 1700000000000\n');
    await algalon.stop();
    assert.match(check('--verbose', dataDir).out, /data directory: \d+ days? with \d+ blocks?/);
    const day = path.join(dataDir, 'days', '2023-11-14.mdb');
    const bytes = fs.readFileSync(day);
    for (let at = bytes.indexOf('SHF1'); at >= 0; at = bytes.indexOf('SHF1', at + 1)) bytes[at + 20] ^= 1;
    fs.writeFileSync(day, bytes);
    const { code, out } = check(dataDir);
    assert.equal(code, 1);
    assert.match(out, /days\/2023-11-14\.mdb.*label index/);
  });

  it('tells a data directory from a foreign folder', () => {
    const foreign = path.join(dir, 'foreign');
    fs.mkdirSync(foreign);
    assert.equal(check('--verbose', foreign).code, 0);
    fs.writeFileSync(path.join(foreign, 'picture.png'), 'x');
    assert.match(check(foreign).out, /error: .*not a data directory of algalon/);
  });

  it('holds a dashboard against a worker and a store, and puts it right', { timeout: 60_000 }, async () => {
    const worker = await Algalon.start({
      command: 'all', args: ['--interval=500ms', '--scrape-interval=500ms', `--nvml-library=${nvmlSimulator}`],
      env: { ALGALON_NVML_SIM: path.join(root, 'tests/sim/nvml/scenarios/fleet-node.scn') },
    });
    try {
      await until('the GPUs are there', 20, () => worker.value('count(all_smi_gpu_temperature_celsius)'));
      const board = file('board.json', {
        panels: [
          { id: 1, title: 'Power', fieldConfig: { defaults: { unit: 'kwatt' } }, targets: [{ refId: 'A', expr: 'all_smi_gpu_power{index="0"}', legendFormat: '{{gpu_name}}' }] },
          { id: 2, title: 'Heat', targets: [{ refId: 'A', expr: 'avg(DCGM_FI_DEV_GPU_TEMP{gpu=~"$gpu"})' }] },
          { id: 3, title: 'None', targets: [{ refId: 'A', expr: 'all_smi_gpu_utilization{gpu_index="42"}' }] },
        ],
      });
      for (const source of [`${worker.metrics}/metrics`, worker.api]) {
        const { code, out } = check(`--against=${source}`, board);
        assert.equal(code, 1, out);
        assert.match(out, /panel 1 'Power', A: no metric all_smi_gpu_power in .*: empty\n {4}-> the nearest is all_smi_gpu_power_consumption_watts \(--fix\)/);
        assert.match(out, /panel 2 'Heat', A: no metric DCGM_FI_DEV_GPU_TEMP .*\n {4}-> all_smi_gpu_temperature_celsius says the same/);
        assert.match(out, /warning: panel 3 'None', A: no series of all_smi_gpu_utilization/);
      }
      const fixed = check('--against=all-smi', '--fix', board);
      assert.equal(fixed.code, 0, fixed.err);
      const { panels } = JSON.parse(fixed.out);
      assert.equal(panels[0].targets[0].expr, 'all_smi_gpu_power_consumption_watts{gpu_index="0"}');
      assert.equal(panels[0].targets[0].legendFormat, '{{gpu}}');
      assert.equal(panels[0].fieldConfig.defaults.unit, 'watt');
      assert.equal(panels[1].targets[0].expr, 'avg(all_smi_gpu_temperature_celsius{gpu_index=~"$gpu"})');
      assert.equal(check(`--against=${worker.api}`, file('fixed.json', fixed.out)).code, 0);
    } finally {
      await worker.stop();
    }
    assert.equal(check(`--against=${worker.api}`, path.join(root, 'dashboards/gpu.json')).code, 1, 'nobody answers');
  });

  it('lists which files ask for which metrics', () => {
    const place = path.join(dir, 'usage');
    file('usage/rules/a.yml', 'groups: [{name: g, rules: [{alert: A, expr: "DCGM_FI_DEV_GPU_TEMP > 80"}]}]');
    file('usage/b.json', { panels: [{ id: 1, targets: [{ expr: 'DCGM_FI_DEV_GPU_TEMP / DCGM_FI_DEV_XID_ERRORS' }] }] });
    const { code, out } = check('--usage', place);
    assert.equal(code, 0);
    assert.match(out, /^DCGM_FI_DEV_GPU_TEMP {2}<-> {2}all_smi_gpu_temperature_celsius\n {4}.*b\.json \(1\)\n {4}.*a\.yml \(1\)$/m);
    const { metrics } = JSON.parse(check('--usage', '--json', place).out);
    assert.deepEqual(metrics.map(({ name }) => name), ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_XID_ERRORS']);
    assert.equal(metrics[1].counterpart, '(none)');
    assert.equal(Object.keys(metrics[0].files).length, 2);
  });

  it('tells what names are otherwise since a version or a kept scrape, and whom that concerns', () => {
    const same = check('--since=0.1.0', '--verbose');
    assert.equal(same.code, 0, same.out);
    assert.doesNotMatch(same.out, /gone|any more|is new/);
    assert.match(same.out, /(\d+) names before, \1 now/);
    const none = check('--since=9.9');
    assert.equal(none.code, 2);
    assert.match(none.err, /no release 9\.9 of algalon; known are 0\.1\.0/);
    const before = file('before.txt', 'all_smi_gpu_utilization{gpu_index="0",gpu="H",slot="1"} 1\nall_smi_gone{gpu="H"} 1\n');
    const place = path.join(dir, 'since');
    file('since/a.yml', 'groups: [{name: g, rules: [{alert: A, expr: "all_smi_gone > 80"}]}]');
    const general = check(`--since=${before}`, '--against=all-smi');
    assert.equal(general.code, 0, 'nobody asks for it');
    assert.match(general.out, /warning: all_smi_gone is gone/);
    assert.match(general.out, /warning: all_smi_gpu_utilization has no label slot any more/);
    assert.match(general.out, /note: all_smi_gpu_temperature_celsius is new/);
    const { code, out } = check(`--since=${before}`, '--against=all-smi', place);
    assert.equal(code, 1);
    assert.match(out, /a\.yml: error: all_smi_gone is gone/);
    assert.equal(check('--since=0.1.0', '--usage', place).code, 2);
  });
});
