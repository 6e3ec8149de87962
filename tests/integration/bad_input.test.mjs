// bad_input.test.mjs - what goes wrong at users' machines: each a clear message or a counted skip, never a crash.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Algalon, binary, freePorts, run, temporaryFolder, until } from '../lib/program.mjs';

/** Runs a host that is expected to end by itself. */
async function failing(args, env) {
  const [api, web] = await freePorts(2);
  return run(binary, ['host', '--config=', `--listen-api=127.0.0.1:${api}`, `--listen-web=127.0.0.1:${web}`, ...args], { timeout: 20_000, env });
}

describe('a start that cannot work', () => {
  it('names the port that is in use', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address();
    const result = run(binary, ['worker', '--config=', `--listen-metrics=127.0.0.1:${port}`], { timeout: 20_000 });
    server.close();
    assert.equal(result.code, 1);
    assert.match(result.err, new RegExp(`listen-metrics.*${port}.*in use`));
  });

  it('refuses a second process on the same data directory', async () => {
    const dataDir = path.join(temporaryFolder(), 'data');
    const first = await Algalon.start({ command: 'host', dataDir });
    const second = await failing([`--data-dir=${dataDir}`]);
    await first.stop();
    assert.equal(second.code, 1);
    assert.match(second.err, /in use by process/);
    assert.match(second.err, new RegExp(`${first.process.pid}`));
  });

  it('refuses a folder that holds something else', async () => {
    const dir = temporaryFolder();
    fs.writeFileSync(path.join(dir, 'thesis.tex'), 'years of work');
    const result = await failing([`--data-dir=${dir}`]);
    assert.notEqual(result.code, 0);
    assert.match(result.err, new RegExp(dir));
    assert.equal(fs.readFileSync(path.join(dir, 'thesis.tex'), 'utf8'), 'years of work');
  });

  it('says that a folder cannot be made', async () => {
    const result = await failing(['--data-dir=/proc/algalon']);
    assert.equal(result.code, 1);
    assert.match(result.err, /\/proc\/algalon/);
  });

  it('refuses to serve beyond loopback without credentials', async () => {
    const [api] = await freePorts(1);
    const result = await failing([`--listen-api=0.0.0.0:${api}`, `--data-dir=${temporaryFolder()}/d`]);
    assert.notEqual(result.code, 0);
    assert.match(result.err, /--no-auth/);
    assert.match(result.err, /web\.config\.file/);
  });

  it('names a collector that there is not, for what was to be off would be on', () => {
    for (const command of ['worker', 'doctor', 'snapshot']) {
      const { code, err } = run(binary, [command, '--config=', '--disable-collectors=disk,processes'], { timeout: 20_000 });
      assert.equal(code, 2);
      const there = /--disable-collectors: there is no 'processes'; there are (nvidia, [a-z, ]*process[a-z, ]*)/.exec(err);
      assert.ok(there, err);
      assert.ok(run(binary, [command, '--help']).out.includes(`what not to read: ${there[1]}\n`), 'and --help names the same');
    }
    assert.equal(run(binary, ['snapshot', '--config=', '--over=50ms', '--disable-collectors=disk, process,'], { timeout: 20_000 }).code, 0);
  });

  it('names file and line of a mistake in the scrape configuration', async () => {
    const file = path.join(temporaryFolder(), 'scrape.yml');
    fs.writeFileSync(file, 'scrape_configs:\n  - job_name: x\n    no_such_key: 1\n');
    const result = await failing([`--scrape-config=${file}`, `--data-dir=${temporaryFolder()}/d`]);
    assert.equal(result.code, 2);
    assert.match(result.err, /scrape\.yml:3.*no_such_key/);
  });
});

describe('pushed text', () => {
  let algalon;
  before(async () => {
    algalon = await Algalon.start({ command: 'host' });
  });
  after(() => algalon?.stop());

  it('with a garbled line keeps the others and says which was refused', async () => {
    const response = await algalon.import('good_one 1\nthis is { not a line\ngood_two 2\n');
    assert.equal(await algalon.value('good_one'), 1);
    assert.equal(await algalon.value('good_two'), 2);
    assert.ok([204, 400].includes(response.status));
    await until('the refusal is counted', 15, async () => (await algalon.value('algalon_import_lines_refused_total')) >= 1);
  });

  it('of one line of 100 MB is refused and the program lives on', { timeout: 120_000 }, async () => {
    const line = Buffer.alloc(100 << 20, 'x');
    const response = await fetch(`${algalon.api}/api/v1/import/prometheus`, { method: 'POST', body: line }).catch((error) => error);
    if (response.status) assert.ok([400, 413].includes(response.status), `${response.status}`);
    assert.equal((await algalon.import('still_here 1\n')).status, 204);
    assert.equal(await algalon.value('still_here'), 1);
    const rss = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${algalon.process.pid}/status`, 'utf8'))[1]);
    assert.ok(rss < 400_000, `peak memory ${rss} kB`);
  });

  it('queries that are wrong say where', async () => {
    const response = await fetch(`${algalon.api}/api/v1/query?query=${encodeURIComponent('sum(')}`);
    assert.equal(response.status, 400);
    const answer = await response.json();
    assert.equal(answer.errorType, 'bad_data');
    assert.match(answer.error, /1:\d+: parse error/);
  });
});

describe('a reload with a mistake', () => {
  it('leaves the users of the listeners as they were, and one without takes them', async () => {
    const dir = temporaryFolder();
    const hash = '$2b$04$/Q9lvMpBMMq1gRRIO.OlCOg.jl1XQThPxjlA4Lr6ZzlpQQmDJfeAq'; // of "word"
    const write = (user, scrape) => {
      fs.writeFileSync(path.join(dir, 'web.yml'), `basic_auth_users: {${user}: '${hash}'}\n`);
      fs.writeFileSync(path.join(dir, 'p.yml'), scrape);
    };
    write('me', 'scrape_configs: []\n');
    const algalon = await Algalon.start({ command: 'host', args: [`--web.config.file=${dir}/web.yml`, `--scrape-config=${dir}/p.yml`] });
    const ask = (where, user, target = '/api/v1/labels', method = 'GET') => fetch(`${where}${target}`, { method, headers: { Authorization: `Basic ${Buffer.from(`${user}:word`).toString('base64')}` } });
    const statuses = async (user) => [(await ask(algalon.api, user)).status, (await ask(algalon.web, user)).status];
    try {
      write('you', 'scrape_configs: {}\n');
      const answer = await ask(algalon.api, 'me', '/-/reload', 'POST');
      assert.equal(answer.status, 500);
      assert.match(await answer.text(), /p\.yml:1: /);
      assert.deepEqual([await statuses('me'), await statuses('you')], [[200, 200], [401, 401]]);
      write('you', 'scrape_configs: []\n');
      assert.equal((await ask(algalon.api, 'me', '/-/reload', 'POST')).status, 200);
      assert.deepEqual([await statuses('me'), await statuses('you')], [[401, 401], [200, 200]]);
    } finally {
      await algalon.stop();
    }
  });
});

describe('a broken dashboard file', () => {
  it('is listed with what is wrong, and the others work', async () => {
    const dir = temporaryFolder();
    fs.writeFileSync(path.join(dir, 'broken.json'), '{"uid": "broken",\n "title": ');
    fs.writeFileSync(path.join(dir, 'mine.json'), '{"uid": "mine", "title": "Mine", "panels": []}');
    const algalon = await Algalon.start({ command: 'host', args: [`--dashboards=${dir}`] });
    const list = await (await fetch(`${algalon.web}/api/dashboards`)).json();
    await algalon.stop();
    const all = list.dashboards ?? list;
    assert.ok(all.some((d) => d.uid === 'mine' && !d.error));
    const broken = all.find((d) => d.error);
    assert.match(broken.error, /broken\.json:2/);
  });
});
