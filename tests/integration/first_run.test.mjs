// first_run.test.mjs - what a new user does: start it, look at each port, stop it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Algalon, Child, binary, freePorts, run, temporaryFolder, until } from '../lib/program.mjs';

describe('algalon without any option but free ports', () => {
  let algalon;
  before(async () => {
    algalon = await Algalon.start({ args: ['--interval=1s'] });
  });
  after(() => algalon?.stop('SIGKILL'));

  it('serves metrics that promtool finds clean', async () => {
    const text = await (await fetch(`${algalon.metrics}/metrics`)).text();
    assert.match(text, /^all_smi_up\{hostname="[^"]+"\} 1$/m);
    const check = run('promtool', ['check', 'metrics'], { input: text });
    // all-smi's own names are kept as they are, also the three that end in a suffix of histograms.
    const complaints = (check.out + check.err).split('\n').filter((line) => line && !/^all_smi_cpu_(core|socket|thread)_count .*"_count" suffix$/.test(line));
    assert.deepEqual(complaints, []);
  });

  it('answers OpenMetrics and gzip when asked', async () => {
    const open = await fetch(`${algalon.metrics}/metrics`, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } });
    assert.match(open.headers.get('content-type'), /application\/openmetrics-text/);
    assert.match(await open.text(), /# EOF\n$/);
    const plain = await fetch(`${algalon.metrics}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(plain.headers.get('content-encoding'), 'gzip');
    assert.match(await plain.text(), /all_smi_cpu_utilization/);
  });

  it('gives this machine\'s CPU utilisation through the API', async () => {
    const value = await until('a sample of all_smi_cpu_utilization', 10, () => algalon.value('all_smi_cpu_utilization'));
    assert.ok(value >= 0 && value <= 100, `${value} is a percentage`);
  });

  it('keeps its own metrics too', async () => {
    const rows = await until('a sample of its own', 10, () => algalon.value('algalon_build_info'));
    assert.equal(rows, 1);
    assert.equal(await algalon.value('up{job="worker"}'), 1);
  });

  it('serves the pages and lists its dashboards', async () => {
    const page = await fetch(`${algalon.web}/`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src/);
    const list = await (await fetch(`${algalon.web}/api/dashboards`)).json();
    const uids = (list.dashboards ?? list).map((d) => d.uid);
    for (const uid of ['algalon-overview', 'algalon-gpu', 'algalon-health', 'algalon-system', 'algalon-processes']) assert.ok(uids.includes(uid), uid);
  });

  it('is ready for health checks', () => {
    assert.equal(run(binary, ['ready', `--url=${algalon.metrics}/-/ready`]).code, 0);
    assert.equal(run(binary, ['ready', `--url=${algalon.api}/-/ready`]).code, 0);
  });

  it('reads its configuration again when told', async () => {
    assert.equal((await fetch(`${algalon.api}/-/reload`, { method: 'POST' })).status, 200);
    algalon.process.kill('SIGHUP');
    await until('the second reload in the log', 5, () => algalon.output.split('configuration read again').length > 2);
  });

  it('stops cleanly on SIGTERM', async () => {
    const { code } = await algalon.stop('SIGTERM');
    assert.equal(code, 0);
    assert.match(algalon.output, /msg="stopped"/);
  });
});

describe('parts', () => {
  it('an empty listener is switched off', async () => {
    const [metrics, api] = await freePorts(2);
    const algalon = await Algalon.start({ ports: [metrics, api, 0], args: ['--listen-web='], waitReady: false });
    await until('the API answers', 20, async () => (await fetch(`http://127.0.0.1:${api}/-/healthy`)).status === 200);
    assert.doesNotMatch(algalon.output, /for=web/);
    await algalon.stop();
  });

  it('worker serves metrics and keeps nothing', async () => {
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s'] });
    assert.match(await (await fetch(`${worker.metrics}/metrics`)).text(), /all_smi_cpu_utilization/);
    assert.equal((await worker.stop('SIGINT')).code, 0);
  });

  it('host scrapes a worker that runs elsewhere', async () => {
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s', '--hostname=far-away'] });
    const host = await Algalon.start({ command: 'host', args: [`--target=${new URL(worker.metrics).host}`, '--scrape-interval=1s'] });
    try {
      const value = await until('the worker\'s sample in the host', 15, () => host.value('all_smi_memory_total_bytes{hostname="far-away"}'));
      assert.ok(value > 0);
      assert.equal(await host.value('up{job="worker"}'), 1);
      await worker.stop();
      await until('up turns 0', 15, async () => (await host.value('up{job="worker"}')) === 0);
      await until('the series goes stale', 15, async () => (await host.value('all_smi_memory_total_bytes')) === undefined);
    } finally {
      await host.stop();
      await worker.stop('SIGKILL');
    }
  });

  it('snapshot prints json, csv and prometheus text', () => {
    const json = JSON.parse(run(binary, ['snapshot', '--over=100ms']).out);
    assert.ok(JSON.stringify(json).includes('hostname'));
    assert.match(run(binary, ['snapshot', '--format=prometheus', '--over=100ms']).out, /^# HELP /m);
    assert.equal(run(binary, ['snapshot', '--format=csv', '--over=100ms']).code, 0);
  });

  it('prints help and version', () => {
    assert.match(run(binary, ['--version']).out, /^algalon \d+\.\d+\.\d+/);
    for (const command of ['all', 'worker', 'host', 'snapshot', 'doctor', 'demo', 'release', 'ready']) {
      const help = run(binary, [command, '--help']);
      assert.equal(help.code, 0);
      assert.match(help.out, new RegExp(`Usage: algalon ${command}`));
    }
    assert.equal(run(binary, ['nonsense']).code, 2);
  });

  it('tells systemd when it is ready, and that it lives', async () => {
    const socket = `${temporaryFolder()}/notify`;
    const listener = new Child('python3', ['-u', '-c', `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(20)
print("listening", flush=True)
while True:
    print(s.recv(200).decode(), flush=True)
`, socket]);
    await until('the listener', 10, () => listener.output.includes('listening'));
    const worker = await Algalon.start({ command: 'worker', args: ['--interval=1s'], env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' } });
    await until('READY=1', 10, () => listener.output.includes('READY=1'));
    await until('it says again and again that it lives', 20, () => listener.output.split('WATCHDOG=1').length > 3);
    await worker.stop();
    await until('STOPPING=1', 10, () => listener.output.includes('STOPPING=1'));
    await listener.stop('SIGKILL');
  });
});
